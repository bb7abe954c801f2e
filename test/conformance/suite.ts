import { Account } from './account';
import type { Engine } from './engines/engine';
import { newRun, type RunNames } from './names';
import type { ObserverRequest } from './request';
import { type Scenario, type Step, Trial } from './trial';

const SIDE_BY_SIDE = 4;

export interface SuiteOptions {
  readonly scenarios: readonly Scenario[];
  readonly signal: AbortSignal;
  readonly onStep: (trial: Trial, step: Step) => void;
}

/** Runs scenarios on an engine, several at a time, each with stacks of its own. */
export async function runSuite(engine: Engine, options: SuiteOptions): Promise<readonly Trial[]> {
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
    if (exitCode !== 0) throw new Error(`expected the observer's stack to be created, got\n${output}`);
    await sideBySide(trials, trial => trial.run());
    await tidy(account, names, observer);
    return trials;
  } finally {
    account.close();
  }
}

async function tidy(account: Account, names: RunNames, observer: ObserverRequest): Promise<void> {
  // local engines forget everything anyway
  if (account.engine.name === 'aws') await account.forgetObservations(names.observer);
  const { exitCode, output } = await account.destroy(observer);
  if (exitCode !== 0) throw new Error(`expected the observer's stack to be destroyed, got\n${output}`);
  const left = await account.keysWith(domains => domains.some(domain => domain.endsWith(names.domain)));
  if (left.length > 0) throw new Error(`expected no key of this run to be left, got ${left.length}`);
}

async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}
