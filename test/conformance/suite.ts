import { Account } from './account';
import type { Engine } from './engines/engine';
import { newRun, type RunNames } from './names';
import type { ObserverRequest } from './request';
import { endOf, type Scenario, type Step, Trial } from './trial';

const SIDE_BY_SIDE = 4;

export interface SuiteOptions {
  readonly scenarios: readonly Scenario[];
  readonly signal: AbortSignal;
  readonly onStep: (trial: Trial, step: Step) => void;
}

export interface SuiteResult {
  readonly trials: readonly Trial[];
  /** What was left of the run, and why. */
  readonly leftovers: readonly string[];
}

/** Runs scenarios on an engine, several at a time, each with stacks of its own. */
export async function runSuite(engine: Engine, options: SuiteOptions): Promise<SuiteResult> {
  const { scenarios, signal, onStep } = options;
  const account = new Account(engine, signal);
  const names = newRun();
  const trials = scenarios.map(scenario => new Trial(account, names, scenario, onStep));
  const observer: ObserverRequest = {
    kind: 'observer',
    stackName: names.observer,
    observer: names.observer,
  };
  try {
    const { exitCode, output } = await account.deploy(observer);
    if (exitCode !== 0) throw new Error(`expected the observer's stack to be created, got\n${endOf(output)}`);
    await sideBySide(trials, trial => trial.run());
    return { trials, leftovers: await tidy(account, names, observer) };
  } finally {
    account.close();
  }
}

async function tidy(account: Account, names: RunNames, observer: ObserverRequest): Promise<string[]> {
  // local engines forget everything anyway
  if (account.engine.name === 'aws') await account.forgetObservations(names.observer);
  const { exitCode, output } = await account.destroy(observer);
  const stacks = await account.stackNames(names.stackPrefix);
  const keys = await account.keysWith(domains => domains.some(domain => domain.endsWith(names.domain)));
  return [
    ...(exitCode === 0 ? [] : [`cdk destroy of the observer failed:\n${endOf(output)}`]),
    ...stacks.map(name => `the stack ${name}`),
    ...keys.map(({ scope, tokenDomains }) => `a ${scope} key for ${tokenDomains.join(', ')}`),
  ];
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}
