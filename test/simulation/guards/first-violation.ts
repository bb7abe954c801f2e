import fc from 'fast-check';
import { histories } from '../history';
import { runHistory } from '../run-history';

Error.stackTraceLimit = 0;

/** Runs histories until one breaks a promise; prints how many it took, and what happened. */
async function untilBroken(promise: string, seed: number, numRuns: number): Promise<void> {
  let count = 0;
  let text: string | undefined;
  const keepsThePromise = fc.asyncProperty(histories(), async history => {
    count += 1;
    const { violations } = await runHistory(history);
    text = violations.find(violation => violation.promise === promise)?.text;
    return text === undefined;
  });
  await fc.check(keepsThePromise, { seed, numRuns, endOnFailure: true });
  const named = text?.replace(/arn:\S+:stack\/(\w+)\S*/g, '$1');
  console.log(named === undefined ? `not broken in ${count} histories` : `broken after ${count}: ${named}`);
  process.exitCode = named === undefined ? 1 : 0;
}

const [promise = '', seed, runs] = process.argv.slice(2);
void untilBroken(promise, Number(seed), Number(runs));
