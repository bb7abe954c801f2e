import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { type Account, until } from './account';
import { ANY_STACK_PREFIX, isKeyOfAnyRun } from './names';

const DELETION_MS = 30 * 60_000;

/** Deletes what broken runs left: their stacks, then keys with domains of a run. */
export async function sweep(account: Account, confirm: (question: string) => Promise<void>): Promise<void> {
  const names = await account.stackNames(ANY_STACK_PREFIX);
  const found = await account.keysWith(isKeyOfAnyRun);
  if (names.length === 0 && found.length === 0) return console.log('No run has left anything.');
  const keys = found.map(({ scope, tokenDomains }) => `  a ${scope} key for ${tokenDomains.join(', ')}`);
  const stacks = names.map(name => `  the stack ${name}`);
  await confirm(
    [`Found, perhaps of a run that still goes on:`, ...stacks, ...keys, 'Delete all of it?'].join('\n'),
  );
  // the function of an observer is needed until the last stack with a twin is gone
  const observers = names.filter(name => name.endsWith('-observer'));
  await deleteStacks(
    account,
    names.filter(name => !observers.includes(name)),
  );
  for (const observer of observers) await account.forgetObservations(observer);
  await deleteStacks(account, observers);
  // the deletion of a stack deletes its keys
  for (const key of await account.keysWith(isKeyOfAnyRun)) await account.deleteKey(key);
  console.log(`Deleted ${names.length} stacks and the keys.`);
}

async function deleteStacks(account: Account, names: readonly string[]): Promise<void> {
  for (const name of names) await account.cloudFormation.send(new DeleteStackCommand({ StackName: name }));
  for (const name of names) {
    await until(`${name} to be gone`, DELETION_MS, account.signal, async () => {
      const { StackStatus } = (await account.describe(name)) ?? {};
      if (StackStatus === 'DELETE_FAILED')
        throw new Error(`expected ${name} to be deleted, got DELETE_FAILED`);
      return StackStatus === undefined;
    });
  }
}
