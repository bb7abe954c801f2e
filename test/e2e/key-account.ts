import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { type CdkResult, runCdk } from '../../local-aws/cdk-cli';
import { type LocalAws, startLocalAws } from '../../local-aws/local-aws';

const root = join(__dirname, '..', '..');
const credentials = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' };

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

  static async open(region = 'us-east-1', app = 'test/e2e/app.ts'): Promise<KeyAccount> {
    const refusals: string[] = [];
    const onRefusal = (line: string) => refusals.push(line);
    return new KeyAccount(await startLocalAws({ region, onRefusal }), region, refusals, app);
  }

  /** Ends the CLI, if it still runs, and everything else; throws when anybody asked for what is not imitated. */
  async close(): Promise<void> {
    this.ending.abort(new Error('the account is closed'));
    await this.aws.close();
    // where the CLI looks for the cause of a failure, and does without
    const unexpected = this.refusals.filter(line => !/the service (cloudtrail|logs) /.test(line));
    if (unexpected.length > 0) throw new Error(`expected no refusals, got ${unexpected.join('; ')}`);
  }

  /** `cdk deploy`. */
  async deploy(request: AppRequest, options: DeploymentOptions = {}): Promise<DeploymentResult> {
    const file = join(this.aws.environment.TMPDIR ?? '', `outputs-${this.deployments++}.json`);
    const { tokenDomains, quick = false } = options;
    const args = [
      'deploy',
      ...['--require-approval', 'never', '--outputs-file', file],
      ...(tokenDomains ? ['--parameters', `TokenDomains=${tokenDomains.join(',')}`] : []),
      ...(quick ? ['--method', 'direct'] : []),
    ];
    const result = await this.cdk(request, args, quick);
    return { ...result, outputs: result.exitCode === 0 ? await readOutputs(file, request.stackName) : {} };
  }

  /** `cdk destroy`. */
  destroy(request: AppRequest): Promise<CdkResult> {
    return this.cdk(request, ['destroy', '--force'], true);
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
  async functionNames({ stackName }: AppRequest): Promise<string[]> {
    const command = new DescribeStackResourcesCommand({ StackName: stackName });
    const { StackResources = [] } = await this.cloudFormation(client => client.send(command));
    return StackResources.filter(({ ResourceType }) => ResourceType === 'AWS::Lambda::Function').map(
      ({ PhysicalResourceId = '' }) => PhysicalResourceId,
    );
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
    const scope = `${credentials.accessKeyId}/20260101/${this.region}/ssm/aws4_request`;
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
    return { endpoint: this.aws.url, region: this.region, credentials };
  }
}

async function readOutputs(file: string, stackName: string): Promise<Readonly<Record<string, string>>> {
  const outputs = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>;
  return outputs[stackName] ?? {};
}
