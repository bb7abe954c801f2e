import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { endRequested } from '../../local-aws/signals';
import { Account } from './account';
import { sightingsIn } from './assumptions';
import { openAws } from './engines/aws';
import type { Engine } from './engines/engine';
import { openLocalAws } from './engines/local-aws';
import { findPython, openMiniStack } from './engines/ministack';
import { type Options, optionsOf } from './options';
import { planFor } from './plan';
import { writeRecordings } from './recording';
import { report, stepLine } from './report';
import { runSuite } from './suite';
import { sweep } from './sweep';

/** Runs the suite on one engine and prints what it saw. */
async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2), process.env);
  if ('plan' in options) return console.log(planFor(options.scenarios, options.region));
  const signal = endRequested();
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const engine = await open(options, folder, signal);
    if (!engine) return console.log('ministack: skipped, no Python 3.12 or later was found');
    try {
      await run(engine, options, signal);
    } finally {
      await engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(engine: Engine, options: Options, signal: AbortSignal): Promise<void> {
  const confirm = (question: string) => confirmed(question, options.yes, signal);
  if (options.sweep) {
    const account = new Account(engine, signal);
    return sweep(account, confirm).finally(() => account.close());
  }
  if (engine.name === 'aws') await confirm(`${planFor(options.scenarios, options.region)}\n\nGo on?`);
  const { trials, leftovers } = await runSuite(engine, {
    scenarios: options.scenarios,
    signal,
    onStep: (trial, step) => console.log(stepLine(trial, step)),
  }).catch(error => {
    if (engine.name === 'aws') console.error('Stacks and keys may be left: run it again with --sweep.');
    throw error;
  });
  console.log(report(engine, trials, sightingsIn(trials)));
  if (options.record) {
    const files = await writeRecordings(options.record, trials);
    console.log(`\nRecorded: ${files.join(', ')}`);
  }
  const steps = trials.flatMap(trial => trial.steps);
  const count = (outcome: string) => steps.filter(step => step.outcome === outcome).length;
  const counts = ['passed', 'failed', 'skipped'].map(outcome => `${count(outcome)} ${outcome}`);
  console.log(`\nconformance on ${engine.name}: ${counts.join(', ')}`);
  for (const leftover of leftovers) console.log(`left behind: ${leftover}`);
  if (count('failed') + leftovers.length > 0) process.exitCode = 1;
}

async function open(
  { on, region }: Options,
  folder: string,
  signal: AbortSignal,
): Promise<Engine | undefined> {
  switch (on) {
    case 'local':
      return openLocalAws(folder, region);
    case 'aws':
      return openAws(folder, region);
    case 'ministack': {
      const python = await findPython();
      return python ? openMiniStack(folder, region, python, signal) : undefined;
    }
  }
}

async function confirmed(question: string, yes: boolean, signal: AbortSignal): Promise<void> {
  console.log(question);
  if (yes) return;
  if (!process.stdin.isTTY) throw new Error('expected a terminal to ask on, or --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('(yes/no) ', { signal }).finally(() => terminal.close());
  if (answer.trim() !== 'yes') throw new Error('nothing was done');
}

main().catch(error => {
  process.exitCode = 1;
  console.error(error instanceof Error ? error.message : error);
});
