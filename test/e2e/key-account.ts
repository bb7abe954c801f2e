import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  type StackResource,
} from '@aws-sdk/client-cloudformation';
import { ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { type CdkResult, runCdk } from '../../local-aws/cdk-cli';
import { responsePath } from '../../local-aws/custom-resource-responses';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../local-aws/local-aws';

/** Overrides of the account’s defaults. */
export type AccountOptions = Pick<LocalAwsOptions, 'region' | 'variants'> & {
  /** @default - test/e2e/app.ts */
  readonly app?: string;
};

const root = join(__dirname, '..', '..');

/** What the app under test is told, as JSON in its context `request`: at least the stack that it is to build. */
export interface AppRequest {
  readonly stackName: string;
  readonly [detail: string]: unknown;
}

/** How a stack is to be deployed. */
export interface DeploymentOptions {
  /** The domains for keys that have none in the request. */
  readonly tokenDomains?: readonly string[];
  /** Without a change set and without the synthesizer's look at the whole template. @default false */
  readonly quick?: boolean;
  /** Whether a failure takes the stack back; otherwise it is deployed with `--no-rollback`. @default true */
  readonly rollback?: boolean;
}

export interface DeploymentResult extends CdkResult {
  /** As the CLI wrote them to a file; empty when it failed. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** What DescribeStacks says. */
export interface StackDescription {
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A local AWS account of its own, and what users have at hand: the real CLI and the real SDK. */
export class KeyAccount {
  private readonly ending = new AbortController();
  private deployments = 0;

  private constructor(
    readonly aws: LocalAws,
    private readonly region: string,
    private readonly refusals: readonly string[],
    private readonly app: string,
  ) {}

  static async open({ region = 'us-east-1', variants, app }: AccountOptions = {}): Promise<KeyAccount> {
    const refusals: string[] = [];
    const onRefusal = (line: string) => refusals.push(line);
    const aws = await startLocalAws({ region, variants, onRefusal });
    return new KeyAccount(aws, region, refusals, app ?? 'test/e2e/app.ts');
  }

  /**
   * Ends the CLI, if it still runs, and everything else.
   *
   * @throws when anybody asked for what is not imitated, and when a log holds a part of an API key or a response URL.
   */
  async close(): Promise<void> {
    this.ending.abort(new Error('the account is closed'));
    await this.aws.close();
    this.checkLogs();
    // where the CLI looks for the cause of a failure, and does without
    const unexpected = this.refusals.filter(line => !/the service (cloudtrail|logs) /.test(line));
    if (unexpected.length > 0) throw new Error(`expected no refusals, got ${unexpected.join('; ')}`);
  }

  /** `cdk deploy`. */
  async deploy(request: AppRequest, options: DeploymentOptions = {}): Promise<DeploymentResult> {
    const file = join(this.aws.environment.TMPDIR ?? '', `outputs-${this.deployments++}.json`);
    const { tokenDomains, quick = false, rollback = true } = options;
    const args = [
      'deploy',
      ...['--require-approval', 'never', '--outputs-file', file],
      ...(tokenDomains ? ['--parameters', `TokenDomains=${tokenDomains.join(',')}`] : []),
      ...(quick ? ['--method', 'direct'] : []),
      ...(rollback ? [] : ['--no-rollback']),
    ];
    const result = await this.cdk(request, args, quick);
    return { ...result, outputs: result.exitCode === 0 ? await readOutputs(file, request.stackName) : {} };
  }

  /** `cdk destroy`. */
  destroy(request: AppRequest): Promise<CdkResult> {
    return this.cdk(request, ['destroy', '--force'], true);
  }

  /** `cdk rollback`. */
  rollBack(request: AppRequest): Promise<CdkResult> {
    return this.cdk(request, ['rollback', request.stackName], true);
  }

  /** ContinueUpdateRollback, until the stack has come to rest; `skipped` are construct ids of keys. */
  async continueRollback(request: AppRequest, skipped: readonly string[] = []): Promise<void> {
    const keys = await this.keyResources(request);
    const ResourcesToSkip = skipped.map(id => keys.get(id)?.LogicalResourceId ?? id);
    const command = new ContinueUpdateRollbackCommand({ StackName: request.stackName, ResourcesToSkip });
    await this.cloudFormation(client => client.send(command));
    const { engine } = this.aws.cloudFormation;
    const stack = engine.find(this.region, request.stackName);
    if (stack) await engine.settled(stack);
  }

  /** The stack, or `undefined` when there is none. */
  async describe({ stackName }: AppRequest): Promise<StackDescription | undefined> {
    const { Stacks = [] } = await this.cloudFormation(client => client.send(new DescribeStacksCommand({})));
    const stack = Stacks.find(({ StackName }) => StackName === stackName);
    if (!stack) return undefined;
    const { StackStatus: status = '', Outputs = [] } = stack;
    const outputs = Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    return { status, outputs: Object.fromEntries(outputs) };
  }

  /** The names of the stack's functions. */
  async functionNames(request: AppRequest): Promise<string[]> {
    const resources = await this.resources(request, 'AWS::Lambda::Function');
    return resources.map(({ PhysicalResourceId = '' }) => PhysicalResourceId);
  }

  /** The physical id of the key with this construct id. */
  async physicalId(request: AppRequest, id: string): Promise<string | undefined> {
    return (await this.keyResources(request)).get(id)?.PhysicalResourceId;
  }

  /** The keys of scope REGIONAL in the account's Region, oldest first. */
  async liveKeys(): Promise<string[]> {
    return (await this.listKeys()).map(({ apiKey }) => apiKey);
  }

  /** The keys of scope REGIONAL that ListAPIKeys finds in the account's Region, with their domains. */
  async listKeys(): Promise<{ apiKey: string; tokenDomains: string[] }[]> {
    const client = new WAFV2Client(this.clientOptions());
    const command = new ListAPIKeysCommand({ Scope: 'REGIONAL' });
    const { APIKeySummaries = [] } = await client.send(command).finally(() => client.destroy());
    return APIKeySummaries.map(({ APIKey = '', TokenDomains = [] }) => ({
      apiKey: APIKey,
      tokenDomains: TokenDomains,
    }));
  }

  /** What SSM's GetParameter answers, the value or the error. */
  async ssmParameter(name: string): Promise<unknown> {
    const scope = `${this.aws.credentials.accessKeyId}/20260101/${this.region}/ssm/aws4_request`;
    const response = await fetch(this.aws.url, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
        'x-amz-target': 'AmazonSSM.GetParameter',
      },
      body: JSON.stringify({ Name: name }),
    });
    return response.json();
  }

  private checkLogs(): void {
    const { lambda, waf } = this.aws;
    const names = new Set(lambda.attempts.map(({ functionName }) => functionName));
    const log = [...names].flatMap(name => lambda.logLines(name)).join('\n');
    const deletions = waf.calls.filter(({ operation }) => operation === 'DeleteAPIKey');
    const keys = [...waf.keys().map(({ apiKey }) => apiKey), ...deletions.map(({ input }) => input.APIKey)];
    if (names.size > 0 && log === '') throw new Error('expected a log, got none');
    if (log.includes(responsePath)) throw new Error('expected no response URL in the log, got one');
    const parts = keys.flatMap(key => String(key).match(/.{20}/g) ?? []);
    if (parts.some(part => log.includes(part)))
      throw new Error('expected no part of an API key in the log, got one');
  }

  /** The stack's keys by construct id. */
  private async keyResources(request: AppRequest): Promise<Map<string, StackResource>> {
    const resources = await this.resources(request, 'Custom::WafCaptchaApiKey');
    // a logical id ends with a hash of eight digits
    return new Map(
      resources.map(resource => [resource.LogicalResourceId?.slice(0, -8) ?? '', resource] as const),
    );
  }

  private async resources({ stackName }: AppRequest, type: string): Promise<StackResource[]> {
    const command = new DescribeStackResourcesCommand({ StackName: stackName });
    const { StackResources = [] } = await this.cloudFormation(client => client.send(command));
    return StackResources.filter(({ ResourceType }) => ResourceType === type);
  }

  private cdk(request: AppRequest, args: readonly string[], quick: boolean): Promise<CdkResult> {
    const context = ['--context', `request=${JSON.stringify(request)}`];
    const environment = { ...this.aws.environment, CDK_VALIDATION: String(!quick) };
    const app = ['--app', `npx tsx ${this.app}`];
    return runCdk([...args, ...app, ...context], { environment, cwd: root, signal: this.ending.signal });
  }

  private async cloudFormation<T>(use: (client: CloudFormationClient) => Promise<T>): Promise<T> {
    const client = new CloudFormationClient(this.clientOptions());
    return use(client).finally(() => client.destroy());
  }

  private clientOptions() {
    return { endpoint: this.aws.url, region: this.region, credentials: this.aws.credentials };
  }
}

async function readOutputs(file: string, stackName: string): Promise<Readonly<Record<string, string>>> {
  const outputs = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>;
  return outputs[stackName] ?? {};
}
