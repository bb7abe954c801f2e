import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  ArnFormat,
  CfnOutput,
  CfnParameter,
  CustomResource,
  Duration,
  Fn,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import { buildSync } from 'esbuild';
import {
  type AppRequest,
  type KeyRequest,
  NEIGHBOUR_TYPE,
  type NeighbourRequest,
  type ObserverRequest,
  type StackRequest,
  TWIN_TYPE,
} from './request';

const app = new App();
const request = JSON.parse(app.node.getContext('request')) as AppRequest;
if (request.kind === 'observer') buildObserver(request);
else buildStack(request);

/** The function that writes down what custom resources receive, in the CDK's own bucket. */
function buildObserver({ stackName, observer }: ObserverRequest): void {
  const stack = new Stack(app, stackName);
  const bucket = `cdk-hnb659fds-assets-${stack.account}-${stack.region}`;
  const folder = `conformance/${observer}/`;
  const code = mkdtempSync(join(tmpdir(), 'observer-'));
  buildSync({
    entryPoints: [join(__dirname, 'observer', 'index.ts')],
    outfile: join(code, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  const handler = new lambda.Function(stack, 'Observer', {
    functionName: observer,
    runtime: lambda.determineLatestNodeRuntime(stack),
    handler: 'index.handler',
    code: lambda.Code.fromAsset(code),
    timeout: Duration.minutes(1),
    memorySize: 256,
    environment: { BUCKET: bucket, FOLDER: folder },
    logGroup: new logs.LogGroup(stack, 'LogGroup', {
      retention: logs.RetentionDays.ONE_DAY,
      removalPolicy: RemovalPolicy.DESTROY,
    }),
  });
  const arn = Fn.join('', ['arn:', stack.partition, ':s3:::', bucket]);
  const objects = Fn.join('', [arn, '/', folder, '*']);
  handler.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      resources: [objects],
    }),
  );
  handler.addToRolePolicy(new iam.PolicyStatement({ actions: ['s3:ListBucket'], resources: [arn] }));
}

function buildStack(request: StackRequest): void {
  const stack = new Stack(app, request.stackName);
  for (const [id, key] of Object.entries(request.keys)) addKey(stack, request, id, key);
  if (request.neighbour) addNeighbour(stack, request, request.neighbour);
  if (request.attributeProbe) addAttributeProbe(stack, request, request.attributeProbe);
}

function addKey(stack: Stack, request: StackRequest, id: string, key: KeyRequest): void {
  const { scope, tokenDomains = parameterDomains(stack), retain, twin, after = [], ...rest } = key;
  const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
  const construct = new WafCaptchaApiKey(stack, id, {
    scope: WafScope[scope],
    tokenDomains,
    removalPolicy,
    ...rest,
  });
  for (const former of after) construct.node.addDependency(stack.node.findChild(former));
  const { apiKey, scriptUrl } = construct;
  new CfnOutput(stack, `${id}APIKey`, { value: apiKey });
  new CfnOutput(stack, `${id}ScriptUrl`, { value: scriptUrl });
  if (!twin) return;
  new CustomResource(stack, twinOf(id), {
    serviceToken: serviceToken(stack, request),
    resourceType: TWIN_TYPE,
    removalPolicy,
    properties: {
      Scope: scope,
      TokenDomains: tokenDomains,
      Rotation: key.rotation,
      ExistingApiKey: key.existingApiKey,
      KeepPreviousKey: key.keepPreviousKey,
      HoldSeconds: request.holdSeconds,
    },
  });
}

function addNeighbour(stack: Stack, request: StackRequest, { fails, after, change }: NeighbourRequest): void {
  const neighbour = new CustomResource(stack, 'Neighbour', {
    serviceToken: serviceToken(stack, request),
    resourceType: NEIGHBOUR_TYPE,
    properties: { Fails: fails ?? false, Change: change },
  });
  for (const id of after ?? Object.keys(request.keys)) {
    neighbour.node.addDependency(stack.node.findChild(id));
    const twin = stack.node.tryFindChild(twinOf(id));
    if (twin) neighbour.node.addDependency(twin);
  }
}

/** A replacement that is rolled back while the provider gives no attributes, and an output that reads one. */
function addAttributeProbe(stack: Stack, request: StackRequest, phase: 'before' | 'after'): void {
  const probe = new CustomResource(stack, 'Attributes', {
    serviceToken: serviceToken(stack, request),
    resourceType: 'Custom::AttributeProbe',
    properties: {
      Scope: 'REGIONAL',
      TokenDomains: [phase],
      // a Create always gives attributes: only the rollback's Update is without
      NoDataOnUpdate: phase === 'before',
      HoldSeconds: 0,
    },
  });
  new CfnOutput(stack, 'Attribute', { value: probe.getAttString('Desired') });
  const neighbour = new CustomResource(stack, 'Neighbour', {
    serviceToken: serviceToken(stack, request),
    resourceType: NEIGHBOUR_TYPE,
    properties: { Fails: phase === 'after', Attribute: probe.getAttString('Desired') },
  });
  neighbour.node.addDependency(probe);
}

function twinOf(id: string): string {
  return `${id}Twin`;
}

function serviceToken(stack: Stack, { observer }: StackRequest): string {
  return stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: observer,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

function parameterDomains(stack: Stack): string[] {
  return new CfnParameter(stack, 'TokenDomains', { type: 'CommaDelimitedList' }).valueAsList;
}
