import type { StackRequest } from './app';
import { KeyAccount } from './key-account';

jest.setTimeout(180_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open({ region: 'eu-west-1' });
});

afterAll(() => account.close());

const request: StackRequest = {
  stackName: 'TwoKeys',
  keys: {
    Edge: { scope: 'CLOUDFRONT', tokenDomains: ['example.com'] },
    Kept: { scope: 'REGIONAL', tokenDomains: ['example.com'], retain: true },
  },
};

// the second test goes on from the stack of the first
test('two keys in one stack share a function, and each is in the Region of its scope', async () => {
  const { outputs } = await account.deploy(request, { quick: true });
  const key = (scope: string, region: string, apiKey?: string) => ({
    scope,
    region,
    apiKey,
    tokenDomains: ['example.com'],
  });
  const keys = account.aws.waf.keys();
  expect(keys).toHaveLength(2);
  expect(keys).toEqual(
    expect.arrayContaining([
      expect.objectContaining(key('CLOUDFRONT', 'us-east-1', outputs.EdgeAPIKey)),
      expect.objectContaining(key('REGIONAL', 'eu-west-1', outputs.KeptAPIKey)),
    ]),
  );
  expect(outputs.EdgeScriptUrl).toContain('.edge.captcha-sdk.awswaf.com/');
  expect(outputs.KeptScriptUrl).toContain('.eu-west-1.captcha-sdk.awswaf.com/');
  expect(regionsOf('CLOUDFRONT')).toEqual(['us-east-1']);
  expect(regionsOf('REGIONAL')).toEqual(['eu-west-1']);
  expect(await account.functionNames(request)).toHaveLength(1);
});

test('a destroyed stack deletes the key in us-east-1 and keeps the one with RETAIN', async () => {
  const before = await account.listKeys();
  expect((await account.destroy(request)).exitCode).toBe(0);
  expect(await account.describe(request)).toBeUndefined();
  expect(await account.listKeys()).toEqual(before);
  expect(account.aws.waf.keys()).toHaveLength(1);
});

function regionsOf(scope: string): string[] {
  const calls = account.aws.waf.calls.filter(({ input }) => input.Scope === scope);
  return [...new Set(calls.map(({ region }) => region))];
}
