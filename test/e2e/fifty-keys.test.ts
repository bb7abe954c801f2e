import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

const ids = Array.from({ length: 50 }, (_, index) => `Key${index}`);
const request: StackRequest = {
  stackName: 'FiftyKeys',
  keys: Object.fromEntries(
    ids.map((id, index) => [id, { scope: 'REGIONAL', tokenDomains: [`shop-${index}.example.com`] }]),
  ),
  refusedAfter: ['Key25'],
};

test('fifty keys leave none behind when a resource that depends on one of them fails', async () => {
  const { exitCode, output } = await account.deploy(request, { quick: true });

  expect(exitCode).toBe(1);
  expect(output).toContain('Value of 1 to 4096 characters');
  expect(await account.describe(request)).toMatchObject({ status: 'ROLLBACK_COMPLETE' });
  expect(account.aws.waf.keys()).toEqual([]);
  const made = account.aws.waf.calls.filter(
    ({ operation, effect }) => operation === 'CreateAPIKey' && effect,
  );
  expect(made.length).toBeGreaterThan(0);
});
