import { failed } from '../../local-aws/faults';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;
let first: string | undefined;

beforeAll(async () => {
  account = await KeyAccount.open();
  first = (await account.deploy(rotated('1'), { quick: true })).outputs.PageAPIKey;
});

afterAll(() => account.close());

function rotated(rotation: string, isRefused = false): StackRequest {
  return {
    stackName: 'ContinuedRollback',
    keys: { Page: { scope: 'REGIONAL', tokenDomains: ['example.com'], rotation } },
    ...(isRefused && { refusedAfter: ['Page'] }),
  };
}

async function state() {
  const { status, outputs } = (await account.describe(rotated(''))) ?? {};
  return { status, apiKey: outputs?.PageAPIKey, keys: await account.liveKeys() };
}

/** Replaces the first key in a deployment whose rollback fails too, and resolves to the new key. */
async function failToRollBack(): Promise<string | undefined> {
  const { waf } = account.aws;
  const created = waf.calls.filter(isCreation).length;
  const restore = waf.faults.when(({ operation }) => {
    const isRollback = waf.calls.filter(isCreation).length > created;
    return operation === 'ListAPIKeys' && isRollback
      ? failed(400, 'WAFInvalidOperationException', 'before')
      : undefined;
  });
  expect((await account.deploy(rotated('2', true), { quick: true })).exitCode).toBe(1);
  restore();
  const { status, keys } = await state();
  expect(status).toBe('UPDATE_ROLLBACK_FAILED');
  expect(keys).toEqual([first, expect.any(String)]);
  return keys[1];
}

function isCreation({ operation }: { readonly operation: string }): boolean {
  return operation === 'CreateAPIKey';
}

// the second test goes on from the stack of the first
test('a rollback that is continued ends on the previous key, and the new one is deleted', async () => {
  await failToRollBack();
  await account.continueRollback(rotated('2'));
  expect(await state()).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', apiKey: first, keys: [first] });
});

test('a key that is skipped stays in use, later rollbacks return to it, and it is deleted with the stack', async () => {
  const skipped = await failToRollBack();
  await account.continueRollback(rotated('2'), ['Page']);
  const after = await state();
  expect(after).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', apiKey: skipped, keys: [first, skipped] });

  expect((await account.deploy(rotated('3', true), { quick: true })).exitCode).toBe(1);
  expect(await state()).toEqual(after);

  await account.destroy(rotated('3'));
  expect(await account.liveKeys()).toEqual([first]);
});
