import '../without-node-warning';
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { type History, histories } from './history';
import { type Outcome, runHistory } from './run-history';

// errors are part of the game, and nobody reads where they come from
Error.stackTraceLimit = 0;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    path: { type: 'string' },
    workers: { type: 'string', default: '1' },
  },
});
const runs = Number(values.runs);
const workers = Number(values.workers);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const exceptions = new Map<string, number>();
const totals = { histories: 0, stacks: 0, requests: 0, invocations: 0 };
const startedAt = performance.now();

/** Divides the histories among processes, each with a seed of its own. */
function divide(): void {
  for (let worker = 0; worker < workers; worker += 1) {
    const share = ['--seed', String(seed + worker), '--runs', String(Math.ceil(runs / workers))];
    const child = spawn(process.execPath, [...process.execArgv, __filename, ...share], { stdio: 'inherit' });
    child.on('exit', code => {
      process.exitCode ||= code ?? 1;
    });
  }
}

/** Runs as many histories as asked for; stops at the first that breaks a promise, and shrinks it. */
async function simulate(): Promise<void> {
  console.log(`seed ${seed}`);
  const property = fc.asyncProperty(histories(), async history => {
    const outcome = await runHistory(history);
    count(outcome);
    return outcome.violations.length === 0;
  });
  const details = await fc.check(property, { seed, path: values.path, numRuns: runs });
  report();
  if (!details.failed) return;
  process.exitCode = 1;
  if (details.counterexample) await show(details.counterexample[0]);
  if (details.errorInstance instanceof Error) console.log(details.errorInstance.stack);
  console.log(`replay: npm run simulate -- --seed ${seed} --path ${details.counterexamplePath}`);
}

async function show(history: History): Promise<void> {
  const lines: string[] = [];
  console.log(JSON.stringify(history, undefined, 1));
  // an error of the simulation itself has been told already
  const outcome = await runHistory(history, undefined, lines).catch(() => undefined);
  for (const line of lines) console.log(line);
  for (const { promise, text } of outcome?.violations ?? []) console.log(`${promise}: ${text}`);
}

function count(outcome: Outcome): void {
  totals.histories += 1;
  totals.stacks += outcome.stacks;
  totals.requests += outcome.requests;
  totals.invocations += outcome.invocations;
  for (const [name, times] of outcome.exceptions) exceptions.set(name, (exceptions.get(name) ?? 0) + times);
  if (totals.histories % 5000 === 0) report();
}

function report(): void {
  const seconds = (performance.now() - startedAt) / 1000;
  const speed = (totals.histories / seconds).toFixed(0);
  console.log(
    `${totals.histories} histories of seed ${seed}, ${totals.stacks} stacks, ${totals.requests} requests and ${totals.invocations} invocations in ${seconds.toFixed(0)} s, ${speed} histories a second`,
  );
  for (const [name, times] of [...exceptions].sort()) console.log(`  ${String(times).padStart(7)} ${name}`);
}

if (workers > 1) divide();
else void simulate();
