import { CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  type NagPack,
  NIST80053R4Checks,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} from 'cdk-nag';
import { AuditedStack } from '../../examples/provider/audited';
import { InVpcStack } from '../../examples/provider/in-vpc';
import { WafCaptchaApiKeyProvider } from '../../lib';
import { addKey, newApp, newStack, resourcesOf, stackWithKey } from './synthesize';

const REGIONS = ['eu-west-1', 'us-east-1', 'cn-north-1', 'us-gov-west-1', undefined];

describe('the pack AwsSolutions', () => {
  test.each(REGIONS)('finds nothing in Region %s', region => {
    expect(findingsOf(new AwsSolutionsChecks(), stackWithKey({}, region))).toEqual([]);
  });

  test('would find problems elsewhere in the stack', () => {
    const stack = stackWithKey();
    new Bucket(stack, 'Bucket');

    expect(findingsOf(new AwsSolutionsChecks(), stack)).toContain('AwsSolutions-S1 Stack/Bucket/Resource');
  });

  // the acknowledgement is for the one statement that AWS WAF's API forces
  test('would find a wildcard action in the role', () => {
    const stack = stackWithKey();
    const role = stack.node.findChild('WafCaptchaApiKeyProvider').node.findChild('Role');
    const resource = role.node.defaultChild;
    if (!CfnResource.isCfnResource(resource)) throw new Error('expected the role to have a resource');
    Reflect.set(resource, 'policies', [
      {
        policyName: 'ApiKeys',
        policyDocument: { Statement: [{ Effect: 'Allow', Action: 'wafv2:*', Resource: '*' }] },
      },
    ]);

    expect(findingsOf(new AwsSolutionsChecks(), stack)).toEqual([
      'AwsSolutions-IAM5[Action::wafv2:*] Stack/WafCaptchaApiKeyProvider/Role/Resource',
    ]);
  });
});

describe('what the app adds to the function’s role', () => {
  const wildcard = new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] });
  const path = 'Stack/WafCaptchaApiKeyProvider/Role/DefaultPolicy/Resource';

  test.each([
    ['without settings', {}],
    ['traced', { tracing: Tracing.ACTIVE }],
  ])('is found: a wildcard, with a function %s', (_, props) => {
    const stack = newStack('eu-west-1');
    new WafCaptchaApiKeyProvider(stack, 'WafCaptchaApiKeyProvider', props);
    addKey(stack);
    WafCaptchaApiKeyProvider.of(stack).role.addToPrincipalPolicy(wildcard);

    expect(findingsOf(new AwsSolutionsChecks(), stack)).toEqual([`AwsSolutions-IAM5[Resource::*] ${path}`]);
    expect(findingsOf(new HIPAASecurityChecks(), stack)).toContain(
      `HIPAA.Security-IAMNoInlinePolicy ${path}`,
    );
  });

  test('is found: a wildcard, with a dead-letter queue', () => {
    const stack = newStack('eu-west-1');
    const deadLetterQueue = Queue.fromQueueArn(stack, 'Queue', 'arn:aws:sqs:eu-west-1:111111111111:queue');
    new WafCaptchaApiKeyProvider(stack, 'WafCaptchaApiKeyProvider', { deadLetterQueue });
    addKey(stack);
    WafCaptchaApiKeyProvider.of(stack).role.addToPrincipalPolicy(wildcard);

    expect(findingsOf(new AwsSolutionsChecks(), stack)).toEqual([`AwsSolutions-IAM5[Resource::*] ${path}`]);
  });
});

describe('the packs with rules of standards', () => {
  const packs = {
    AwsSolutions: AwsSolutionsChecks,
    HIPAA: HIPAASecurityChecks,
    'NIST 800-53 R4': NIST80053R4Checks,
    'NIST 800-53 R5': NIST80053R5Checks,
    'PCI DSS': PCIDSS321Checks,
    Serverless: ServerlessChecks,
  };
  const env = { account: '111111111111', region: 'eu-west-1' };

  test.each(Object.entries(packs))('%s finds nothing with the settings that the docs show', (_, Pack) => {
    const app = newApp();
    const platform = new Stack(app, 'Platform', { env });
    const stack = new AuditedStack(app, 'Stack', {
      env,
      vpc: new Vpc(platform, 'Vpc'),
      deadLetterQueue: new Queue(platform, 'Queue'),
      encryptionKey: new Key(platform, 'Key'),
    });

    expect(findingsOf(new Pack(), stack)).toEqual([]);
  });

  test.each(Object.entries(packs))('%s finds nothing in a VPC under a role of the app’s own', (_, Pack) => {
    const findings = findingsOf(new Pack(), new InVpcStack(newApp(), 'Stack', { env }));

    expect(findings.filter(finding => !/-Lambda|LogGroup|Vpc\//.test(finding))).toEqual([]);
  });

  // what AWS WAF and a custom resource force on nobody
  test.each([
    [
      HIPAASecurityChecks,
      ['CloudWatchLogGroupEncrypted', 'LambdaConcurrency', 'LambdaDLQ', 'LambdaInsideVPC'],
    ],
    [NIST80053R4Checks, ['CloudWatchLogGroupEncrypted', 'LambdaInsideVPC']],
    [NIST80053R5Checks, ['CloudWatchLogGroupEncrypted', 'LambdaConcurrency', 'LambdaDLQ', 'LambdaInsideVPC']],
    [PCIDSS321Checks, ['CloudWatchLogGroupEncrypted', 'LambdaInsideVPC']],
    [ServerlessChecks, ['LambdaDLQ', 'LambdaTracing']],
  ] as const)('%p finds without them what only the settings can meet', (Pack, rules) => {
    const findings = findingsOf(new Pack(), stackWithKey({}, 'eu-west-1'));

    expect(findings.map(finding => finding.replace(/^.*-(\w+) .*$/, '$1'))).toEqual(rules);
  });

  test('would find an inline policy that is the app’s own', () => {
    const stack = stackWithKey();
    new Role(stack, 'Role', {
      assumedBy: new AnyPrincipal(),
      inlinePolicies: {
        Own: new PolicyDocument({
          statements: [new PolicyStatement({ actions: ['s3:GetObject'], resources: ['arn'] })],
        }),
      },
    });

    expect(findingsOf(new HIPAASecurityChecks(), stack)).toContain(
      'HIPAA.Security-IAMNoInlinePolicy Stack/Role/Resource',
    );
  });
});

test('an acknowledgement says why, and is in no template', () => {
  const stack = newStack();
  addKey(stack);
  const { defaultChild } = WafCaptchaApiKeyProvider.of(stack).role.node;

  const reasons = (defaultChild?.node.metadata ?? [])
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.values(data));

  expect(reasons).toHaveLength(6);
  for (const reason of reasons) expect(reason).toMatch(/no resource type|before that/);
  expect(JSON.stringify(resourcesOf(stack))).not.toContain('Metadata');
});

/** What a pack finds in a stack, as `rule path`. */
function findingsOf(pack: NagPack, stack: Stack): string[] {
  return pack
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}
