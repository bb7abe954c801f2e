import { App, CfnOutput, CfnParameter, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { AppRequest } from './key-account';

/** What the app is to build, as JSON in its context `request`. */
export interface StackRequest extends AppRequest {
  readonly stackName: string;
  /** By construct id. */
  readonly keys: Readonly<Record<string, KeyRequest>>;
  /** Adds a resource that SSM refuses, once these keys are created. */
  readonly refusedAfter?: readonly string[];
}

export interface KeyRequest {
  readonly scope: keyof typeof WafScope;
  /** @default - the template's parameter TokenDomains, which only the handler can check; for one key at most */
  readonly tokenDomains?: string[];
  readonly retain?: boolean;
  readonly rotation?: string;
  readonly existingApiKey?: string;
  readonly keepPreviousKey?: boolean;
}

const app = new App();
const { stackName, keys, refusedAfter } = JSON.parse(app.node.getContext('request')) as StackRequest;
const stack = new Stack(app, stackName);
for (const [id, request] of Object.entries(keys)) addKey(id, request);
if (refusedAfter) addRefusedResource(refusedAfter);

/** A key, its outputs, and a resource that takes it. */
function addKey(id: string, { scope, tokenDomains = parameterDomains(), retain, ...rest }: KeyRequest): void {
  const key = new WafCaptchaApiKey(stack, id, {
    scope: WafScope[scope],
    tokenDomains,
    removalPolicy: retain ? RemovalPolicy.RETAIN : undefined,
    ...rest,
  });
  new CfnOutput(stack, `${id}APIKey`, { value: key.apiKey });
  new CfnOutput(stack, `${id}ScriptUrl`, { value: key.scriptUrl });
  new ssm.StringParameter(stack, `${id}Copy`, {
    parameterName: `/${stackName}/${id}`,
    stringValue: key.apiKey,
  });
}

function parameterDomains(): string[] {
  return new CfnParameter(stack, 'TokenDomains', { type: 'CommaDelimitedList' }).valueAsList;
}

function addRefusedResource(keyIds: readonly string[]): void {
  const parameter = new ssm.CfnParameter(stack, 'Refused', { type: 'String', value: '' });
  for (const id of keyIds) parameter.node.addDependency(stack.node.findChild(id));
}
