import {
  CfnCondition,
  CfnOutput,
  CfnResource,
  CrossStackReferences,
  Fn,
  ReferenceStrength,
  Stack,
} from 'aws-cdk-lib';
import { Annotations as Findings, Match, Template } from 'aws-cdk-lib/assertions';
import { addKey, newApp, newStack, problemsOf, resourceOf, resourcesOf, theOnly } from './synthesize';

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

test.each([
  [
    'TokenDomains',
    ['https://example.org', 'example.net'],
    'tokenDomains: expected a bare host name such as "example.com", got "https://example.org": it has a scheme',
  ],
  ['TokenDomains', [], 'tokenDomains: expected 1 to 5 different domains, got 0'],
  ['TokenDomains', undefined, 'tokenDomains: expected a list of host names, got undefined'],
  ['Scope', 'GLOBAL', 'scope: expected REGIONAL or CLOUDFRONT, got "GLOBAL"'],
  ['Rotation', ' ', 'rotation: expected a text that is not blank, got " "'],
  ['ExistingApiKey', '', 'existingApiKey: expected a text that is not blank, got ""'],
])('a property that is overridden is checked like a prop: %s %j', (name, value, problem) => {
  const stack = newStack();
  resourceOf(addKey(stack)).addPropertyOverride(name, value);

  expect(problemsOf(stack)).toEqual([problem]);
});

test('names that are overridden give the warnings of those in the template', () => {
  const stack = newStack();
  const resource = resourceOf(addKey(stack, 'Key', { tokenDomains: ['localhost'] }));
  resource.addPropertyOverride('TokenDomains', ['intranet', { Ref: 'Domain' }]);

  expect(Findings.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([
    expect.objectContaining({
      entry: expect.objectContaining({ data: expect.stringContaining('"intranet" has a single label') }),
    }),
  ]);
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
