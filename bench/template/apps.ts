import { App, CfnResource, CustomResource, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import {
  AwsCustomResource,
  AwsCustomResourcePolicy,
  PhysicalResourceId,
  PhysicalResourceIdReference,
  Provider,
} from 'aws-cdk-lib/custom-resources';
import { WafCaptchaApiKey, WafScope } from '../../lib';

/** One way to put keys into a stack. */
export type AddKeys = (stack: Stack, count: number) => void;

/** Ours, its rivals and the floor. Every key has two domains, and its APIKey and script URL could be read. */
export const ways: Readonly<Record<string, AddKeys>> = {
  '**ours**': addOurs,
  AwsCustomResource: addAwsCustomResources,
  'Provider framework': addProviderFramework,
  'bare CfnResource': addBareResources,
};

/** An app of stacks that hold keys; nothing is synthesized yet. */
export function appOf(add: AddKeys, stacks: number, keys: number, outdir: string): App {
  // no limit of resources: AwsCustomResource needs two a key
  const app = new App({ outdir, context: { '@aws-cdk/core:stackResourceLimit': 0 } });
  for (let stack = 0; stack < stacks; stack += 1) add(new Stack(app, `Stack${stack}`), keys);
  return app;
}

function addOurs(stack: Stack, count: number): void {
  for (let key = 0; key < count; key += 1) {
    new WafCaptchaApiKey(stack, `Key${key}`, { scope: WafScope.REGIONAL, tokenDomains: domainsOf(key) });
  }
}

// one resource for the key, and one for the URL of its script
function addAwsCustomResources(stack: Stack, count: number): void {
  const policy = AwsCustomResourcePolicy.fromSdkCalls({ resources: AwsCustomResourcePolicy.ANY_RESOURCE });
  for (let key = 0; key < count; key += 1) {
    const create = {
      service: 'wafv2',
      action: 'createAPIKey',
      parameters: { Scope: 'REGIONAL', TokenDomains: domainsOf(key) },
      physicalResourceId: PhysicalResourceId.fromResponse('APIKey'),
    };
    const remove = {
      service: 'wafv2',
      action: 'deleteAPIKey',
      parameters: { Scope: 'REGIONAL', APIKey: new PhysicalResourceIdReference() },
    };
    new AwsCustomResource(stack, `Key${key}`, {
      onUpdate: create,
      onDelete: remove,
      policy,
      installLatestAwsSdk: false,
    });
    const list = {
      service: 'wafv2',
      action: 'listAPIKeys',
      parameters: { Scope: 'REGIONAL', Limit: 1 },
      outputPaths: ['ApplicationIntegrationURL'],
      physicalResourceId: PhysicalResourceId.of('url'),
    };
    new AwsCustomResource(stack, `Url${key}`, { onUpdate: list, policy, installLatestAwsSdk: false });
  }
}

function addProviderFramework(stack: Stack, count: number): void {
  const code = Code.fromInline('exports.handler = async () => ({});');
  const onEventHandler = new LambdaFunction(stack, 'OnEvent', {
    runtime: Runtime.NODEJS_LATEST,
    handler: 'index.handler',
    code,
  });
  const { serviceToken } = new Provider(stack, 'Provider', { onEventHandler });
  for (let key = 0; key < count; key += 1) {
    const properties = { Scope: 'REGIONAL', TokenDomains: domainsOf(key) };
    new CustomResource(stack, `Key${key}`, { serviceToken, resourceType: 'Custom::Key', properties });
  }
}

function addBareResources(stack: Stack, count: number): void {
  for (let key = 0; key < count; key += 1) {
    const properties = { ServiceToken: 'token', Scope: 'REGIONAL', TokenDomains: domainsOf(key) };
    new CfnResource(stack, `Key${key}`, { type: 'Custom::Key', properties });
  }
}

function domainsOf(key: number): string[] {
  return ['example.com', `shop${key}.example.com`];
}
