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

test('SSM parameters come, change and go with their stack; a taken name is refused', async () => {
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
