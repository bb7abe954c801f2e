import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHarness, buildRivals, type Rival } from '../handler/rivals';
import { type Performance, type Request, Stage } from '../handler/stage';
import { table } from '../markdown';
import { type Outcome, ThroughputAccount } from '../throughput/account';

const BEFORE = { Scope: 'REGIONAL', TokenDomains: ['example.com'] };
const AFTER = { Scope: 'REGIONAL', TokenDomains: ['example.com', 'shop.example.com'] };
// CloudFormation sends no event for a resource whose properties are the same
const NO_CHANGE = 'none';

/** The API calls of one key's deployments: ours under an engine, its rivals' from events made by hand. */
export async function measureCalls(): Promise<string> {
  const { cells, rollback } = await lifeOfOurs();
  const heads = ['way', 'create', 'no change', 'replacement', 'delete'];
  const rows = [['**ours**', ...cells], ...(await livesOfRivals())];
  return `${table(heads, rows)}\n\nOurs rolls back a replacement in ${rollback}.`;
}

async function lifeOfOurs(): Promise<{ cells: string[]; rollback: string }> {
  const account = new ThroughputAccount(1, { seed: 1, refusedCallsCount: false, isPrompt: true });
  const created = await account.create();
  const rolledBack = await account.rollBack();
  const replaced = await account.update();
  const deleted = await account.delete();
  const callsOf = ({ calls }: Outcome) => listed(calls.accepted);
  return {
    cells: [callsOf(created), NO_CHANGE, callsOf(replaced), callsOf(deleted)],
    rollback: callsOf(rolledBack),
  };
}

async function livesOfRivals(): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-calls-'));
  try {
    const { awsCustomResource, providerFramework } = await buildRivals(folder);
    const stage = await Stage.open(await buildHarness(folder), 'unlimited');
    const rows: string[][] = [];
    for (const rival of [awsCustomResource, providerFramework]) {
      rows.push([rival.name, ...(await lifeOfKey(stage, rival))]);
    }
    await stage.close();
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lifeOfKey(stage: Stage, rival: Rival): Promise<string[]> {
  const perform = async (request: Request) => {
    const performance = await stage.perform(rival, request, process.execPath);
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
  const callsOf = (...performances: Performance[]) => listed(performances.flatMap(({ calls }) => calls));
  return [callsOf(created), NO_CHANGE, callsOf(replaced, removed), callsOf(deleted)];
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

/** How many calls, and which: `2: List, Create`. */
function listed(calls: readonly string[]): string {
  const short = calls.map(call => call.replace(/^\w+ /, '').replace(/^(\w+?)APIKeys?$/, '$1'));
  return `${calls.length}: ${short.join(', ')}`;
}
