import type { KeyRequest, StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

function withKey(id: string, key: Partial<KeyRequest> = {}, isRefused = false): StackRequest {
  return {
    stackName: 'Renamed',
    keys: { [id]: { scope: 'REGIONAL', tokenDomains: ['example.com'], ...key } },
    ...(isRefused && { refusedAfter: [id] }),
  };
}

test('a construct renamed in one deployment takes its key along, and a rollback reverts that', async () => {
  const { outputs } = await account.deploy(withKey('Page'), { quick: true });
  const existingApiKey = outputs.PageAPIKey ?? '';
  const renamed = withKey('Site', { existingApiKey });

  const failed = withKey('Site', { existingApiKey }, true);
  expect((await account.deploy(failed, { quick: true })).exitCode).toBe(1);
  expect(await account.describe(failed)).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', outputs });
  expect(await account.liveKeys()).toEqual([existingApiKey]);

  expect((await account.deploy(renamed, { quick: true })).outputs.SiteAPIKey).toBe(existingApiKey);
  expect(await account.liveKeys()).toEqual([existingApiKey]);

  const owned = await account.deploy(withKey('Site'), { quick: true });
  expect(owned.outputs.SiteAPIKey).toBe(existingApiKey);
  expect(await account.liveKeys()).toEqual([existingApiKey]);

  await account.destroy(renamed);
  expect(await account.liveKeys()).toEqual([]);
});
