import { CfnResource } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { addKey, newStack } from './synthesize';

describe('CDK’s own check of templates', () => {
  // with these, findings of any weight fail synthesis
  const strict = {
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    '@aws-cdk/core:strictCfnValidateErrors': true,
  };

  beforeAll(() => {
    process.env.CDK_VALIDATION = 'true';
  });
  afterAll(() => {
    process.env.CDK_VALIDATION = 'false';
  });

  test.each(['eu-west-1', undefined])('finds nothing in Region %s', region => {
    const stack = newStack(region, strict);
    addKey(stack);

    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('would find a property that does not exist', () => {
    const stack = newStack('eu-west-1', strict);
    new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue', properties: { NoSuchProperty: 1 } });

    expect(() => Template.fromStack(stack)).toThrow('NoSuchProperty');
  });
});
