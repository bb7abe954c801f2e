import { CfnResource, type Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';
import { addKey, newStack, resourcesOf, stackWithKey } from './synthesize';

const REGIONS = ['eu-west-1', 'us-east-1', 'cn-north-1', 'us-gov-west-1', undefined];

describe('the pack AwsSolutions', () => {
  test.each(REGIONS)('finds nothing in Region %s', region => {
    expect(findingsOf(new AwsSolutionsChecks(), stackWithKey({}, region))).toEqual([]);
  });

  test('would find what else the stack has', () => {
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

// these two are a matter of taste: the function answers CloudFormation, which reports what fails
test('the pack Serverless does not find the wildcard either', () => {
  const rules = findingsOf(new ServerlessChecks(), stackWithKey()).map(finding => finding.split(' ')[0]);

  expect(rules).toEqual(['Serverless-LambdaDLQ', 'Serverless-LambdaTracing']);
});

test('an acknowledgement says why, and stands in no template', () => {
  const stack = newStack();
  addKey(stack);
  const { metadata } = stack.node.findChild('WafCaptchaApiKeyProvider').node.findChild('Role').node;

  const reasons = metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.values(data));

  expect(reasons).toHaveLength(2);
  for (const reason of reasons) expect(reason).toContain('no resource type');
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
