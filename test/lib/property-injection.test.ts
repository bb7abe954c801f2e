import { Duration, type InjectionContext, type IPropertyInjector, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { WafCaptchaApiKey, WafCaptchaApiKeyProvider } from '../../lib';
import { addKey, newApp, problemsOf, resourcesOf, theOnly } from './synthesize';

// `logRetention` is deprecated, but companies still set it
process.env.JSII_DEPRECATED = 'quiet';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';
const FUNCTION_TYPE = 'AWS::Lambda::Function';
const OWN_FUNCTION = 'WafCaptchaApiKeyProviderHandler3F6E30B9';

describe('an injector for the key', () => {
  test('may set its props, but the app’s own props win', () => {
    const stack = stackWith(
      injector(WafCaptchaApiKey, { rotation: 'company', removalPolicy: RemovalPolicy.RETAIN }),
    );
    addKey(stack);
    addKey(stack, 'Other', { rotation: 'own' });

    const { Key961B73FD, Other34654A52 } = resourcesOf(stack);
    expect(Key961B73FD).toMatchObject({ Properties: { Rotation: 'company' }, DeletionPolicy: 'Retain' });
    expect(Other34654A52).toMatchObject({ Properties: { Rotation: 'own' }, DeletionPolicy: 'Retain' });
  });

  test('is told the scope, and the nearest injector wins', () => {
    const contexts: InjectionContext[] = [];
    const app = newApp();
    app.node.setContext('unused', true);
    const outer = injector(WafCaptchaApiKey, { rotation: 'outer' });
    const inner = injector(WafCaptchaApiKey, { rotation: 'inner' }, contexts);
    const stack = new Stack(new Stack(app, 'Outer', { propertyInjectors: [outer] }), 'Inner', {
      propertyInjectors: [inner],
    });
    addKey(stack);

    expect(theOnly(KEY_TYPE, stack).Properties.Rotation).toBe('inner');
    expect(contexts).toEqual([{ scope: stack, id: 'Key' }]);
  });

  test('has its props checked like the app’s own', () => {
    const stack = stackWith(injector(WafCaptchaApiKey, { rotation: ' ' }));

    expect(() => addKey(stack)).toThrow('Stack/Key: rotation: expected a text that is not blank');
  });
});

describe('an injector for the provider', () => {
  test.each([
    ['with the first key', (stack: Stack) => void addKey(stack)],
    ['by itself', (stack: Stack) => void new WafCaptchaApiKeyProvider(stack, 'WafCaptchaApiKeyProvider')],
  ])('may set its props, where it is created %s', (_, create) => {
    const stack = stackWith(injector(WafCaptchaApiKeyProvider, { memorySize: 1024 }));
    create(stack);

    expect(theOnly(FUNCTION_TYPE, stack).Properties.MemorySize).toBe(1024);
  });
});

// companies set these for all functions; `aws-cdk-lib` refuses some of them beside others
describe('an injector for every lambda.Function', () => {
  test.each([
    ['retryAttempts', () => ({ retryAttempts: 0 })],
    ['maxEventAge', () => ({ maxEventAge: Duration.minutes(5) })],
    ['logRetention', () => ({ logRetention: RetentionDays.ONE_WEEK })],
    ['a log group', (scope: Stack) => ({ logGroup: LogGroup.fromLogGroupName(scope, 'Logs', 'company') })],
    ['an environment variable', () => ({ environment: { COMPANY: 'yes' } })],
    ['a VPC', (scope: Stack) => ({ vpc: Vpc.fromVpcAttributes(scope, 'Vpc', VPC) })],
  ])('may set %s', (_, settings) => {
    for (const context of [{}, recommendedFlags]) {
      const stack = stackWith(injectorInto(LambdaFunction, settings), context);
      addKey(stack);

      const resources = resourcesOf(stack);
      expect(problemsOf(stack)).toEqual([]);
      expect(resources[OWN_FUNCTION]?.Properties).toMatchObject({
        LoggingConfig: { LogGroup: { Ref: 'WafCaptchaApiKeyProviderLogGroupCDB58F6A' } },
        Role: { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderRole1CD92BEF', 'Arn'] },
      });
      expect(resources.Key961B73FD?.Properties.ServiceToken).toEqual({ 'Fn::GetAtt': [OWN_FUNCTION, 'Arn'] });
    }
  });

  test('that sets retry attempts adds one event invoke config, on which keys depend', () => {
    const stack = stackWith(injector(LambdaFunction, { retryAttempts: 0, maxEventAge: Duration.minutes(5) }));
    addKey(stack);

    expect(theOnly('AWS::Lambda::EventInvokeConfig', stack).Properties).toMatchObject({
      FunctionName: { Ref: OWN_FUNCTION },
      MaximumEventAgeInSeconds: 300,
      MaximumRetryAttempts: 0,
    });
    const [config] =
      Object.entries(resourcesOf(stack)).find(([, { Type }]) => Type.endsWith('InvokeConfig')) ?? [];
    expect(theOnly(KEY_TYPE, stack).DependsOn).toContain(config);
  });

  test('that sets a VPC brings the permissions for it', () => {
    const stack = stackWith(
      injectorInto(LambdaFunction, scope => ({ vpc: Vpc.fromVpcAttributes(scope, 'Vpc', VPC) })),
    );
    addKey(stack);

    expect(JSON.stringify(theOnly('AWS::IAM::Role', stack).Properties.Policies)).toContain(
      'ec2:CreateNetworkInterface',
    );
  });

  test('does not hide the id of the stack', () => {
    const stack = stackWith(injector(LambdaFunction, { environment: { COMPANY: 'yes' } }));
    addKey(stack);

    expect(theOnly(FUNCTION_TYPE, stack).Properties.Environment).toMatchObject({
      Variables: { STACK_ID: { Ref: 'AWS::StackId' } },
    });
  });
});

const VPC = {
  vpcId: 'vpc-1',
  availabilityZones: ['a'],
  privateSubnetIds: ['subnet-1'],
  privateSubnetRouteTableIds: ['rtb-1'],
};

interface Injectable {
  readonly PROPERTY_INJECTION_ID: string;
}

function stackWith(propertyInjector: IPropertyInjector, context: Record<string, unknown> = {}): Stack {
  return new Stack(newApp(context), 'Stack', { propertyInjectors: [propertyInjector] });
}

/** Sets these props where the app leaves them out. */
function injector(target: Injectable, props: object, contexts: InjectionContext[] = []): IPropertyInjector {
  return injectorInto(
    target,
    () => props,
    context => contexts.push(context),
  );
}

function injectorInto(
  target: Injectable,
  propsIn: (stack: Stack) => object,
  onInject: (context: InjectionContext) => void = () => undefined,
): IPropertyInjector {
  return {
    constructUniqueId: target.PROPERTY_INJECTION_ID,
    inject(originalProps: object, context) {
      onInject(context);
      return { ...propsIn(Stack.of(context.scope)), ...originalProps };
    },
  };
}
