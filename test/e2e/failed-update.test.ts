import { failed } from '../../local-aws/faults';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';
import { contraryVariants } from './variants';

jest.setTimeout(180_000);

const request: StackRequest = { stackName: 'FailedUpdate', keys: { Page: { scope: 'REGIONAL' } } };

describe.each(contraryVariants)('with the %s variants', (_, variants) => {
  let account: KeyAccount;

  beforeAll(async () => {
    account = await KeyAccount.open({ variants });
    await account.deploy(request, { tokenDomains: ['example.com'], quick: true });
  });

  afterAll(() => account.close());

  /** Runs an update that fails, and expects the stack to be on the very key that it had before. */
  async function expectRolledBack(
    update: () => Promise<{ exitCode: number; output: string }>,
    reason: string,
  ) {
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
    expect(outcomes()).toEqual(['ok']);
  });

  test('a new key that WAF refuses to create leaves the stack on its key', async () => {
    const message = 'too many API keys';
    account.aws.waf.faults.next('CreateAPIKey', failed(400, 'WAFLimitsExceededException', 'before', message));
    const update = () =>
      account.deploy(request, { tokenDomains: ['example.com', 'shop.example.com'], quick: true });
    await expectRolledBack(update, message);
    expect(outcomes()).toEqual(['ok', 'WAFLimitsExceededException']);
  });

  test('another resource that fails after the key was replaced returns the stack to the previous key', async () => {
    const tokenDomains = ['example.com', 'blog.example.com'];
    const update = () =>
      account.deploy({ ...request, refusedAfter: ['Page'] }, { tokenDomains, quick: true });
    await expectRolledBack(update, 'Value of 1 to 4096 characters');
    expect(outcomes()).toEqual(['ok', 'WAFLimitsExceededException', 'ok']);
  });

  function outcomes(): string[] {
    const creations = account.aws.waf.calls.filter(({ operation }) => operation === 'CreateAPIKey');
    return creations.map(({ outcome }) => outcome);
  }
});
