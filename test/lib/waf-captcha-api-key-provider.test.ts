import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { determineLatestNodeRuntime } from 'aws-cdk-lib/aws-lambda';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { Construct } from 'constructs';
import { WafCaptchaApiKey, WafScope } from '../../lib';
import {
  addKey,
  appOf,
  newApp,
  newStack,
  resourcesOf,
  stackWithKey,
  type TemplateResource,
  theOnly,
} from './synthesize';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';
const FUNCTION_TYPE = 'AWS::Lambda::Function';
const LOG_GROUP_TYPE = 'AWS::Logs::LogGroup';
const ROLE_TYPE = 'AWS::IAM::Role';

/** The provider's resources, type by logical id. */
const PROVIDER = {
  WafCaptchaApiKeyProviderHandler3F6E30B9: FUNCTION_TYPE,
  WafCaptchaApiKeyProviderLogGroupCDB58F6A: LOG_GROUP_TYPE,
  WafCaptchaApiKeyProviderRole1CD92BEF: ROLE_TYPE,
};

describe('logical ids', () => {
  // a change breaks deployed stacks: the function's id is in their keys' service token, which may never change
  test('never change', () => {
    expect(typesOf(stackWithKey())).toEqual({ ...PROVIDER, Key961B73FD: KEY_TYPE });
  });

  test('are the same in a stage, in a nested stack and under any name of the stack', () => {
    const stage = new Stage(newApp(), 'Production');
    const nested = new NestedStack(new Stack(stage, 'Parent'), 'Nested');
    const staged = new Stack(stage, 'OtherName', { stackName: 'yet-another-name' });

    for (const stack of [nested, staged]) addKey(new Construct(stack, 'Deeper'));

    for (const stack of [nested, staged]) expect(typesOf(stack)).toMatchObject(PROVIDER);
  });
});

describe('one provider per stack', () => {
  test('serves all keys of the stack with three resources', () => {
    const stack = newStack();
    addKey(stack, 'One');
    addKey(new Construct(stack, 'Deeper'), 'Two');
    addKey(stack, 'Three');

    const types = Object.values(typesOf(stack)).sort();

    expect(types).toEqual([...Object.values(PROVIDER), KEY_TYPE, KEY_TYPE, KEY_TYPE].sort());
  });

  test('gives every key the same service token', () => {
    const stack = newStack();
    addKey(stack, 'One');
    addKey(stack, 'Two');

    for (const key of keysOf(stack)) {
      expect(key.Properties.ServiceToken).toEqual({
        'Fn::GetAtt': ['WafCaptchaApiKeyProviderHandler3F6E30B9', 'Arn'],
      });
    }
  });

  test('is created separately in each stack of an app', () => {
    const app = newApp();
    const stacks = ['One', 'Two'].map(id => new Stack(app, id));
    for (const stack of stacks) addKey(stack);

    for (const stack of stacks) expect(typesOf(stack)).toMatchObject(PROVIDER);
  });

  test('is created separately in a nested stack', () => {
    const parent = stackWithKey();
    const nested = new NestedStack(parent, 'Nested');
    addKey(nested);

    expect(typesOf(parent)).toMatchObject(PROVIDER);
    expect(typesOf(nested)).toEqual({ ...PROVIDER, Key961B73FD: KEY_TYPE });
  });

  test('is not created in the parent of the nested stack that has the key', () => {
    const parent = newStack();
    addKey(new NestedStack(parent, 'Nested'));

    expect(Object.values(typesOf(parent))).toEqual(['AWS::CloudFormation::Stack']);
  });

  test('is shared with another copy of the library in the same app', () => {
    const stack = newStack();
    addKey(stack, 'One');

    jest.isolateModules(() => {
      const { WafCaptchaApiKey: OtherCopy }: typeof import('../../lib') = require('../../lib');
      expect(OtherCopy).not.toBe(WafCaptchaApiKey);
      new OtherCopy(stack, 'Other', { scope: WafScope.REGIONAL, tokenDomains: ['example.org'] });
    });

    expect(
      Object.values(resourcesOf(stack)).filter(({ Type }) => Type === 'AWS::Lambda::Function'),
    ).toHaveLength(1);
  });
});

describe('the role', () => {
  test.each([
    ['eu-west-1', ['eu-west-1', 'us-east-1']],
    ['us-east-1', ['us-east-1']],
    ['cn-north-1', ['cn-north-1', 'us-east-1']],
    [undefined, [{ Ref: 'AWS::Region' }, 'us-east-1']],
  ])('has exactly these permissions in Region %s', (region, regions) => {
    expect(theOnly(ROLE_TYPE, stackWithKey({}, region)).Properties).toEqual({
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
        ],
      },
      Policies: [
        {
          PolicyName: 'ApiKeys',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: ['wafv2:CreateAPIKey', 'wafv2:DeleteAPIKey', 'wafv2:ListAPIKeys'],
                Resource: '*',
                Condition: { StringEquals: { 'aws:RequestedRegion': regions } },
              },
              {
                Effect: 'Allow',
                Action: [
                  'cloudformation:DescribeStackEvents',
                  'cloudformation:DescribeStackResource',
                  'cloudformation:DescribeStacks',
                  'cloudformation:ListStackResources',
                ],
                Resource: { Ref: 'AWS::StackId' },
              },
              {
                Effect: 'Allow',
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Resource: { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderLogGroupCDB58F6A', 'Arn'] },
              },
            ],
          },
        },
      ],
    });
  });

  // what is left of a log group that the function makes after the stack's own was deleted, nobody deletes
  test('neither creates log groups nor has a policy managed by AWS', () => {
    const template = JSON.stringify(resourcesOf(stackWithKey()));

    expect(template).not.toContain('logs:CreateLogGroup');
    expect(template).not.toContain('ManagedPolicyArns');
  });
});

describe('the log group', () => {
  test('keeps its events for a month, has no fixed name and is deleted with the stack', () => {
    expect(theOnly(LOG_GROUP_TYPE, stackWithKey())).toEqual({
      Type: LOG_GROUP_TYPE,
      Properties: { RetentionInDays: 30 },
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
    });
  });

  test('is the one that the function writes to', () => {
    expect(theOnly(FUNCTION_TYPE, stackWithKey()).Properties.LoggingConfig).toEqual({
      LogGroup: { Ref: 'WafCaptchaApiKeyProviderLogGroupCDB58F6A' },
    });
  });
});

describe('the function', () => {
  test('runs the prebuilt bundle, alone in its asset', () => {
    const stack = stackWithKey();
    const { Handler, Code } = theOnly(FUNCTION_TYPE, stack).Properties;

    const [assets, ...more] = assetsOf(stack);

    expect(Handler).toBe('index.handler');
    expect(Code).toMatchObject({ S3Key: `${assets?.hash}.zip` });
    expect(assets?.files).toEqual(['aws', 'index.js']);
    expect(more).toEqual([]);
  });

  test.each(['eu-west-1', 'cn-north-1', 'us-gov-west-1', undefined])(
    'has the latest Node of Region %s',
    region => {
      const stack = stackWithKey({}, region);
      const latest = stack.resolve(determineLatestNodeRuntime(stack).name);

      expect(theOnly(FUNCTION_TYPE, stack).Properties.Runtime).toEqual(latest);
    },
  );

  // Lambda deprecated nodejs20.x in April 2026; aws-cdk-lib before 2.221 still gives older ones in some Regions
  test.each([...RegionInfo.regions.map(({ name }) => name), undefined])(
    'has Node 22 or later in Region %s',
    region => {
      const { name } = determineLatestNodeRuntime(newStack(region));

      expect(Number(/^nodejs(\d+)\.x$/.exec(name)?.[1])).toBeGreaterThanOrEqual(22);
    },
  );

  test('knows the id of its stack, in a nested stack the nested one', () => {
    const nested = new NestedStack(newStack(), 'Nested');
    addKey(nested);

    for (const stack of [stackWithKey(), nested]) {
      expect(theOnly(FUNCTION_TYPE, stack).Properties.Environment).toEqual({
        Variables: { STACK_ID: { Ref: 'AWS::StackId' } },
      });
    }
  });
});

describe('time limits', () => {
  test('leave room for Lambda’s two retries, one and two minutes after the previous run', () => {
    const { run, service } = limitsOf(stackWithKey());

    expect(run + 60 + run + 120 + run).toBeLessThan(service);
  });

  test('are within what Lambda and CloudFormation allow', () => {
    const { run, service } = limitsOf(stackWithKey());

    expect(run).toBeLessThanOrEqual(900);
    expect(service).toBeLessThanOrEqual(3600);
  });
});

// CloudFormation creates along dependencies and deletes against them
describe('dependencies', () => {
  test('a key needs every resource of the provider: it is created last and deleted first', () => {
    const resources = resourcesOf(stackWithKey());

    expect([...neededBy('Key961B73FD', resources)].sort()).toEqual(Object.keys(PROVIDER).sort());
  });

  test('no resource of the provider needs a key, and no key another key', () => {
    const stack = newStack();
    const ids = ['One', 'Two', 'Three'];
    for (const id of ids) addKey(stack, id);
    const resources = resourcesOf(stack);

    const needed = Object.keys(resources).flatMap(id => [...neededBy(id, resources)]);

    expect(needed.filter(id => resources[id]?.Type === KEY_TYPE)).toEqual([]);
  });
});

function typesOf(stack: Stack): Record<string, string> {
  return Object.fromEntries(Object.entries(resourcesOf(stack)).map(([id, { Type }]) => [id, Type]));
}

function keysOf(stack: Stack): TemplateResource[] {
  return Object.values(resourcesOf(stack)).filter(({ Type }) => Type === KEY_TYPE);
}

interface Asset {
  readonly hash: string;
  readonly files: string[];
}

/** The folders that synthesis has put into the assembly. */
function assetsOf(stack: Stack): Asset[] {
  const { directory } = appOf(stack).synth();
  return readdirSync(directory).flatMap(entry => {
    const [, hash] = /^asset\.([0-9a-f]+)$/.exec(entry) ?? [];
    return hash === undefined ? [] : [{ hash, files: readdirSync(join(directory, entry)) }];
  });
}

/** How long one run may take and how long CloudFormation waits, in seconds. */
function limitsOf(stack: Stack): { run: number; service: number } {
  return {
    run: Number(theOnly(FUNCTION_TYPE, stack).Properties.Timeout),
    service: Number(theOnly(KEY_TYPE, stack).Properties.ServiceTimeout),
  };
}

/** The logical ids that a resource needs, directly or through others. */
function neededBy(
  id: string,
  resources: Record<string, TemplateResource>,
  found = new Set<string>(),
): Set<string> {
  const { DependsOn = [], Properties = {} } = resources[id] ?? {};
  for (const needed of [...DependsOn, ...referencesIn(Properties)]) {
    if (found.has(needed) || !(needed in resources)) continue;
    found.add(needed);
    neededBy(needed, resources, found);
  }
  return found;
}

/** The logical ids behind each Ref and Fn::GetAtt. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'Ref') return [String(inner)];
    if (name === 'Fn::GetAtt' && Array.isArray(inner)) return [String(inner[0])];
    return referencesIn(inner);
  });
}
