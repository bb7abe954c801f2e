import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, type Environment, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Construct } from 'constructs';
import { WafCaptchaApiKey, type WafCaptchaApiKeyProps, WafScope } from '../../lib';

// the App's own check of its templates costs a second and more in each test file; one test turns it back on
process.env.CDK_VALIDATION = 'false';

// an App removes its assembly when the process ends, which it does not notice under jest
const assemblies = mkdtempSync(join(tmpdir(), 'test-lib-'));
afterAll(() => rmSync(assemblies, { recursive: true }));

/** One entry of a template's `Resources`. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** An App whose assembly goes with the test file. */
export function newApp(context?: Record<string, unknown>): App {
  return new App({ context, outdir: mkdtempSync(join(assemblies, 'cdk.out-')) });
}

/** A stack in an App of its own; agnostic of its environment where no Region is given. */
export function newStack(region?: string, context?: Record<string, unknown>): Stack {
  const env: Environment | undefined = region === undefined ? undefined : { account: '111111111111', region };
  return new Stack(newApp(context), 'Stack', { env });
}

/** Adds a key, of scope REGIONAL for example.com where `props` do not say otherwise. */
export function addKey(
  scope: Construct,
  id = 'Key',
  props: Partial<WafCaptchaApiKeyProps> = {},
): WafCaptchaApiKey {
  return new WafCaptchaApiKey(scope, id, {
    scope: WafScope.REGIONAL,
    tokenDomains: ['example.com'],
    ...props,
  });
}

/** A stack with one key. */
export function stackWithKey(props: Partial<WafCaptchaApiKeyProps> = {}, region?: string): Stack {
  const stack = newStack(region);
  addKey(stack, 'Key', props);
  return stack;
}

/** The resource of a key, for escape hatches. */
export function resourceOf(key: WafCaptchaApiKey): CfnResource {
  const { defaultChild } = key.node;
  if (!CfnResource.isCfnResource(defaultChild))
    throw new Error('expected the default child to be a CfnResource');
  return defaultChild;
}

/** The App that a stack is in. */
export function appOf(stack: Stack): App {
  const { root } = stack.node;
  if (!App.isApp(root)) throw new Error('expected the stack to be in an App');
  return root;
}

/** The resources of a stack's template by logical id. */
export function resourcesOf(stack: Stack): Record<string, TemplateResource> {
  return Template.fromStack(stack).toJSON().Resources ?? {};
}

/** The one resource of a type. */
export function theOnly(type: string, stack: Stack): TemplateResource {
  const [found, ...more] = Object.values(resourcesOf(stack)).filter(resource => resource.Type === type);
  if (found === undefined || more.length > 0) {
    throw new Error(
      `expected one resource of type ${type}, got ${found === undefined ? 0 : 1 + more.length}`,
    );
  }
  return found;
}

/** What the constructs of a stack find wrong when synthesis ends. */
export function problemsOf(stack: Stack): string[] {
  return stack.node.findAll().flatMap(construct => construct.node.validate());
}
