import type { ExampleRequest } from './day-two-app';
import { KeyAccount } from './key-account';

jest.setTimeout(120_000);

let account: KeyAccount;

beforeAll(async () => {
  account = await KeyAccount.open({ app: 'test/e2e/day-two-app.ts' });
});

afterAll(() => account.close());

/** Deploys a step of an example, and gives the key of its output. */
async function deploy(request: ExampleRequest): Promise<string | undefined> {
  const { exitCode, output, outputs } = await account.deploy(request, { quick: true });
  if (exitCode !== 0) throw new Error(`expected ${request.example} to be deployed, got\n${output}`);
  return outputs.APIKey;
}

async function liveKeys(): Promise<string[]> {
  return (await account.listKeys()).map(({ apiKey }) => apiKey);
}

test('a renamed construct that keeps its logical id keeps its key, and CloudFormation sees no change', async () => {
  const stackName = 'RenamedConstruct';
  const key = await deploy({ stackName, example: 'BeforeStack' });
  const calls = account.aws.waf.calls.length;

  expect(await deploy({ stackName, example: 'RenamedConstructStack' })).toBe(key);
  expect(account.aws.waf.calls).toHaveLength(calls);

  await account.destroy({ stackName, example: 'BeforeStack' });
  expect(await liveKeys()).toEqual([]);
});

test('a renamed resource takes the key along with existingApiKey, and owns it after the next deployment', async () => {
  const stackName = 'RenamedResource';
  const key = await deploy({ stackName, example: 'BeforeStack' });

  expect(await deploy({ stackName, example: 'RenamedResourceStack', existingApiKey: key })).toBe(key);
  expect(await liveKeys()).toEqual([key]);
  expect(await deploy({ stackName, example: 'RenamedResourceStack' })).toBe(key);
  expect(await liveKeys()).toEqual([key]);

  await account.destroy({ stackName, example: 'RenamedResourceStack' });
  expect(await liveKeys()).toEqual([]);
});

test('a key moves to another stack with RETAIN and existingApiKey, and is deleted with that stack', async () => {
  const key = await deploy({ stackName: 'Former', example: 'FormerStack' });

  expect(await deploy({ stackName: 'New', example: 'NewStack', existingApiKey: key })).toBe(key);
  await deploy({ stackName: 'Former', example: 'FormerStack', keyHasMoved: true });
  expect(await liveKeys()).toEqual([key]);
  expect(await deploy({ stackName: 'New', example: 'NewStack' })).toBe(key);

  await account.destroy({ stackName: 'Former', example: 'FormerStack' });
  expect(await liveKeys()).toEqual([key]);
  await account.destroy({ stackName: 'New', example: 'NewStack' });
  expect(await liveKeys()).toEqual([]);
});

test('a provider with the app’s own role and log group is deployed, and leaves no key behind', async () => {
  const request = { stackName: 'OwnRole', example: 'OwnRoleStack' } as const;
  const key = await deploy(request);

  expect(await liveKeys()).toEqual([key]);
  expect((await account.destroy(request)).exitCode).toBe(0);
  expect(await liveKeys()).toEqual([]);
});
