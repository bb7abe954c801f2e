import fc from 'fast-check';
import { GUARDS, sourceWithout } from './guards/guards';
import type { CreateHandler } from './handler-environment';
import { type History, histories } from './history';
import { naiveHandler } from './naive-handler';
import { runHistory } from './run-history';

// errors are part of the game, and nobody reads where they come from
Error.stackTraceLimit = 0;

const RUNS_PER_SEED = 250;
const FIXED_SEEDS = [1, 2, 3, 4, 5, 6, 7];
const FRESH_SEED = Math.floor(Math.random() * 2 ** 31);

describe('the library keeps its promise in every history', () => {
  beforeAll(() => {
    process.stdout.write(`simulation: the fresh seed is ${FRESH_SEED}\n`);
  });

  test.each([...FIXED_SEEDS, FRESH_SEED])(
    'from the seed %i',
    async seed => {
      const result = await check(seed);
      expect(result).toBe(`${RUNS_PER_SEED} histories of seed ${seed} keep the rules`);
    },
    120_000,
  );
});

describe('a history', () => {
  const [history] = fc.sample(histories(), { seed: 11, numRuns: 1 });
  const trace = async (withSdk: boolean) => {
    const lines: string[] = [];
    if (history) {
      const conditions = { ...history.conditions, withSdk };
      await runHistory({ ...history, conditions }, undefined, lines);
    }
    return lines;
  };

  test('is the same in every run', async () => {
    const first = await trace(false);
    expect(first.length).toBeGreaterThan(100);
    expect(await trace(false)).toEqual(first);
  });

  test('is the same with the clients of the SDK and with those that stand in for them', async () => {
    expect(withoutErrorNames(await trace(true))).toEqual(withoutErrorNames(await trace(false)));
  });
});

describe('the simulation sees', () => {
  const broken = async (handler: CreateHandler) => {
    const rules = new Set<number>();
    for (const history of fc.sample(histories(), { seed: 1, numRuns: 40 })) {
      const { violations } = await runHistory(history, handler);
      for (const { rule } of violations) rules.add(rule);
    }
    return [...rules].sort();
  };

  test('that a naive handler loses the former key and leaves keys behind', async () => {
    expect(await broken(naiveHandler)).toEqual(expect.arrayContaining([3, 4]));
  });

  test('that a handler which answers nothing is stuck', async () => {
    expect(await broken(() => async () => undefined)).toEqual([5]);
  });
});

test.each(GUARDS)('the guard of rule $rule, "$keeps", can be taken away', guard => {
  expect(sourceWithout(guard, 'lambda')).not.toContain(guard.line);
});

/** Runs the histories of a seed; tells how to replay the first that breaks a rule, and its course. */
async function check(seed: number): Promise<string> {
  const keepsTheRules = fc.asyncProperty(histories(), async history => {
    const { violations } = await runHistory(history);
    return violations.length === 0;
  });
  const details = await fc.check(keepsTheRules, {
    seed,
    numRuns: RUNS_PER_SEED,
    // the histories take seconds, but to shrink one may take minutes
    interruptAfterTimeLimit: 90_000,
  });
  const [counterexample] = details.counterexample ?? [];
  if (!counterexample) return `${RUNS_PER_SEED} histories of seed ${seed} keep the rules`;
  return `npm run simulate -- --seed ${seed} --path ${details.counterexamplePath}\n${await course(counterexample)}`;
}

async function course(history: History): Promise<string> {
  const lines = [JSON.stringify(history)];
  await runHistory(history, undefined, lines).catch(error => lines.push(String(error)));
  return lines.join('\n');
}

// an error that the SDK does not know is called otherwise there, and its text shows in the log
function withoutErrorNames(lines: readonly string[]): string[] {
  return lines.filter(line => !line.includes(' log '));
}
