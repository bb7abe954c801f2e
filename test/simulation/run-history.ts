import { createHandler as libraryHandler } from '../../lambda/handler';
import { Account, type Violation } from './account';
import type { CreateHandler } from './handler-environment';
import type { History } from './history';
import { checkLeftovers } from './leftovers';
import { StackUser } from './stack-user';

export interface Outcome {
  readonly violations: readonly Violation[];
  /** How often something happened that the design names as an exception. */
  readonly exceptions: ReadonlyMap<string, number>;
  readonly stacks: number;
  readonly requests: number;
  readonly invocations: number;
}

/** Plays a history from the first deployment to the last deletion, and checks the promises at each step. */
export async function runHistory(
  history: History,
  createHandler: CreateHandler = libraryHandler,
  lines?: string[],
): Promise<Outcome> {
  const account = new Account(history, createHandler, lines);
  const users = history.stacks.map((story, index) => new StackUser(account, story, `stack${index}`));
  const live = async () => {
    await Promise.all(users.map(user => user.play()));
    await account.lambda.quiet();
    account.troubles.end();
    await Promise.all(users.map(user => user.leave()));
    await account.lambda.quiet();
  };
  await account.clock.run(live());
  checkLeftovers(account);
  return {
    violations: account.violations,
    exceptions: account.exceptions,
    stacks: account.cloudFormation.engine.stacks.length,
    requests: account.lambda.sent.length,
    invocations: account.ledger.invocations.length,
  };
}
