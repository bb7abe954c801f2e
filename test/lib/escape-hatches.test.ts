import {
  CfnCondition,
  CfnOutput,
  CfnResource,
  CrossStackReferences,
  Fn,
  ReferenceStrength,
  Stack,
} from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { WafCaptchaApiKey } from '../../lib';
import { addKey, newApp, newStack, resourcesOf, theOnly } from './synthesize';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';

test('the default child of a key is its resource', () => {
  const key = addKey(newStack());

  expect(resourceOf(key).cfnResourceType).toBe(KEY_TYPE);
});

test('another logical id keeps the attributes working', () => {
  const stack = newStack();
  const key = addKey(stack, 'Renamed');
  resourceOf(key).overrideLogicalId('Key961B73FD');
  new CfnOutput(stack, 'Output', { value: key.apiKey });

  expect(resourcesOf(stack)).toHaveProperty('Key961B73FD');
  Template.fromStack(stack).hasOutput('Output', { Value: { 'Fn::GetAtt': ['Key961B73FD', 'APIKey'] } });
});

test('properties can be overridden, added and deleted', () => {
  const stack = newStack();
  const resource = resourceOf(addKey(stack, 'Key', { rotation: '1' }));
  resource.addPropertyOverride('TokenDomains.0', 'example.org');
  resource.addPropertyOverride('ServiceTimeout', '600');
  resource.addPropertyDeletionOverride('Rotation');
  resource.addMetadata('Team', 'web');

  expect(theOnly(KEY_TYPE, stack)).toMatchObject({
    Properties: { TokenDomains: ['example.org'], ServiceTimeout: '600' },
    Metadata: { Team: 'web' },
  });
  expect(theOnly(KEY_TYPE, stack).Properties).not.toHaveProperty('Rotation');
});

test('a condition and dependencies can be set', () => {
  const stack = newStack();
  const resource = resourceOf(addKey(stack));
  resource.cfnOptions.condition = new CfnCondition(stack, 'Wanted', {
    expression: Fn.conditionEquals('a', 'b'),
  });
  resource.node.addDependency(new CfnResource(stack, 'First', { type: 'AWS::SNS::Topic' }));

  expect(theOnly(KEY_TYPE, stack)).toMatchObject({
    Condition: 'Wanted',
    DependsOn: ['First', 'WafCaptchaApiKeyProviderHandler3F6E30B9'],
  });
});

// older releases of aws-cdk-lib have none
test('references from another stack can be made weak, where aws-cdk-lib has them', () => {
  if (CrossStackReferences === undefined) return;
  const app = newApp();
  const [producer, consumer] = ['Producer', 'Consumer'].map(id => new Stack(app, id)) as [Stack, Stack];
  const key = addKey(producer);
  CrossStackReferences.of(key).produce(ReferenceStrength.WEAK);
  new CfnOutput(consumer, 'Output', { value: key.apiKey });

  expect(JSON.stringify(Template.fromStack(consumer).toJSON())).toContain('"Fn::GetStackOutput"');
});

function resourceOf(key: WafCaptchaApiKey): CfnResource {
  const { defaultChild } = key.node;
  if (!CfnResource.isCfnResource(defaultChild))
    throw new Error('expected the default child to be a CfnResource');
  return defaultChild;
}
