import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHarness, buildRivals } from '../handler/rivals';
import { type Request, Stage } from '../handler/stage';

export interface RivalDeployment {
  readonly seconds: number;
  readonly succeeded: number;
}

/** The handler of AwsCustomResource in real time, called for many keys at once in one process, under WAF's quota. */
export async function rivalDeployment(count: number): Promise<RivalDeployment> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-throughput-'));
  const { awsCustomResource } = await buildRivals(folder);
  const stage = await Stage.open(await buildHarness(folder));
  try {
    const startedAt = performance.now();
    const answers = await stage.performAtOnce(
      awsCustomResource,
      Array.from({ length: count }, createRequest),
    );
    const succeeded = answers.filter(({ Status }) => Status === 'SUCCESS').length;
    return { seconds: (performance.now() - startedAt) / 1000, succeeded };
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function createRequest(_: unknown, index: number): Request {
  const TokenDomains = [`shop${index}.example.com`];
  return { RequestType: 'Create', ResourceProperties: { Scope: 'REGIONAL', TokenDomains } };
}
