import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  ListAPIKeysCommand,
  type ListAPIKeysResponse,
  type Scope,
  WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { type CdkResult, runCdk } from '../../local-aws/cdk-cli';
import type { Engine } from './engines/engine';
import type { Observation } from './observer';
import type { AppRequest } from './request';

const root = join(__dirname, '..', '..');
const app = 'node node_modules/tsx/dist/cli.mjs test/conformance/app.ts';

export interface ListedKey {
  readonly scope: Scope;
  readonly apiKey: string;
  readonly tokenDomains: readonly string[];
  readonly createdAt?: Date;
}

export interface DeployOptions {
  /** The value of the template's parameter. */
  readonly tokenDomains?: readonly string[];
  /** @default 'direct' */
  readonly method?: 'direct' | 'change-set';
  readonly noRollback?: boolean;
}

export interface DeployResult extends CdkResult {
  /** As the CLI wrote them to a file; empty when it failed. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** What users have at hand for an account: the real CLI and the real SDK. */
export class Account {
  readonly cloudFormation: CloudFormationClient;
  private readonly lambda: LambdaClient;
  private readonly wafs = new Map<string, WAFV2Client>();
  private deployments = 0;

  constructor(
    readonly engine: Engine,
    readonly signal: AbortSignal,
  ) {
    const client = { ...engine.client, maxAttempts: 10 };
    this.cloudFormation = new CloudFormationClient(client);
    this.lambda = new LambdaClient(client);
    for (const region of new Set([engine.region, 'us-east-1'])) {
      this.wafs.set(region, new WAFV2Client({ ...client, region }));
    }
  }

  close(): void {
    for (const client of [this.cloudFormation, this.lambda, ...this.wafs.values()]) client.destroy();
  }

  /** `cdk deploy`. */
  async deploy(request: AppRequest, options: DeployOptions = {}): Promise<DeployResult> {
    const { tokenDomains, method = 'direct', noRollback = false } = options;
    const file = join(this.engine.environment.TMPDIR ?? '', `outputs-${this.deployments++}.json`);
    const result = await this.cdk(request, [
      ...['deploy', '--require-approval', 'never', '--method', method, '--outputs-file', file],
      ...(tokenDomains ? ['--parameters', `TokenDomains=${tokenDomains.join(',')}`] : []),
      ...(noRollback ? ['--no-rollback'] : []),
    ]);
    return { ...result, outputs: result.exitCode === 0 ? await outputsIn(file, request.stackName) : {} };
  }

  /** `cdk rollback`. */
  rollback(request: AppRequest): Promise<CdkResult> {
    return this.cdk(request, ['rollback']);
  }

  /** `cdk destroy`. */
  destroy(request: AppRequest): Promise<CdkResult> {
    return this.cdk(request, ['destroy', '--force']);
  }

  /** The stack of this name or id, or `undefined` where there is none. */
  async describe(nameOrId: string): Promise<Stack | undefined> {
    try {
      const command = new DescribeStacksCommand({ StackName: nameOrId });
      const { Stacks = [] } = await this.cloudFormation.send(command);
      return Stacks[0];
    } catch (error) {
      if (error instanceof CloudFormationServiceException && error.name === 'ValidationError')
        return undefined;
      throw error;
    }
  }

  /** All events of a stack, newest first. */
  async eventsOf(stackId: string): Promise<StackEvent[]> {
    const events: StackEvent[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.cloudFormation.send(
        new DescribeStackEventsCommand({ StackName: stackId, NextToken }),
      );
      events.push(...(page.StackEvents ?? []));
      NextToken = page.NextToken || undefined;
    } while (NextToken);
    return events;
  }

  /** The names of the stacks that there are, by their beginning. */
  async stackNames(prefix: string): Promise<string[]> {
    const names: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.cloudFormation.send(new DescribeStacksCommand({ NextToken }));
      names.push(...(page.Stacks ?? []).map(({ StackName = '' }) => StackName));
      NextToken = page.NextToken || undefined;
    } while (NextToken);
    return names.filter(name => name.startsWith(prefix));
  }

  async createKey(scope: Scope, tokenDomains: readonly string[]): Promise<string> {
    const command = new CreateAPIKeyCommand({ Scope: scope, TokenDomains: [...tokenDomains] });
    const { APIKey = '' } = await this.waf(scope).send(command);
    return APIKey;
  }

  async deleteKey({ scope, apiKey }: Pick<ListedKey, 'scope' | 'apiKey'>): Promise<void> {
    await this.waf(scope).send(new DeleteAPIKeyCommand({ Scope: scope, APIKey: apiKey }));
  }

  /** The keys of both scopes whose domains are as asked, in the order of the lists. */
  async keysWith(domainsAreOurs: (tokenDomains: readonly string[]) => boolean): Promise<ListedKey[]> {
    const lists = await Promise.all((['REGIONAL', 'CLOUDFRONT'] as const).map(scope => this.list(scope)));
    return lists.flat().filter(({ tokenDomains }) => domainsAreOurs(tokenDomains));
  }

  async keyPages(scope: Scope, limit?: number): Promise<ListAPIKeysResponse[]> {
    const pages: ListAPIKeysResponse[] = [];
    let marker: string | undefined;
    do {
      const page = await this.waf(scope).send(
        new ListAPIKeysCommand({ Scope: scope, NextMarker: marker, Limit: limit }),
      );
      pages.push(page);
      marker = page.NextMarker || undefined;
      // an empty page may carry a marker, and the last one may repeat its own
      if (marker && pages.some(({ NextMarker }, at) => NextMarker === marker && at < pages.length - 1)) break;
    } while (marker);
    return pages;
  }

  /** What the observer wrote down of a stack, oldest first. */
  async observations(observer: string, stackName: string): Promise<Observation[]> {
    return JSON.parse(await this.ask(observer, { read: `${stackName}/` })) as Observation[];
  }

  /** Deletes what the observer wrote down. */
  async forgetObservations(observer: string): Promise<void> {
    await this.ask(observer, { forget: true });
  }

  private async ask(observer: string, question: object): Promise<string> {
    const command = new InvokeCommand({ FunctionName: observer, Payload: JSON.stringify(question) });
    const { Payload, FunctionError } = await this.lambda.send(command);
    const text = Buffer.from(Payload ?? []).toString('utf8');
    if (FunctionError) throw new Error(`expected the observer to answer, got ${text}`);
    return text;
  }

  private async list(scope: Scope): Promise<ListedKey[]> {
    const pages = await this.keyPages(scope);
    return pages.flatMap(({ APIKeySummaries = [] }) =>
      APIKeySummaries.map(({ APIKey = '', TokenDomains = [], CreationTimestamp }) => ({
        scope,
        apiKey: APIKey,
        tokenDomains: TokenDomains,
        createdAt: CreationTimestamp,
      })),
    );
  }

  private waf(scope: Scope): WAFV2Client {
    const client = this.wafs.get(scope === 'CLOUDFRONT' ? 'us-east-1' : this.engine.region);
    if (!client) throw new Error(`expected a client for ${scope}, got none`);
    return client;
  }

  private cdk(request: AppRequest, args: readonly string[]): Promise<CdkResult> {
    const context = ['--context', `request=${JSON.stringify(request)}`];
    // the synthesizer's look at the whole template has its own tests, and takes seconds each time
    const environment = {
      ...this.engine.environment,
      CDK_VALIDATION: 'false',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.engine.cliTimeoutMs)]);
    return runCdk([...args, '--app', app, ...context], { environment, cwd: root, signal });
  }
}

/** Resolves once `condition` holds, or rejects when the time is up. */
export async function until(
  what: string,
  ms: number,
  signal: AbortSignal,
  condition: () => Promise<boolean>,
): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); await setTimeout(250, undefined, { signal })) {
    if (Date.now() > end) throw new Error(`expected ${what} within ${ms / 1000} s`);
  }
}

async function outputsIn(file: string, stackName: string): Promise<Readonly<Record<string, string>>> {
  const outputs = JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, string>>;
  return outputs[stackName] ?? {};
}
