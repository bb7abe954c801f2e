import { Aspects, type IAspect, RemovalPolicies, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import type { IConstruct } from 'constructs';
import { addKey, newApp, newStack, resourcesOf, stackWithKey, theOnly } from './synthesize';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';
const LOG_GROUP_TYPE = 'AWS::Logs::LogGroup';

describe('a permissions boundary in the context', () => {
  const context = { '@aws-cdk/core:permissionsBoundary': { name: 'boundary' } };

  test('bounds the role and leaves the key alone', () => {
    const stack = newStack('eu-west-1', context);
    addKey(stack);

    expect(JSON.stringify(theOnly('AWS::IAM::Role', stack).Properties.PermissionsBoundary)).toContain(
      'policy/boundary',
    );
    expect(theOnly(KEY_TYPE, stack)).toEqual(theOnly(KEY_TYPE, stackWithKey({}, 'eu-west-1')));
  });
});

describe('an aspect', () => {
  test('may set removal policies, including those of keys', () => {
    const stack = stackWithKey();
    RemovalPolicies.of(stack).retain();

    for (const type of [KEY_TYPE, LOG_GROUP_TYPE]) {
      expect(theOnly(type, stack)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });

  test('may set removal policies of log groups alone', () => {
    const stack = stackWithKey();
    RemovalPolicies.of(stack).retain({ applyToResourceTypes: [LOG_GROUP_TYPE] });

    expect(theOnly(LOG_GROUP_TYPE, stack).DeletionPolicy).toBe('Retain');
    expect(theOnly(KEY_TYPE, stack)).toEqual(theOnly(KEY_TYPE, stackWithKey()));
  });

  test('may set how long the log group keeps its events', () => {
    const stack = stackWithKey();
    Aspects.of(stack).add(
      visiting(construct => {
        if (construct instanceof CfnLogGroup) construct.retentionInDays = 365;
      }),
    );

    expect(theOnly(LOG_GROUP_TYPE, stack).Properties).toEqual({ RetentionInDays: 365 });
  });
});

describe('feature flags', () => {
  const off = Object.fromEntries(Object.keys(recommendedFlags).map(flag => [flag, false]));

  test('change nothing when all that CDK recommends are off', () => {
    const stack = newStack('eu-west-1', off);
    addKey(stack);

    expect(Template.fromStack(stack).toJSON()).toEqual(
      Template.fromStack(stackWithKey({}, 'eu-west-1')).toJSON(),
    );
  });
});

describe('stages', () => {
  test('with the same stack get the same template each', () => {
    const app = newApp();
    const stages = ['Test', 'Production'].map(id => new Stage(app, id));
    for (const stage of stages) addKey(new Stack(stage, 'Stack'));

    const templates = stages.map(stage => stage.synth().stacks.map(({ template }) => template.Resources));

    expect(templates).toEqual([[resourcesOf(stackWithKey())], [resourcesOf(stackWithKey())]]);
  });
});

describe('tags of the stack itself', () => {
  test('leave the template unchanged', () => {
    const stack = new Stack(newApp(), 'Stack', { tags: { team: 'web' } });
    addKey(stack);

    expect(resourcesOf(stack)).toEqual(resourcesOf(stackWithKey()));
    expect(stack.tags.tagValues()).toEqual({ team: 'web' });
  });
});

function visiting(visit: (construct: IConstruct) => void): IAspect {
  return { visit };
}
