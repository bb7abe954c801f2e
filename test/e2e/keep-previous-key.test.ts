import type { KeyRequest, StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

function page(rotation: string, keepPreviousKey?: boolean): StackRequest {
  const key: KeyRequest = { scope: 'REGIONAL', tokenDomains: ['example.com'], rotation, keepPreviousKey };
  return { stackName: 'KeepPreviousKey', keys: { Page: key } };
}

const letters = new Map<string, string>();

/** Deploys a stack whose key is called by this letter from then on, if there was none for the letter before. */
async function deploy(letter: string, { keepPreviousKey = true, isRefused = false, rollback = true } = {}) {
  const before = await account.liveKeys();
  const request = page(letter, keepPreviousKey || undefined);
  const refused = { ...request, refusedAfter: ['Page'] };
  const result = await account.deploy(isRefused ? refused : request, { quick: true, rollback });
  expect(result.exitCode).toBe(isRefused ? 1 : 0);
  for (const key of await account.liveKeys()) {
    if (before.includes(key)) continue;
    letters.set(key, [...letters.values()].includes(letter) ? `another ${letter}` : letter);
  }
}

/** The stack's status, and the letters of the key that it puts out and of all keys that exist. */
async function state() {
  const { status, outputs } = (await account.describe(page(''))) ?? {};
  const letter = (key = '') => letters.get(key) ?? 'unknown';
  return {
    status,
    current: letter(outputs?.PageAPIKey),
    live: (await account.liveKeys()).map(letter).join(''),
  };
}

// each test goes on from the stack that the one before left
test('a replacement keeps the previous key', async () => {
  await deploy('A');
  await deploy('B');
  expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', current: 'B', live: 'AB' });
});

test('a replacement that is rolled back leaves both keys as they were', async () => {
  await deploy('C', { isRefused: true });
  expect(await state()).toEqual({ status: 'UPDATE_ROLLBACK_COMPLETE', current: 'B', live: 'AB' });
});

test('the next replacement deletes the key before the previous one', async () => {
  await deploy('C');
  expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', current: 'C', live: 'BC' });
});

test('a replacement after one that failed without a rollback keeps the key that pages have', async () => {
  await deploy('D', { isRefused: true, rollback: false });
  expect(await state()).toEqual({ status: 'UPDATE_FAILED', current: 'C', live: 'BCD' });

  await deploy('E', { rollback: false });
  expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', current: 'E', live: 'CE' });
});

test('removing the property changes nothing by itself, and the next replacement deletes both keys', async () => {
  await deploy('E', { keepPreviousKey: false });
  expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', current: 'E', live: 'CE' });

  await deploy('F', { keepPreviousKey: false });
  expect(await state()).toEqual({ status: 'UPDATE_COMPLETE', current: 'F', live: 'F' });
});

test('the previous key is deleted with its resource, and with its stack', async () => {
  const stackName = 'TwoKeys';
  const key = (rotation: string): KeyRequest => ({
    ...{ scope: 'REGIONAL', tokenDomains: ['shop.example.com'] },
    ...{ rotation, keepPreviousKey: true },
  });
  const others = await account.liveKeys();
  await account.deploy({ stackName, keys: { Page: key('1'), Shop: key('1') } }, { quick: true });
  await account.deploy({ stackName, keys: { Page: key('2'), Shop: key('2') } }, { quick: true });
  const keys = await account.liveKeys();
  expect(keys).toHaveLength(others.length + 4);

  const { outputs } = await account.deploy({ stackName, keys: { Page: key('2') } }, { quick: true });
  const left = (await account.liveKeys()).filter(one => !others.includes(one));
  expect(left).toHaveLength(2);
  expect(left).toContain(outputs.PageAPIKey);

  await account.destroy({ stackName, keys: {} });
  expect(await account.liveKeys()).toEqual(others);
});

test('a key that RETAIN kept outlives a replacement under DESTROY: another stack may have it', async () => {
  const tokenDomains = ['pay.example.com'];
  const stack = (stackName: string, key: Partial<KeyRequest>): StackRequest => ({
    stackName,
    keys: { Page: { scope: 'REGIONAL', tokenDomains, ...key } },
  });
  const deployedKey = async (request: StackRequest) =>
    (await account.deploy(request, { quick: true })).outputs.PageAPIKey ?? '';
  const retaining = (rotation: string, retain: boolean) =>
    stack('Retaining', { rotation, retain, keepPreviousKey: true });

  const retained = await deployedKey(retaining('1', true));
  const second = await deployedKey(retaining('2', true));
  expect(await deployedKey(stack('Adopting', { existingApiKey: retained }))).toBe(retained);
  const third = await deployedKey(retaining('3', false));

  expect(await account.liveKeys()).toEqual(expect.arrayContaining([retained, second, third]));
});
