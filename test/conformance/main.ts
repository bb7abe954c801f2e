import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { endRequested } from '../../local-aws/signals';
import { Account } from './account';
import { sightingsIn } from './assumptions';
import { openAws } from './engines/aws';
import { ENGINES, type Engine, type EngineName } from './engines/engine';
import { openLocalAws } from './engines/local-aws';
import { findPython, openMiniStack } from './engines/ministack';
import { ANY_STACK_PREFIX } from './names';
import { planFor } from './plan';
import { writeRecordings } from './recording';
import { report, stepLine } from './report';
import { SCENARIOS } from './scenarios';
import { runSuite } from './suite';
import { sweep } from './sweep';
import type { Scenario } from './trial';

const USAGE = `npm run conformance -- [--on local|ministack|aws] [--region REGION] [--only SCENARIO,…] [--record FOLDER]
                       [--plan | --sweep] [--yes]`;

interface Options {
  readonly on: EngineName;
  readonly region: string;
  readonly scenarios: readonly Scenario[];
  readonly record?: string;
  readonly plan: boolean;
  readonly sweep: boolean;
  readonly yes: boolean;
}

/** Runs the suite on one engine and prints what it saw. */
async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  if (options.plan) return console.log(planOf(options));
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
  if (engine.name === 'aws') await confirm(`${planOf(options)}\n\nGo on?`);
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

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      on: { type: 'string', default: 'local' },
      region: { type: 'string' },
      only: { type: 'string' },
      record: { type: 'string' },
      plan: { type: 'boolean', default: false },
      sweep: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
    },
  });
  const on = ENGINES.find(name => name === values.on);
  if (!on) throw new Error(`--on: expected ${ENGINES.join(', ')}, got ${values.on}\n${USAGE}`);
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  const region = on === 'aws' ? (values.region ?? AWS_REGION ?? AWS_DEFAULT_REGION) : 'us-east-1';
  if (!region) throw new Error(`--region: expected a Region, got none\n${USAGE}`);
  return { ...values, on, region, scenarios: scenariosOf(values.only) };
}

function scenariosOf(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS;
  return only.split(',').map(name => {
    const scenario = SCENARIOS.find(one => one.name === name);
    if (scenario) return scenario;
    throw new Error(`--only: expected ${SCENARIOS.map(one => one.name).join(', ')}, got ${name}`);
  });
}

function planOf({ region, scenarios }: Options): string {
  return planFor(region, scenarios, ANY_STACK_PREFIX);
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
