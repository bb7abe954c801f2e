import { failed } from '../../local-aws/faults';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

const keys: StackRequest['keys'] = { Page: { scope: 'REGIONAL', tokenDomains: ['example.com'] } };

function outcomes() {
  return account.aws.waf.calls
    .filter(({ operation }) => operation !== 'ListAPIKeys')
    .map(({ operation, outcome }) => `${operation} ${outcome}`);
}

test('a key that WAF refuses to create fails the stack, which can be destroyed', async () => {
  const request = { stackName: 'RefusedKey', keys };
  const message = 'too many API keys';
  account.aws.waf.faults.next('CreateAPIKey', failed(400, 'WAFLimitsExceededException', 'before', message));
  const { exitCode, output } = await account.deploy(request, { quick: true });
  expect(exitCode).toBe(1);
  expect(output).toContain(message);
  expect(await account.describe(request)).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
  expect(outcomes()).toEqual(['CreateAPIKey WAFLimitsExceededException']);
  expect(await account.listKeys()).toEqual([]);

  expect((await account.destroy(request)).exitCode).toBe(0);
  expect(await account.describe(request)).toBeUndefined();
});

test('another resource that fails after the key was created has the key deleted', async () => {
  const request = { stackName: 'RefusedResource', keys, refusedAfter: ['Page'] };
  const before = outcomes().length;
  const { exitCode, output } = await account.deploy(request, { quick: true });
  expect(exitCode).toBe(1);
  expect(output).toContain('Value of 1 to 4096 characters');
  expect(await account.describe(request)).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
  expect(outcomes().slice(before)).toEqual(['CreateAPIKey ok', 'DeleteAPIKey ok']);
  expect(await account.listKeys()).toEqual([]);
});
