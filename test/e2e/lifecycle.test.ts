import { responsePath } from '../../local-aws/custom-resource-responses';
import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open();
});

afterAll(() => account.close());

const stackName = 'Lifecycle';
const tokenDomains = ['example.com', 'shop.example.com'];
const created: StackRequest = { stackName, keys: { Page: { scope: 'REGIONAL', tokenDomains } } };
const fromParameter: StackRequest = { stackName, keys: { Page: { scope: 'REGIONAL' } } };
const moreDomains = ['blog.example.com', ...tokenDomains];
const changed: StackRequest = { stackName, keys: { Page: { scope: 'REGIONAL', tokenDomains: moreDomains } } };

const keysSeen = new Set<string>();
let functionNames: string[] = [];

async function onlyKey() {
  const keys = await account.listKeys();
  for (const { apiKey } of keys) keysSeen.add(apiKey);
  expect(keys).toHaveLength(1);
  return { apiKey: keys[0]?.apiKey, tokenDomains: keys[0]?.tokenDomains.toSorted() };
}

function answers() {
  return account.aws.cloudFormation.answers;
}

function callsOf(operation: string) {
  return account.aws.waf.calls.filter(call => call.operation === operation);
}

// each test goes on from the stack that the one before left
test('a deployed stack outputs one live key and its script, and passes the key to another resource', async () => {
  const { exitCode, outputs } = await account.deploy(created);
  expect(exitCode).toBe(0);
  const { apiKey, tokenDomains: domains } = await onlyKey();
  expect(domains).toEqual(tokenDomains);
  expect(outputs).toEqual({
    PageAPIKey: apiKey,
    PageScriptUrl: expect.stringMatching(
      /^https:\/\/\w+\.us-east-1\.captcha-sdk\.awswaf\.com\/\w+\/jsapi\.js$/,
    ),
  });
  expect(await account.ssmParameter('/Lifecycle/Page')).toMatchObject({ Parameter: { Value: apiKey } });
});

test('a deployment without a change sends no event and makes no call to WAF', async () => {
  const calls = account.aws.waf.calls.length;
  const events = answers().length;
  const { output } = await account.deploy(created);
  expect(output).toContain('(no changes)');
  expect(answers()).toHaveLength(events);
  expect(account.aws.waf.calls).toHaveLength(calls);
});

test('the same domains in another order and letter case keep the key', async () => {
  const before = await onlyKey();
  const events = answers().length;
  const reordered = ['SHOP.example.com', 'Example.COM'];
  const { outputs } = await account.deploy(fromParameter, { tokenDomains: reordered, quick: true });
  expect(outputs.PageAPIKey).toBe(before.apiKey);
  expect(await onlyKey()).toEqual(before);
  expect(answers()).toHaveLength(events + 1);
  expect(callsOf('CreateAPIKey')).toHaveLength(1);
});

test('new domains replace the key, and the old one is gone', async () => {
  const before = await onlyKey();
  const { outputs } = await account.deploy(changed);
  const after = await onlyKey();
  expect(after.apiKey).not.toBe(before.apiKey);
  expect(after.tokenDomains).toEqual(moreDomains);
  expect(outputs.PageAPIKey).toBe(after.apiKey);
  expect(await account.ssmParameter('/Lifecycle/Page')).toMatchObject({ Parameter: { Value: after.apiKey } });
});

test('a destroyed stack leaves neither a key nor its function', async () => {
  functionNames = await account.functionNames(changed);
  expect(functionNames).toHaveLength(1);
  expect((await account.destroy(changed)).exitCode).toBe(0);
  expect(await account.describe(changed)).toBeUndefined();
  expect(await account.listKeys()).toEqual([]);
  const invoked = account.aws.lambda.invokeAsynchronously(functionNames[0] ?? '', '{}');
  await expect(invoked).rejects.toThrow(`Function not found: ${functionNames[0]}`);
  expect(answers().filter(({ accepted }) => !accepted)).toEqual([]);
});

test('the logs hold neither a response URL nor a whole key', async () => {
  await account.aws.lambda.close();
  const log = functionNames.flatMap(name => account.aws.lambda.logLines(name)).join('\n');
  expect(log).toContain('created a key');
  expect(log).toContain('deleted the key');
  expect(log).not.toContain(responsePath);
  for (const key of keysSeen) expect(log).not.toContain(key);
  expect(keysSeen.size).toBe(2);
});
