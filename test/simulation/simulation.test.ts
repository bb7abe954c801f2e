import fc from 'fast-check';
import type { PromiseName } from './account';
import { GUARDS, withoutGuard } from './guards/guards';
import type { CreateHandler } from './handler-environment';
import { type History, histories } from './history';
import { naiveHandler } from './naive-handler';
import { runHistory } from './run-history';

// errors are part of the game, and nobody reads where they come from
Error.stackTraceLimit = 0;

const RUNS_PER_SEED = 60;
// fresh ones are for `npm run simulate`, which has the time to shrink and to replay
const FIXED_SEEDS = [1, 2];

describe('the library keeps its promises in every history', () => {
  test.each(FIXED_SEEDS)(
    'from the seed %i',
    async seed => {
      const result = await check(seed);
      expect(result).toBe(`${RUNS_PER_SEED} histories of seed ${seed} keep the promises`);
    },
    120_000,
  );
});

test('a history is the same in every run', async () => {
  const [history] = fc.sample(histories(), { seed: 11, numRuns: 1 });
  const course = async () => {
    const lines: string[] = [];
    if (history) await runHistory(history, undefined, lines);
    return lines;
  };
  const first = await course();
  expect(first.length).toBeGreaterThan(100);
  expect(await course()).toEqual(first);
});

describe('the simulation sees', () => {
  /** The promises that a handler breaks, in as many histories as it takes to see all that are wanted, or in all. */
  const broken = async (handler: CreateHandler, numRuns: number, wanted?: readonly PromiseName[]) => {
    const promises = new Set<PromiseName>();
    for (const history of fc.sample(histories(), { seed: 1, numRuns })) {
      const { violations } = await runHistory(history, handler);
      for (const { promise } of violations) promises.add(promise);
      if (wanted?.every(promise => promises.has(promise))) break;
    }
    return [...promises].sort();
  };

  test('that a naive handler loses the former key and leaves keys behind', async () => {
    const promises: PromiseName[] = ['clean', 'restored'];
    expect(await broken(naiveHandler, 200, promises)).toEqual(expect.arrayContaining(promises));
  }, 60_000);

  test('that a handler which answers nothing is stuck', async () => {
    expect(await broken(() => async () => undefined, 20)).toEqual(['live']);
  }, 60_000);
});

test.each(GUARDS)('the guard of $promise, "$keeps", can be removed', guard => {
  expect(withoutGuard(guard, 'lambda').source).toContain(guard.without ?? '');
});

/** Runs the histories of a seed; tells how to replay the first that breaks a promise, and its course. */
async function check(seed: number): Promise<string> {
  const keepsThePromises = fc.asyncProperty(histories(), async history => {
    const { violations } = await runHistory(history);
    return violations.length === 0;
  });
  const details = await fc.check(keepsThePromises, {
    seed,
    numRuns: RUNS_PER_SEED,
    // the histories take seconds, but to shrink one may take minutes
    interruptAfterTimeLimit: 90_000,
  });
  const [counterexample] = details.counterexample ?? [];
  if (!counterexample) return `${RUNS_PER_SEED} histories of seed ${seed} keep the promises`;
  return `npm run simulate -- --seed ${seed} --path ${details.counterexamplePath}\n${await course(counterexample)}`;
}

async function course(history: History): Promise<string> {
  const lines = [JSON.stringify(history)];
  await runHistory(history, undefined, lines).catch(error => lines.push(String(error)));
  return lines.join('\n');
}
