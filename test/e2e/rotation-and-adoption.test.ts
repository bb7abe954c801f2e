import type { KeyRequest, StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

const tokenDomains = ['example.com'];

function withKey(stackName: string, key: Partial<KeyRequest>, refused = false): StackRequest {
  return {
    stackName,
    keys: { Page: { scope: 'REGIONAL', tokenDomains, ...key } },
    ...(refused && { refusedAfter: ['Page'] }),
  };
}

test('a rotated key is a new one with the same domains, and a rollback restores the previous one', async () => {
  const first = await account.deploy(withKey('Rotated', { rotation: '1' }), { quick: true });

  const second = await account.deploy(withKey('Rotated', { rotation: '2' }), { quick: true });
  expect(second.outputs.PageAPIKey).not.toBe(first.outputs.PageAPIKey);
  expect(await account.listKeys()).toEqual([{ apiKey: second.outputs.PageAPIKey, tokenDomains }]);

  const failed = withKey('Rotated', { rotation: '3' }, true);
  expect((await account.deploy(failed, { quick: true })).exitCode).toBe(1);
  expect(await account.describe(failed)).toEqual({
    status: 'UPDATE_ROLLBACK_COMPLETE',
    outputs: second.outputs,
  });
  expect(await account.liveKeys()).toEqual([second.outputs.PageAPIKey]);

  await account.destroy(failed);
  expect(await account.liveKeys()).toEqual([]);
});

test('a key created elsewhere survives a failed first deploy, is used, handed over, and then owned', async () => {
  const { apiKey } = account.aws.waf.createForeignKey('us-east-1', 'REGIONAL', tokenDomains);
  const adopted = withKey('Adopted', { existingApiKey: apiKey });

  expect((await account.deploy({ ...adopted, refusedAfter: ['Page'] }, { quick: true })).exitCode).toBe(1);
  expect(await account.liveKeys()).toEqual([apiKey]);

  expect((await account.deploy(adopted, { quick: true })).outputs.PageAPIKey).toBe(apiKey);

  const refused = withKey('Adopted', {}, true);
  const used = await account.physicalId(adopted, 'Page');
  expect((await account.deploy(refused, { quick: true })).exitCode).toBe(1);
  expect(await account.describe(refused)).toMatchObject({
    status: 'UPDATE_ROLLBACK_COMPLETE',
    outputs: { PageAPIKey: apiKey },
  });
  expect(await account.physicalId(refused, 'Page')).toBe(used);
  expect(await account.liveKeys()).toEqual([apiKey]);

  const handedOver = await account.deploy(withKey('Adopted', {}), { quick: true });
  expect(handedOver.outputs.PageAPIKey).toBe(apiKey);
  expect(await account.liveKeys()).toEqual([apiKey]);

  await account.destroy(adopted);
  expect(await account.liveKeys()).toEqual([]);
});
