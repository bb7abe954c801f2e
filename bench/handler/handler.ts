import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from 'simple-statistics';
import { type Cell, fixed, table } from '../markdown';
import { nodeBinaries } from './node-binaries';
import { buildHarness, buildRivals, type Rival } from './rivals';
import { type Performance, Stage } from './stage';

const ROUNDS = 15;
const CREATE = {
  RequestType: 'Create',
  ResourceProperties: { Scope: 'REGIONAL', TokenDomains: ['example.com', 'shop.example.com'] },
} as const;

/** Size, cold start and memory of the handler, against its rivals. */
export async function measureHandler(rounds = ROUNDS): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-handler-'));
  try {
    const rivals = Object.values(await buildRivals(folder));
    const stage = await Stage.open(await buildHarness(folder), 'unlimited');
    const sections = [`Sizes\n\n${sizes(rivals)}`];
    for (const { version, path } of await nodeBinaries(folder)) {
      const times = await interleaved(stage, rivals, path, rounds);
      sections.push(`Cold starts on Node ${version}, medians of ${rounds} interleaved rounds\n\n${times}`);
    }
    await stage.close();
    return sections.join('\n\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sizes(rivals: readonly Rival[]): string {
  const rows = rivals.map(({ name, size, assetSize = size }) => [
    name,
    ...[size, assetSize].flatMap(({ bytes, zippedBytes }) => [
      fixed(bytes / 1000),
      fixed(zippedBytes / 1000),
    ]),
  ]);
  return table(['handler', 'loaded for a Create, KB', 'zipped', 'whole asset, KB', 'zipped'], rows);
}

async function interleaved(
  stage: Stage,
  rivals: readonly Rival[],
  node: string,
  rounds: number,
): Promise<string> {
  const measured = new Map<Rival, Performance[]>(rivals.map(rival => [rival, []]));
  // the first round only warms the file system's cache
  for (let round = 0; round <= rounds; round += 1) {
    for (const [rival, performances] of measured) {
      const performance = await stage.perform(rival, CREATE, node);
      if (round > 0) performances.push(performance);
    }
  }
  return comparison([...measured]);
}

function comparison(measured: readonly (readonly [Rival, readonly Performance[]])[]): string {
  const summaries = measured.map(([{ name }, performances]) => ({ name, ...summaryOf(performances) }));
  const ours = summaries.find(({ name }) => name === '**ours**');
  const rows = summaries.map(({ name, bootAndInit, initAndCreate, cpu, memory }): Cell[] => [
    name,
    fixed(bootAndInit),
    ratio(ours?.bootAndInit, bootAndInit),
    fixed(initAndCreate),
    name === 'empty' ? '–' : ratio(ours?.initAndCreate, initAndCreate),
    fixed(cpu),
    name === 'empty' ? '–' : ratio(ours?.cpu, cpu),
    fixed(memory, 0),
  ]);
  const heads = [
    'handler',
    'boot + init, ms',
    'ratio',
    'init + Create, ms',
    'ratio',
    'its CPU, ms',
    'ratio',
    'RSS, MB',
  ];
  return table(heads, rows);
}

function summaryOf(performances: readonly Performance[]) {
  const middle = (value: (performance: Performance) => number) => median(performances.map(value));
  return {
    bootAndInit: middle(({ bootMs, initMs }) => bootMs + initMs),
    initAndCreate: middle(({ initMs, workMs }) => initMs + workMs),
    cpu: middle(({ cpuMs }) => cpuMs),
    memory: middle(({ maximumRssMb }) => maximumRssMb),
  };
}

function ratio(ours: number | undefined, other: number): string {
  return ours === undefined ? '–' : fixed(ours / other, 2);
}
