import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from 'simple-statistics';
import { type Cell, fixed, table } from '../markdown';
import { type AddKeys, appOf, ways } from './apps';

const ROUNDS = 5;
/** Stacks and keys in each of them. */
const SHAPES = [
  [1, 1],
  [1, 10],
  [1, 100],
  [1, 500],
  [100, 1],
] as const;

interface Template {
  readonly resources: number;
  readonly bytes: number;
}

/** What keys cost in the template and at synthesis. */
export async function measureTemplate(rounds = ROUNDS): Promise<string> {
  // the App's own check of its templates takes seconds, and the same whatever made them
  process.env.CDK_VALIDATION = 'false';
  return [
    `Template\n\n${templates()}`,
    `Synthesis, ms: medians of ${rounds} interleaved rounds in one process, with the ratio of our time to each\n\n${syntheses(rounds)}`,
  ].join('\n\n');
}

function templates(): string {
  const rows = Object.entries(ways).map(([name, add]) => {
    const [none, one, two] = [0, 1, 2].map(keys => templateOf(add, keys));
    if (!none || !one || !two) throw new Error('expected three templates');
    const key = { resources: two.resources - one.resources, bytes: two.bytes - one.bytes };
    return [name, one.resources - key.resources, key.resources, one.bytes - key.bytes, key.bytes];
  });
  const heads = ['way', 'resources per stack', 'and per key', 'bytes per stack', 'and per key'];
  return table(heads, rows);
}

function templateOf(add: AddKeys, keys: number): Template {
  return inFolder(folder => {
    const { template } = appOf(add, 1, keys, folder).synth().getStackByName('Stack0');
    const { Resources = {} } = template;
    return { resources: Object.keys(Resources).length, bytes: JSON.stringify(Resources).length };
  });
}

function syntheses(rounds: number): string {
  const cells = SHAPES.map(([stacks, keys]) => timesOf(stacks, keys, rounds));
  const rows = Object.keys(ways).map((name): Cell[] => [name, ...cells.map(column => column[name] ?? '–')]);
  const heads = SHAPES.map(([stacks, keys]) => `${counted(stacks, 'stack')}, ${counted(keys, 'key')} each`);
  return table(['way', ...heads], rows);
}

function timesOf(stacks: number, keys: number, rounds: number): Record<string, string> {
  const times = new Map<string, number[]>();
  // the first round only warms the code up
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, add] of Object.entries(ways)) {
      const time = synthesisTime(add, stacks, keys);
      if (round > 0) times.set(name, [...(times.get(name) ?? []), time]);
    }
  }
  const ours = median(times.get('**ours**') ?? []);
  const cells = [...times].map(([name, all]) => {
    const middle = median(all);
    return [name, `${fixed(middle)} (${fixed(ours / middle, 2)})`];
  });
  return Object.fromEntries(cells);
}

function synthesisTime(add: AddKeys, stacks: number, keys: number): number {
  return inFolder(folder => {
    const startedAt = performance.now();
    appOf(add, stacks, keys, folder).synth();
    return performance.now() - startedAt;
  });
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bench-template-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
