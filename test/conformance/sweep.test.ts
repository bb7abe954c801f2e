import { CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { type LocalAws, startLocalAws } from '../../local-aws/local-aws';
import { Account } from './account';
import { isKeyOfAnyRun, newRun } from './names';
import { sweep } from './sweep';

const region = 'eu-west-1';
const { domain, stackPrefix } = newRun();
let aws: LocalAws;
let account: Account;

beforeAll(async () => {
  aws = await startLocalAws({ region });
  const engine = {
    name: 'aws',
    region,
    environment: aws.environment,
    client: { region, endpoint: aws.url, credentials: aws.credentials },
    readEveryMs: 1000,
    holdSeconds: 0,
    cliTimeoutMs: 0,
    listLagMs: 0,
    remarks: [],
    departures: [],
    close: async () => undefined,
  } as const;
  account = new Account(engine, new AbortController().signal);
});

afterAll(async () => {
  account.close();
  await aws.close();
});

async function createStack(name: string): Promise<void> {
  const parameter = { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: name } };
  const TemplateBody = JSON.stringify({ Resources: { Parameter: parameter } });
  await account.cloudFormation.send(new CreateStackCommand({ StackName: name, TemplateBody }));
}

test('a sweep asks, then deletes the stacks and keys of runs, and nothing else', async () => {
  for (const name of [`${stackPrefix}rollback`, 'shop', `other-${stackPrefix}rollback`])
    await createStack(name);
  const key = (scope: 'REGIONAL' | 'CLOUDFRONT', where: string, ...domains: string[]) =>
    aws.waf.createForeignKey(where, scope, domains).apiKey;
  key('REGIONAL', region, `shop.rollback.${domain}`, `WWW.rollback.${domain}`.toUpperCase());
  key('CLOUDFRONT', 'us-east-1', `shop.lifecycle.${domain}`);
  key('REGIONAL', region, `odd.waf.${domain}`, 'localhost');
  const others = [
    key('REGIONAL', region, 'example.com'),
    key('REGIONAL', region, 'localhost'),
    key('REGIONAL', region, `shop.rollback.${domain}`, 'example.com'),
    key('CLOUDFRONT', 'us-east-1', 'captcha-key-conformance-shop.example.com'),
  ];

  const asked: string[] = [];
  jest.spyOn(console, 'log').mockImplementation();
  await sweep(account, async question => void asked.push(question));

  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain(`the stack ${stackPrefix}rollback`);
  expect(asked[0]).toContain(`a CLOUDFRONT key for shop.lifecycle.${domain}`);
  expect((await account.stackNames('')).sort()).toEqual([`other-${stackPrefix}rollback`, 'shop']);
  expect(aws.waf.keys().map(({ apiKey }) => apiKey)).toEqual(others);
});

test('nothing is deleted where the question is answered otherwise', async () => {
  await createStack(`${stackPrefix}again`);
  const refused = async () => {
    throw new Error('nothing was done');
  };
  await expect(sweep(account, refused)).rejects.toThrow('nothing was done');
  expect(await account.stackNames(stackPrefix)).toEqual([`${stackPrefix}again`]);
});

test.each([
  [['a.captcha-key-conformance-0123abcd.example.com'], true],
  [['a.captcha-key-conformance-0123abcd.example.com', 'localhost'], true],
  [['captcha-key-conformance-0123abcd.example.com'], false],
  [['a.captcha-key-conformance-0123abcd.example.com', 'shop.example.com'], false],
  [['a.captcha-key-conformance-0123abcd.example.com.shop.example'], false],
  [['localhost'], false],
  [[], false],
])('whether a key for %j is of a run: %s', (tokenDomains, expected) => {
  expect(isKeyOfAnyRun(tokenDomains)).toBe(expected);
});
