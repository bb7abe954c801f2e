import * as cdk from 'aws-cdk-lib';
import { passiveTypes } from '../../../local-aws/cloudformation/passive-types';
import { parameter, ScriptedAccount } from './scripted-account';

const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };
const lambdaFunction = (more: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    ...more,
  },
});

test('a function is handed to Lambda with its defaults, under an invented name', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy({ Role: role, Handler: lambdaFunction() });
  const functionName = stack.resources.get('Handler')?.physicalId;
  expect(functionName).toMatch(/^app-Handler-[0-9A-Z]{12}$/);
  expect(account.functions).toEqual([
    {
      functionName,
      region: 'eu-west-1',
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      timeoutSeconds: 3,
      memorySizeMb: 128,
      environment: {},
      roleArn: `arn:aws:iam::000000000000:role/${stack.resources.get('Role')?.physicalId}`,
      logGroup: `/aws/lambda/${functionName}`,
      code: { bucket: 'assets', key: 'code.zip' },
    },
  ]);
});

test('a function is updated in place, with all that is configured', async () => {
  const account = new ScriptedAccount();
  await account.deploy({ Role: role, Handler: lambdaFunction() });
  const configured = {
    Timeout: 60,
    MemorySize: '256',
    Environment: { Variables: { A: 1 } },
    LoggingConfig: { LogGroup: '/l' },
  };
  await account.deploy({ Role: role, Handler: lambdaFunction(configured) });
  expect(account.functions[1]).toMatchObject({
    functionName: account.functions[0]?.functionName,
    timeoutSeconds: 60,
    memorySizeMb: 256,
    environment: { A: '1' },
    logGroup: '/l',
  });
});

test('a function whose code is not in S3 fails', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy({ Role: role, Handler: lambdaFunction({ Code: { ZipFile: 'x' } }) });
  expect(stack.status).toBe('ROLLBACK_COMPLETE');
  expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toMatch(
    /^local aws does not take the code of app-Handler-\w+ from ZipFile, only from S3$/,
  );
});

test.each<[string, object, RegExp]>([
  [
    'another type',
    { Type: 'Text', Value: 'v' },
    /expected the parameter type String or StringList, got "Text"/,
  ],
  ['an empty value', { Type: 'String', Value: '' }, /expected a Value of 1 to 4096 characters, got 0/],
  ['a name with other characters', { Type: 'String', Value: 'v', Name: 'a b' }, /expected letters, digits/],
])('SSM refuses %s', async (_what, Properties, reason) => {
  const account = new ScriptedAccount();
  const stack = await account.deploy({ P: { Type: 'AWS::SSM::Parameter', Properties } });
  expect(stack.status).toBe('ROLLBACK_COMPLETE');
  expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toMatch(reason);
  expect(account.parameters.size).toBe(0);
});

test('SSM parameters are created, changed and deleted with their stack; a taken name is refused', async () => {
  const account = new ScriptedAccount();
  const named = (Value: string) => parameter(Value, { Properties: { Name: '/p', Type: 'String', Value } });
  await account.deploy({ P: named('1') });
  const stack = await account.deploy({ P: named('2') });
  expect(account.parameters.get('/p')).toBe('2');
  const taken = await account.deploy({ P: named('2'), Q: named('3') });
  expect([taken.status, account.parameters.get('/p')]).toEqual(['UPDATE_ROLLBACK_COMPLETE', '2']);
  await account.delete(stack);
  expect(account.parameters.size).toBe(0);
});

test('SSM parameters of two Regions may have the same name', async () => {
  const parameters = new Map<string, string>();
  const account = new ScriptedAccount(undefined, {}, { parameters });
  const named = (Value: string) => ({
    P: parameter(Value, { Properties: { Name: '/p', Type: 'String', Value } }),
  });
  await account.deploy(named('1'), {}, { region: 'eu-west-1' });
  await account.deploy(named('2'), {}, { region: 'us-east-1' });
  expect([...parameters.values()]).toEqual(['1', '2']);
});

/** The prototypes of all L1 constructs, by resource type. */
const constructs = new Map(
  Object.values(cdk)
    .filter(one => typeof one === 'object' && one !== null)
    .flatMap((one): unknown[] => Object.values(one))
    .filter(one => typeof one === 'function' && 'CFN_RESOURCE_TYPE_NAME' in one)
    .map((one): [unknown, object] => {
      const { CFN_RESOURCE_TYPE_NAME: type, prototype } = Object(one);
      return [type, prototype];
    }),
);

describe.each(Object.entries(passiveTypes))('%s', (type, { attributes = {} }) => {
  test('has attributes that CloudFormation knows', () => {
    const construct = constructs.get(type);
    // a CDK app's own metadata has no construct
    if (type === 'AWS::CDK::Metadata') return;
    const known = Object.getOwnPropertyNames(construct).map(name => name.toLowerCase());
    const names = Object.keys(attributes).map(name => `attr${name.replace('.', '')}`.toLowerCase());
    expect(known).toEqual(expect.arrayContaining(names));
  });

  test('can be created twice, referred to and deleted', async () => {
    const account = new ScriptedAccount();
    const one = { Type: type, Properties: { StageName: 'prod' } };
    const values = Object.keys(attributes).map((name, index) => {
      const value = { 'Fn::GetAtt': ['One', name] };
      // the one attribute that is a list
      const isList = name === 'CidrBlockAssociations';
      return [`Out${index}`, { Value: isList ? { 'Fn::Select': [0, value] } : value }];
    });
    const stack = await account.deploy({ One: one, Two: one }, { Outputs: Object.fromEntries(values) });
    expect([stack.status, stack.reason]).toEqual(['CREATE_COMPLETE', undefined]);
    expect(stack.resources.get('One')?.physicalId).not.toBe('');
    await account.delete(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
  });
});

test('ids and attributes have the forms that a template around the key relies on', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy(
    {
      Acl: { Type: 'AWS::WAFv2::WebACL', Properties: { Name: 'acl', Scope: 'CLOUDFRONT' } },
      Link: {
        Type: 'AWS::WAFv2::WebACLAssociation',
        Properties: { ResourceArn: 'arn:alb', WebACLArn: { 'Fn::GetAtt': ['Acl', 'Arn'] } },
      },
      Site: { Type: 'AWS::CloudFront::Distribution' },
      Bucket: { Type: 'AWS::S3::Bucket' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q' } },
      Subnet: {
        Type: 'AWS::EC2::Subnet',
        Properties: { AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': '' }] } },
      },
    },
    {
      Outputs: {
        Arn: { Value: { 'Fn::GetAtt': ['Acl', 'Arn'] } },
        Domain: { Value: { 'Fn::GetAtt': ['Site', 'DomainName'] } },
        Bucket: { Value: { 'Fn::GetAtt': ['Bucket', 'RegionalDomainName'] } },
        Queue: { Value: { Ref: 'Queue' } },
        Zone: { Value: { 'Fn::GetAtt': ['Subnet', 'AvailabilityZone'] } },
      },
    },
  );
  expect(stack.resources.get('Acl')?.physicalId).toMatch(/^acl\|[0-9a-f-]{36}\|CLOUDFRONT$/);
  expect(stack.resources.get('Link')?.physicalId).toMatch(/^arn:aws:wafv2:.*\|arn:alb$/);
  expect(Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]))).toEqual({
    Arn: expect.stringMatching(/^arn:aws:wafv2:eu-west-1:000000000000:global\/webacl\/acl\/[0-9a-f-]{36}$/),
    Domain: expect.stringMatching(/^d[0-9a-f]{13}\.cloudfront\.net$/),
    Bucket: expect.stringMatching(/^app-bucket-\w{12}\.s3\.eu-west-1\.amazonaws\.com$/),
    Queue: 'https://sqs.eu-west-1.amazonaws.com/000000000000/q',
    Zone: 'eu-west-1b',
  });
});

test('every imitated type can be created and deleted', async () => {
  const account = new ScriptedAccount();
  const FunctionName = { Ref: 'Handler' };
  const stack = await account.deploy({
    Role: role,
    Policy: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p' } },
    Handler: lambdaFunction(),
    Invoke: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName, Qualifier: '$LATEST', MaximumRetryAttempts: 2 },
    },
    Permission: { Type: 'AWS::Lambda::Permission', Properties: { FunctionName } },
    Log: { Type: 'AWS::Logs::LogGroup' },
    Meta: { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'v2' } },
  });
  expect(stack.status).toBe('CREATE_COMPLETE');
  expect(account.eventInvokeConfigs).toEqual([
    [
      stack.resources.get('Handler')?.physicalId,
      { maximumRetryAttempts: 2, maximumEventAgeSeconds: undefined },
    ],
  ]);
  await account.delete(stack);
  expect(stack.status).toBe('DELETE_COMPLETE');
});
