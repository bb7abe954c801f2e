import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { CreateAPIKeyCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { strToU8, zipSync } from 'fflate';
import { type LocalAws, startLocalAws } from '../../local-aws/local-aws';

jest.setTimeout(30_000);

let aws: LocalAws;

afterEach(() => aws.close());

const bucket = 'cdk-hnb659fds-assets-123456789012-eu-west-1';

// answers every event with what it was given
const echo = `
  const { request } = require('node:http');
  exports.handler = event => new Promise((resolve, reject) => {
    const { StackId, RequestId, LogicalResourceId, ResourceProperties: Data } = event;
    const PhysicalResourceId = process.env.AWS_REGION;
    const answer = { Status: 'SUCCESS', PhysicalResourceId, StackId, RequestId, LogicalResourceId, Data };
    const body = Buffer.from(JSON.stringify(answer));
    const headers = { 'content-length': body.length };
    request(event.ResponseURL, { method: 'PUT', headers }, resolve).on('error', reject).end(body);
  });`;

const template = {
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: bucket, S3Key: 'code.zip' },
        Handler: 'index.handler',
        Runtime: 'nodejs24.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    },
    Echo: {
      Type: 'Custom::Echo',
      Properties: { ServiceToken: { 'Fn::GetAtt': ['Function', 'Arn'] }, Said: 'hello' },
    },
  },
  Outputs: { Said: { Value: { 'Fn::GetAtt': ['Echo', 'Said'] } }, Region: { Value: { Ref: 'Echo' } } },
};

function send(service: string, path: string, init: RequestInit): Promise<Response> {
  const scope = `${aws.credentials.accessKeyId}/20260101/eu-west-1/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  return fetch(`${aws.url}${path}`, { ...init, headers: { authorization } });
}

async function cloudFormation(parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: '2010-05-15', ...parameters });
  const response = await send('cloudformation', '/', { method: 'POST', body });
  return response.text();
}

test('a stack with a custom resource is deployed, from its asset to its outputs', async () => {
  const log: string[] = [];
  aws = await startLocalAws({ onLogLine: (name, line) => log.push(`${name} ${line}`) });
  await send('s3', `/${bucket}/code.zip`, { method: 'PUT', body: zipSync({ 'index.js': strToU8(echo) }) });
  const TemplateBody = JSON.stringify(template);
  await cloudFormation({
    Action: 'CreateStack',
    StackName: 's',
    TemplateBody,
    'Capabilities.member.1': 'CAPABILITY_IAM',
  });
  let described = '';
  while (!/CREATE_COMPLETE|ROLLBACK_COMPLETE|<Error>/.test(described)) {
    described = await cloudFormation({ Action: 'DescribeStacks', StackName: 's' });
  }
  expect(described).toContain('<StackStatus>CREATE_COMPLETE</StackStatus>');
  expect(described).toContain('<OutputValue>hello</OutputValue>');
  expect(described).toContain('<OutputValue>eu-west-1</OutputValue>');
  expect(log).toContainEqual(expect.stringMatching(/^s-Function-\w{12} START RequestId: /));
});

test('its settings point an SDK client at it', async () => {
  aws = await startLocalAws({ region: 'eu-central-1' });
  const before = { ...process.env };
  Object.assign(process.env, aws.settings);
  try {
    await new WAFV2Client({}).send(
      new CreateAPIKeyCommand({ Scope: 'REGIONAL', TokenDomains: ['example.com'] }),
    );
  } finally {
    process.env = before;
  }
  expect(aws.waf.keys()).toMatchObject([{ region: 'eu-central-1' }]);
});

test('accepts only its own access key id', async () => {
  const other = await startLocalAws();
  aws = await startLocalAws({ onRefusal: () => undefined });
  const { credentials } = other;
  await other.close();
  const client = new WAFV2Client({ endpoint: aws.url, region: 'eu-west-1', credentials });
  const command = new CreateAPIKeyCommand({ Scope: 'REGIONAL', TokenDomains: ['example.com'] });
  await expect(client.send(command)).rejects.toThrow('expected an access key id of this local aws, got AKIA');
  const own = new WAFV2Client({ endpoint: aws.url, region: 'eu-west-1', credentials: aws.credentials });
  await own.send(command);
  expect(aws.waf.keys()).toHaveLength(1);
});

test("the environment contains nothing of the user's AWS and CDK configuration", async () => {
  process.env.AWS_PROFILE = 'production';
  process.env.CDK_DEFAULT_ACCOUNT = '999999999999';
  aws = await startLocalAws();
  delete process.env.AWS_PROFILE;
  delete process.env.CDK_DEFAULT_ACCOUNT;
  expect(aws.environment).not.toHaveProperty('AWS_PROFILE');
  expect(aws.environment).not.toHaveProperty('CDK_DEFAULT_ACCOUNT');
  expect(aws.environment).toMatchObject({
    PATH: process.env.PATH,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  });
  expect(existsSync(aws.environment.AWS_CONFIG_FILE ?? '')).toBe(false);
});

test('two run side by side, and closing one ends that one and removes its files', async () => {
  const other = await startLocalAws();
  const refusals: string[] = [];
  aws = await startLocalAws({ onRefusal: line => refusals.push(line) });
  const [folder, kept] = [other, aws].map(one => dirname(one.environment.TMPDIR ?? ''));
  await other.close();
  expect([existsSync(folder ?? ''), existsSync(kept ?? '')]).toEqual([false, true]);
  await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  await fetch(aws.url);
  expect(refusals).toEqual(['local aws does not imitate unsigned requests to this path (GET /)']);
});
