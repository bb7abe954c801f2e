import { failed } from '../../local-aws/faults';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';
import { contraryVariants } from './variants';

jest.setTimeout(180_000);

function rotated(rotation: string, isRefused = false): StackRequest {
  return {
    stackName: 'DisabledRollback',
    keys: { Page: { scope: 'REGIONAL', tokenDomains: ['example.com'], rotation } },
    ...(isRefused && { refusedAfter: ['Page'] }),
  };
}

describe.each(contraryVariants)('with the %s variants', (_, variants) => {
  let account: KeyAccount;

  beforeAll(async () => {
    account = await KeyAccount.open({ variants });
    await account.deploy(rotated('1'), { quick: true });
  });

  afterAll(() => account.close());

  function deploy(request: StackRequest) {
    return account.deploy(request, { quick: true, rollback: false });
  }

  /** The status, the key that the stack puts out, and the keys that exist besides it. */
  async function state() {
    const stack = await account.describe(rotated(''));
    const apiKey = stack?.outputs.PageAPIKey ?? '';
    const keys = await account.liveKeys();
    expect(keys).toContain(apiKey);
    return { status: stack?.status, apiKey, others: keys.filter(key => key !== apiKey) };
  }

  /** Replaces the key in a deployment that then fails, and resolves to both keys. */
  async function replaceAndPause(rotation: string) {
    const { apiKey: former } = await state();
    expect((await deploy(rotated(rotation, true))).exitCode).toBe(1);
    const { others, ...stack } = await state();
    expect(stack).toEqual({ status: 'UPDATE_FAILED', apiKey: former });
    expect(others).toHaveLength(1);
    return { former, replacement: others[0] };
  }

  // each test goes on from the stack that the one before left
  test('a refused rotation leaves the stack on its key, and is not lost', async () => {
    const before = await state();
    const fault = failed(400, 'WAFLimitsExceededException', 'before', 'too many API keys');
    account.aws.waf.faults.next('CreateAPIKey', fault);
    expect((await deploy(rotated('2'))).output).toContain('too many API keys');
    expect(await state()).toEqual({ ...before, status: 'UPDATE_FAILED' });
  });

  test('a replacement that is fixed forward keeps the new key, and the previous one is deleted', async () => {
    const { replacement } = await replaceAndPause('2');
    expect((await deploy(rotated('2'))).outputs.PageAPIKey).toBe(replacement);
    expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', apiKey: replacement, others: [] });
  });

  test('`cdk rollback` returns to the previous key, and the new one is deleted', async () => {
    const { former } = await replaceAndPause('3');
    expect((await account.rollBack(rotated('3'))).exitCode).toBe(0);
    expect(await state()).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', apiKey: former, others: [] });
  });

  test('the old template, deployed again, returns to the previous key, which is deleted with the stack', async () => {
    const { former } = await replaceAndPause('3');
    expect((await deploy(rotated('2'))).outputs.PageAPIKey).toBe(former);
    expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', apiKey: former, others: [] });

    await account.destroy(rotated('2'));
    expect(await account.liveKeys()).toEqual([]);
  });
});
