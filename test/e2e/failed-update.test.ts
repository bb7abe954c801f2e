import { failed } from '../../local-aws/faults';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(90_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
  await account.deploy(request, { tokenDomains: ['example.com'], quick: true });
});

afterAll(() => account.close());

const request: StackRequest = { stackName: 'FailedUpdate', keys: { Page: { scope: 'REGIONAL' } } };

/** Runs an update that fails, and expects the stack to be on the very key that it had before. */
async function expectRolledBack(update: () => Promise<{ exitCode: number; output: string }>, reason: string) {
  const before = await account.describe(request);
  const keys = await account.listKeys();
  expect(keys).toEqual([{ apiKey: before?.outputs.PageAPIKey, tokenDomains: ['example.com'] }]);
  const { exitCode, output } = await update();
  expect(exitCode).toBe(1);
  expect(output).toContain(reason);
  expect(await account.describe(request)).toEqual({
    status: 'UPDATE_ROLLBACK_COMPLETE',
    outputs: before?.outputs,
  });
  expect(await account.listKeys()).toEqual(keys);
}

test('domains that the handler refuses leave the stack on its key', async () => {
  const update = () =>
    account.deploy(request, { tokenDomains: ['example.com', 'https://shop.example.com'], quick: true });
  await expectRolledBack(update, 'got "https://shop.example.com": it has a scheme');
  expect(made()).toBe(1);
});

test('a new key that WAF then fails to describe goes again, and the stack stays on its key', async () => {
  const message = 'the operation is not valid now';
  account.aws.waf.faults.next(
    'GetDecryptedAPIKey',
    failed(400, 'WAFInvalidOperationException', 'before', message),
  );
  const update = () =>
    account.deploy(request, { tokenDomains: ['example.com', 'shop.example.com'], quick: true });
  await expectRolledBack(update, message);
  expect(made()).toBe(2);
});

test('another resource that fails after the key was replaced takes the stack back to the former key', async () => {
  const tokenDomains = ['example.com', 'blog.example.com'];
  const update = () => account.deploy({ ...request, refusedAfter: ['Page'] }, { tokenDomains, quick: true });
  await expectRolledBack(update, 'Value of 1 to 4096 characters');
  expect(made()).toBe(3);
});

function made(): number {
  return account.aws.waf.calls.filter(({ operation }) => operation === 'CreateAPIKey').length;
}
