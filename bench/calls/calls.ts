import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHarness, buildRivals, type Rival } from '../handler/rivals';
import { type Performance, type Request, Stage } from '../handler/stage';
import { table } from '../markdown';

const BEFORE = { Scope: 'REGIONAL', TokenDomains: ['example.com'] };
const AFTER = { Scope: 'REGIONAL', TokenDomains: ['example.com', 'shop.example.com'] };
/** Long enough for ours to see that CloudFormation has recorded its key. */
const LINGER_MS = 3000;

/** The API calls of one key's deployments. CloudFormation's events are made by hand, in its order. */
export async function measureCalls(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-calls-'));
  try {
    const { ours, awsCustomResource, providerFramework } = await buildRivals(folder);
    const stage = await Stage.open(await buildHarness(folder), 'unlimited');
    const rows: string[][] = [];
    for (const rival of [ours, awsCustomResource, providerFramework]) {
      rows.push([rival.name, ...(await lifeOfKey(stage, rival))]);
    }
    await stage.close();
    return table(['way', 'create', 'no change', 'replacement', 'delete'], rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lifeOfKey(stage: Stage, rival: Rival): Promise<string[]> {
  const perform = async (request: Request) => {
    const performance = await stage.perform(rival, request, process.execPath, LINGER_MS);
    if (performance.answer?.Status !== 'SUCCESS') {
      throw new Error(`${rival.name}: expected a SUCCESS, got ${JSON.stringify(performance.answer)}`);
    }
    return performance;
  };
  const created = await perform({ RequestType: 'Create', ResourceProperties: BEFORE });
  const replaced = await perform({
    RequestType: 'Update',
    PhysicalResourceId: idOf(created),
    ResourceProperties: AFTER,
    OldResourceProperties: BEFORE,
  });
  const removed = await perform(deletionOf(created, BEFORE));
  const deleted = await perform(deletionOf(replaced, AFTER));
  // CloudFormation sends no event for a resource whose properties are the same
  const noChange = 'none';
  return [listed(created), noChange, listed(replaced, removed), listed(deleted)];
}

function deletionOf(performance: Performance, properties: object): Request {
  return {
    RequestType: 'Delete',
    PhysicalResourceId: idOf(performance),
    ResourceProperties: properties,
  };
}

function idOf({ answer }: Performance): string {
  return answer?.PhysicalResourceId ?? '';
}

/** How many calls, and which: `3: List, Create, GetDecrypted`. */
function listed(...performances: readonly Performance[]): string {
  const calls = performances.flatMap(({ calls }) => calls);
  const short = calls.map(call => call.replace(/^wafv2 (\w+?)APIKeys?$/, '$1').replace(/^\w+ /, ''));
  return `${calls.length}: ${short.join(', ')}`;
}
