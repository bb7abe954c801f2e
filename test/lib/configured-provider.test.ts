import { Aspects, Annotations as CoreAnnotations, Duration, type IAspect, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { LazyRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture, CfnFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import { WafCaptchaApiKeyProvider, type WafCaptchaApiKeyProviderProps } from '../../lib';
import { addKey, appOf, newApp, newStack, resourcesOf, stackWithKey, theOnly } from './synthesize';

const ID = 'WafCaptchaApiKeyProvider';
const KEY_TYPE = 'Custom::WafCaptchaApiKey';
const FUNCTION_TYPE = 'AWS::Lambda::Function';
const ROLE_TYPE = 'AWS::IAM::Role';
const POLICY_TYPE = 'AWS::IAM::Policy';
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

describe('without props', () => {
  test('it is what the first key creates', () => {
    const stack = newStack();
    new WafCaptchaApiKeyProvider(stack, ID);
    addKey(stack);

    expect(resourcesOf(stack)).toEqual(resourcesOf(stackWithKey()));
  });

  test('of() returns the existing one, for any construct in the stack', () => {
    const stack = newStack();
    const provider = new WafCaptchaApiKeyProvider(stack, ID);
    const key = addKey(new Construct(stack, 'Deeper'));

    for (const scope of [stack, key]) expect(WafCaptchaApiKeyProvider.of(scope)).toBe(provider);
  });

  test('of() returns the one that a key created, with its function, role and log group', () => {
    const stack = stackWithKey();
    const { handler, role, logGroup, grantPrincipal } = WafCaptchaApiKeyProvider.of(stack);

    expect(stack.resolve([handler.functionArn, role.roleArn, logGroup.logGroupName])).toEqual([
      { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderHandler3F6E30B9', 'Arn'] },
      { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderRole1CD92BEF', 'Arn'] },
      { Ref: 'WafCaptchaApiKeyProviderLogGroupCDB58F6A' },
    ]);
    expect(grantPrincipal).toBe(role);
  });

  test('accepts grants, and keys wait for them', () => {
    const stack = stackWithKey();
    new Key(stack, 'Cmk').grantDecrypt(WafCaptchaApiKeyProvider.of(stack));

    expect(dependenciesOf('Key961B73FD', stack)).toContain(
      'WafCaptchaApiKeyProviderRoleDefaultPolicy1E3025D9',
    );
  });
});

describe('its scope and id', () => {
  test('must be the stack and one fixed id', () => {
    const stack = newStack();
    const deeper = new Construct(stack, 'Deeper');
    const stage = new Stage(newApp(), 'Stage');

    for (const [scope, id, path] of [
      [stack, 'Other', 'Stack/Other'],
      [deeper, ID, `Stack/Deeper/${ID}`],
      [stage, ID, `Stage/${ID}`],
    ] as const) {
      expect(() => new WafCaptchaApiKeyProvider(scope, id)).toThrow(
        new Error(
          `${path}: expected a stack as the scope and the id "${ID}", which service tokens depend on`,
        ),
      );
    }
    expect(resourcesOf(stack)).toEqual({});
  });

  test.each([
    ['a key', (stack: Stack) => void addKey(stack)],
    ['another', (stack: Stack) => void new WafCaptchaApiKeyProvider(stack, ID)],
  ])('is refused after %s', (_, before) => {
    const stack = newStack();
    before(stack);

    expect(() => new WafCaptchaApiKeyProvider(stack, ID)).toThrow(
      new Error(
        `Stack/${ID}: expected one provider in a stack, before its first key, got a second one or one after a key`,
      ),
    );
  });
});

describe('settings', () => {
  test('reach the function, and leave the service token and the contract alone', () => {
    const stack = newStack();
    const environmentEncryption = new Key(stack, 'Cmk');
    withProvider(stack, {
      architecture: Architecture.ARM_64,
      runtime: Runtime.NODEJS_22_X,
      memorySize: 512,
      timeout: Duration.minutes(2),
      tracing: Tracing.ACTIVE,
      deadLetterQueue: new Queue(stack, 'Queue'),
      onFailure: new SqsDestination(new Queue(stack, 'Failures')),
      reservedConcurrentExecutions: 5,
      environmentEncryption,
    });

    expect(theOnly(FUNCTION_TYPE, stack).Properties).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs22.x',
      MemorySize: 512,
      Timeout: 120,
      TracingConfig: { Mode: 'Active' },
      DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Queue4A7E3555', 'Arn'] } },
      ReservedConcurrentExecutions: 5,
      KmsKeyArn: { 'Fn::GetAtt': [expect.any(String), 'Arn'] },
      Handler: 'index.handler',
      Environment: { Variables: { STACK_ID: { Ref: 'AWS::StackId' } } },
    });
    expect(theOnly('AWS::Lambda::EventInvokeConfig', stack).Properties).toMatchObject({
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failures8A3E1A2F', 'Arn'] } } },
    });
    expect(theOnly(KEY_TYPE, stack).Properties).toEqual(theOnly(KEY_TYPE, stackWithKey()).Properties);
  });

  test.each([
    [59, 'timeout: expected 60 to 900 seconds, got 59'],
    [901, 'timeout: expected 60 to 900 seconds, got 901'],
  ])('refuse a timeout of %d s', (seconds, message) => {
    expect(() => withProvider(newStack(), { timeout: Duration.seconds(seconds) })).toThrow(
      new Error(`Stack/${ID}: ${message}`),
    );
  });

  test.each([
    [{ timeout: 60 }, 'timeout: expected a Duration, got 60'],
    [{ runtime: 'nodejs22.x' }, 'runtime: expected Node.js 20 or later, got undefined'],
    [null, 'expected an object as the props, got null'],
    ['props', 'expected an object as the props, got "props"'],
  ])('refuse %j from a caller without types', (props, message) => {
    expect(() => Reflect.construct(WafCaptchaApiKeyProvider, [newStack(), ID, props])).toThrow(
      new Error(`Stack/${ID}: ${message}`),
    );
  });

  test('take a timeout of 60 s', () => {
    const stack = withProvider(newStack(), { timeout: Duration.seconds(60) });

    expect(theOnly(FUNCTION_TYPE, stack).Properties.Timeout).toBe(60);
  });

  test.each([Runtime.PYTHON_3_13, Runtime.NODEJS_18_X, Runtime.PROVIDED_AL2023])(
    'refuse the runtime %s',
    runtime => {
      expect(() => withProvider(newStack(), { runtime })).toThrow(
        new Error(`Stack/${ID}: runtime: expected Node.js 20 or later, got ${runtime.name}`),
      );
    },
  );

  test('refuse props that would change the function’s nature', () => {
    const stack = newStack();
    Reflect.construct(WafCaptchaApiKeyProvider, [
      stack,
      ID,
      {
        functionName: 'other',
        handler: 'other.handler',
        environment: { STACK_ID: 'other' },
        code: undefined,
      },
    ]);

    expect(resourcesOf(stack)).toEqual(withoutKeys(stackWithKey()));
  });
});

describe('a log group that the app passes', () => {
  test.each([
    ['of the stack', (stack: Stack) => new LogGroup(stack, 'Logs')],
    ['from elsewhere', (stack: Stack) => LogGroup.fromLogGroupName(stack, 'Logs', 'company-logs')],
  ])('%s is the one that the function writes to, and may', (_, logGroupIn) => {
    const stack = newStack();
    const logGroup = logGroupIn(stack);
    withProvider(stack, { logGroup });

    expect(theOnly(FUNCTION_TYPE, stack).Properties.LoggingConfig).toEqual({
      LogGroup: stack.resolve(logGroup.logGroupName),
    });
    expect(statementsOf(theOnly(ROLE_TYPE, stack).Properties)).toContainEqual({
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: stack.resolve(logGroup.logGroupArn),
    });
    expect(Object.keys(resourcesOf(stack))).not.toContain('WafCaptchaApiKeyProviderLogGroupCDB58F6A');
  });
});

describe('a role that the app passes', () => {
  const ownStatements = () => statementsOf(theOnly(ROLE_TYPE, stackWithKey()).Properties);

  test.each([
    ['of the stack', (stack: Stack) => newRole(stack)],
    ['of another stack', (stack: Stack) => newRole(new Stack(stack.node.scope, 'Roles'))],
    ['by its name', (stack: Stack) => Role.fromRoleName(stack, 'Role', 'company-role')],
    [
      'by its ARN',
      (stack: Stack) => Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::111111111111:role/path/company-role'),
    ],
    [
      'made when it is needed',
      (stack: Stack) =>
        new LazyRole(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
    ],
  ])('%s gets the statements, and keys need the policy that holds them', (_, roleIn) => {
    const stack = newStack();
    const role = roleIn(stack);
    const provider = new WafCaptchaApiKeyProvider(stack, ID, { role });
    addKey(stack);

    expect(provider.role).toBe(role);
    const policy = theOnly(POLICY_TYPE, stack);
    const logGroup = { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderLogGroupCDB58F6A', 'Arn'] };
    expect(statementsOf(policy.Properties)).toEqual(ownStatements());
    expect(statementsOf(policy.Properties)).toContainEqual(expect.objectContaining({ Resource: logGroup }));
    expect(policy.Properties.Roles).toHaveLength(1);
    // stacks that share a role: IAM knows a role's inline policies by their names
    expect(policy.Properties.PolicyName).toEqual({
      'Fn::Join': ['', [`${ID}-`, { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }]],
    });
    expect(dependenciesOf('Key961B73FD', stack)).toContain('WafCaptchaApiKeyProviderPolicyD2B087D5');
    expect(Object.keys(resourcesOf(stack))).not.toContain('WafCaptchaApiKeyProviderRole1CD92BEF');
  });

  test.each([
    [
      'imported as immutable',
      (stack: Stack) => Role.fromRoleName(stack, 'Role', 'company-role', { mutable: false }),
    ],
    ['of the stack, without updates', (stack: Stack) => newRole(stack).withoutPolicyUpdates()],
    [
      'of another account',
      (stack: Stack) => Role.fromRoleArn(stack, 'Role', 'arn:aws:iam::222222222222:role/other'),
    ],
    [
      'made in another account',
      (stack: Stack) =>
        newRole(
          new Stack(stack.node.scope, 'Roles', { env: { account: '222222222222', region: stack.region } }),
        ),
    ],
  ])('%s is refused, with the statements that the function needs', (_, roleIn) => {
    const stack = newStack('eu-west-1');
    const role = roleIn(stack);
    let message = '';

    try {
      new WafCaptchaApiKeyProvider(stack, ID, { role });
    } catch (error) {
      message = String(error);
    }

    for (const text of [
      `Stack/${ID}: expected a role that takes a policy, got ${role.node.path}, which is `,
      'immutable or in another account',
      'wafv2:CreateAPIKey',
      '"aws:RequestedRegion":["eu-west-1","us-east-1"]',
      'cloudformation:ListStackResources',
      'logs:PutLogEvents',
    ]) {
      expect(message).toContain(text);
    }
  });

  test('is also told the statements for a VPC', () => {
    const stack = newStack();
    const role = Role.fromRoleName(stack, 'Role', 'company-role', { mutable: false });

    expect(() => new WafCaptchaApiKeyProvider(stack, ID, { role, vpc: new Vpc(stack, 'Vpc') })).toThrow(
      'ec2:CreateNetworkInterface',
    );
  });

  test('that the CLI looks up gets them too, once it is known', () => {
    const synthesize = (context?: Record<string, unknown>) => {
      const stack = newStack('eu-west-1', context);
      withProvider(stack, { role: Role.fromLookup(stack, 'Role', { roleName: 'company-role' }) });
      return stack;
    };
    const [missing] = appOf(synthesize()).synth().manifest.missing ?? [];

    const arn = 'arn:aws:iam::111111111111:role/company-role';
    const stack = synthesize({ [missing?.key ?? '']: [{ Arn: arn }] });

    expect(theOnly(POLICY_TYPE, stack).Properties.Roles).toEqual(['company-role']);
    expect(statementsOf(theOnly(POLICY_TYPE, stack).Properties)).toEqual(
      statementsOf(theOnly(ROLE_TYPE, stackWithKey({}, 'eu-west-1')).Properties),
    );
  });

  // `Role.customizeRoles`: roles are made elsewhere, and synthesis reports what they need
  test('created elsewhere by a company passes', () => {
    const stack = newStack();
    Role.customizeRoles(stack, { usePrecreatedRoles: { 'Stack/Role': 'company-role' } });

    expect(() => withProvider(stack, { role: newRole(stack) })).not.toThrow();
    expect(JSON.stringify(theOnly(FUNCTION_TYPE, stack).Properties.Role)).toContain('role/company-role');
  });
});

describe('a VPC', () => {
  test('adds its permissions and a security group', () => {
    const stack = newStack();
    withProvider(stack, { vpc: new Vpc(stack, 'Vpc') });

    expect(theOnly(FUNCTION_TYPE, stack).Properties.VpcConfig).toMatchObject({
      SecurityGroupIds: [{ 'Fn::GetAtt': [expect.any(String), 'GroupId'] }],
    });
    expect(vpcStatementsOf(theOnly(ROLE_TYPE, stack).Properties)).toHaveLength(1);
  });

  test('is chosen by subnets and security groups', () => {
    const stack = newStack();
    const vpc = new Vpc(stack, 'Vpc');
    const [subnet] = vpc.privateSubnets;
    const securityGroup = new SecurityGroup(stack, 'Group', { vpc });
    withProvider(stack, {
      vpc,
      vpcSubnets: { subnets: subnet ? [subnet] : [] },
      securityGroups: [securityGroup],
    });

    expect(theOnly(FUNCTION_TYPE, stack).Properties.VpcConfig).toEqual({
      SubnetIds: [stack.resolve(subnet?.subnetId)],
      SecurityGroupIds: [stack.resolve(securityGroup.securityGroupId)],
    });
  });

  test('adds its permissions to a role that the app passes', () => {
    const stack = newStack();
    withProvider(stack, { vpc: new Vpc(stack, 'Vpc'), role: newRole(stack) });

    expect(vpcStatementsOf(theOnly(POLICY_TYPE, stack).Properties)).toHaveLength(1);
    // Lambda checks them when it creates the function
    expect(dependenciesOf('WafCaptchaApiKeyProviderHandler3F6E30B9', stack)).toContain(
      'WafCaptchaApiKeyProviderPolicyD2B087D5',
    );
  });

  const config = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  test.each([
    ['a property', (resource: CfnFunction) => Object.assign(resource, { vpcConfig: config })],
    [
      'an override',
      (resource: CfnFunction) => resource.addPropertyOverride('VpcConfig.SubnetIds', ['subnet-1']),
    ],
  ])('that an aspect sets by %s adds its permissions', (_, set) => {
    const stack = stackWithKey();
    Aspects.of(stack).add(visiting(each => each instanceof CfnFunction && set(each)));

    expect(vpcStatementsOf(theOnly(ROLE_TYPE, stack).Properties)).toHaveLength(1);
  });

  test('that is absent adds no permissions', () => {
    expect(vpcStatementsOf(theOnly(ROLE_TYPE, stackWithKey()).Properties)).toEqual([]);
  });

  describe('with isolated subnets gives a warning', () => {
    const warning =
      'the function is in isolated subnets; it must reach AWS WAF, CloudFormation and S3, and us-east-1 for CLOUDFRONT ' +
      '[ack: cdk-waf-captcha-api-key:isolatedSubnets]';
    const vpcIn = (stack: Stack) =>
      new Vpc(stack, 'Vpc', {
        subnetConfiguration: [
          { name: 'Public', subnetType: SubnetType.PUBLIC },
          { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
          { name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED },
        ],
      });
    const isolated = { subnetType: SubnetType.PRIVATE_ISOLATED };
    const warningsIn = (stack: Stack) =>
      Annotations.fromStack(stack)
        .findWarning('*', Match.stringLikeRegexp('isolatedSubnets'))
        .map(({ entry }) => entry.data);

    test.each<[string, (stack: Stack) => WafCaptchaApiKeyProviderProps]>([
      ['by the props', stack => ({ vpc: vpcIn(stack), vpcSubnets: isolated })],
      [
        'in a VPC of another stack',
        stack => ({ vpc: vpcIn(new Stack(stack.node.scope, 'Network')), vpcSubnets: isolated }),
      ],
      [
        'in an imported VPC',
        stack => ({
          vpc: Vpc.fromVpcAttributes(stack, 'Vpc', {
            vpcId: 'vpc-1',
            availabilityZones: ['eu-west-1a'],
            isolatedSubnetIds: ['subnet-1'],
          }),
          vpcSubnets: isolated,
        }),
      ],
    ])('%s', (_, props) => {
      const stack = newStack();
      withProvider(stack, props(stack));

      expect(warningsIn(stack)).toEqual([warning]);
    });

    test('by an aspect', () => {
      const stack = stackWithKey();
      const subnetIds = vpcIn(stack).isolatedSubnets.map(({ subnetId }) => subnetId);
      const vpcConfig = { subnetIds, securityGroupIds: ['sg-1'] };
      Aspects.of(stack).add(
        visiting(each => each instanceof CfnFunction && Object.assign(each, { vpcConfig })),
      );

      expect(warningsIn(stack)).toEqual([warning]);
    });

    test('unless it is acknowledged', () => {
      const stack = newStack();
      withProvider(stack, { vpc: vpcIn(stack), vpcSubnets: isolated });
      CoreAnnotations.of(WafCaptchaApiKeyProvider.of(stack)).acknowledgeWarning(
        'cdk-waf-captcha-api-key:isolatedSubnets',
      );

      expect(warningsIn(stack)).toEqual([]);
    });

    test('and with others none', () => {
      const stack = newStack();
      withProvider(stack, { vpc: vpcIn(stack) });

      expect(warningsIn(stack)).toEqual([]);
    });
  });
});

function withProvider(stack: Stack, props: WafCaptchaApiKeyProviderProps): Stack {
  new WafCaptchaApiKeyProvider(stack, ID, props);
  addKey(stack);
  return stack;
}

function newRole(stack: Stack): Role {
  return new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

function visiting(visit: (construct: IConstruct) => void): IAspect {
  return { visit };
}

interface Statement {
  readonly Action: string | string[];
}

/** The statements of a policy, or of a role's inline one. */
function statementsOf(properties: Record<string, unknown>): Statement[] {
  const { PolicyDocument, Policies } = properties as {
    PolicyDocument?: { Statement: Statement[] };
    Policies?: { PolicyDocument: { Statement: Statement[] } }[];
  };
  const documents = [PolicyDocument, ...(Policies ?? []).map(policy => policy.PolicyDocument)];
  return documents.flatMap(document => document?.Statement ?? []);
}

function vpcStatementsOf(properties: Record<string, unknown>): Statement[] {
  return statementsOf(properties).filter(
    ({ Action }) => JSON.stringify(Action) === JSON.stringify(VPC_ACTIONS),
  );
}

function withoutKeys(stack: Stack) {
  return Object.fromEntries(Object.entries(resourcesOf(stack)).filter(([, { Type }]) => Type !== KEY_TYPE));
}

/** The logical ids on which a resource depends, directly or through others, by `DependsOn`. */
function dependenciesOf(id: string, stack: Stack): string[] {
  const { DependsOn = [] } = resourcesOf(stack)[id] ?? {};
  return [...DependsOn, ...DependsOn.flatMap(each => dependenciesOf(each, stack))];
}
