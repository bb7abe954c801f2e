import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import type { Scope } from '@aws-sdk/client-wafv2';
import { type Account, type DeployOptions, type ListedKey, until } from './account';
import type { EngineName } from './engines/engine';
import { isBelow, type RunNames } from './names';
import type { Observation } from './observer';
import type { StackRequest } from './request';
import { Watch } from './watch';

export interface Scenario {
  /** One label of a domain, and the end of a stack's name. */
  readonly name: string;
  readonly title: string;
  /** How many stacks it deploys. */
  readonly stacks: number;
  readonly run: (trial: Trial) => Promise<void>;
}

export interface Step {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly detail?: string;
  readonly seconds: number;
}

export interface StepOptions {
  /** Where the engine departs from AWS so that this step means nothing there, and why. */
  readonly skippedOn?: Partial<Record<EngineName, string>>;
}

const MINISTACK_CLEAN_UP =
  'MiniStack cleans up in UPDATE_IN_PROGRESS, when AWS may still go back: the handler keeps the key and logs its id';

/** How long a request that was cancelled may take to delete the key that it created: 60 s after its response. */
const CANCELLED_REQUEST_MS = 75_000;
const SETTLE_MS = 15 * 60_000;

class StepFailed extends Error {}

/** One scenario on one engine: its steps so far, and what it needs for the next. */
export class Trial {
  readonly steps: Step[] = [];
  readonly watches = new Map<string, Watch>();
  /** What was seen of open questions beside the recording, by the assumption's id. */
  readonly sightings = new Map<string, string[]>();
  /** All keys that were ever seen, for the redaction. */
  readonly keysSeen = new Set<string>();
  observations: Observation[] = [];
  private readonly deployed = new Map<string, StackRequest>();

  constructor(
    readonly account: Account,
    readonly names: RunNames,
    readonly scenario: Scenario,
    private readonly onStep: (trial: Trial, step: Step) => void,
  ) {}

  /** Runs the scenario to its end or to its first failed step, and removes its stacks. */
  async run(): Promise<void> {
    try {
      await this.scenario.run(this);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      await this.cleanUp();
    } finally {
      for (const watch of this.watches.values()) await watch.stop();
    }
    await this.collectObservations();
  }

  async step(title: string, work: () => Promise<void>, { skippedOn }: StepOptions = {}): Promise<void> {
    const begun = Date.now();
    const reason = skippedOn?.[this.account.engine.name];
    if (reason) return this.note({ title, outcome: 'skipped', detail: reason, seconds: 0 });
    try {
      await work();
      this.note({ title, outcome: 'passed', seconds: (Date.now() - begun) / 1000 });
    } catch (error) {
      this.account.signal.throwIfAborted();
      const detail = this.withoutKeys(error instanceof Error ? error.message : String(error));
      this.note({ title, outcome: 'failed', detail, seconds: (Date.now() - begun) / 1000 });
      throw new StepFailed(title);
    }
  }

  /** Domains of this scenario's own. */
  domains(...names: string[]): string[] {
    return names.map(name => `${name}.${this.domain}`);
  }

  stack(keys: StackRequest['keys'], more: Partial<StackRequest> & { suffix?: string } = {}): StackRequest {
    const { suffix = '', ...rest } = more;
    return {
      kind: 'keys',
      stackName: `${this.names.stackPrefix}${this.scenario.name}${suffix}`,
      observer: this.names.observer,
      holdSeconds: this.account.engine.holdSeconds,
      keys,
      ...rest,
    };
  }

  /** Deploys, and resolves to the outputs of the stack that is at rest again. */
  async deploy(
    request: StackRequest,
    options: DeployOptions = {},
  ): Promise<Readonly<Record<string, string>>> {
    const { exitCode, output, outputs } = await this.attempt(request, options);
    if (exitCode !== 0)
      throw new Error(`expected cdk deploy to succeed, got exit code ${exitCode}\n${endOf(output)}`);
    for (const [name, value] of Object.entries(outputs)) if (/APIKey$/.test(name)) this.keysSeen.add(value);
    const status = await this.settled(request);
    ok(
      status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE',
      `expected the status CREATE_COMPLETE or UPDATE_COMPLETE after a success, got ${status}`,
    );
    return outputs;
  }

  /** Deploys what must fail, and ends in this status. */
  async deployFails(request: StackRequest, status: string, options: DeployOptions = {}): Promise<void> {
    const { exitCode, output } = await this.attempt(request, options);
    if (exitCode === 0) throw new Error(`expected cdk deploy to fail, got exit code 0\n${endOf(output)}`);
    const got = await this.settled(request);
    ok(got === status, `expected the status ${status} after a failure, got ${got}\n${endOf(output)}`);
  }

  async rollback(request: StackRequest): Promise<void> {
    const { exitCode, output } = await this.account.rollback(request);
    if (exitCode !== 0)
      throw new Error(`expected cdk rollback to succeed, got exit code ${exitCode}\n${endOf(output)}`);
    await this.settled(request);
  }

  async destroy(request: StackRequest): Promise<void> {
    const { exitCode, output } = await this.account.destroy(request);
    if (exitCode !== 0)
      throw new Error(`expected cdk destroy to succeed, got exit code ${exitCode}\n${endOf(output)}`);
    strictEqual(await this.account.describe(request.stackName), undefined, 'the stack after cdk destroy');
    this.deployed.delete(request.stackName);
  }

  async outputs(request: StackRequest): Promise<Readonly<Record<string, string>>> {
    const { Outputs = [] } = (await this.account.describe(request.stackName)) ?? {};
    return Object.fromEntries(
      Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  }

  async physicalId(request: StackRequest, construct: string): Promise<string | undefined> {
    const command = new DescribeStackResourcesCommand({ StackName: request.stackName });
    const { StackResources = [] } = await this.account.cloudFormation.send(command);
    const isOf = (id = '') => new RegExp(`^${construct}[0-9A-F]{8}$`).test(id);
    return StackResources.find(({ LogicalResourceId }) => isOf(LogicalResourceId))?.PhysicalResourceId;
  }

  /** Why the resources of a stack failed, as its events say. */
  async failures(request: StackRequest): Promise<string[]> {
    const { StackId } = (await this.account.describe(request.stackName)) ?? {};
    const events = await this.account.eventsOf(StackId ?? request.stackName);
    return events
      .filter(({ ResourceStatus = '' }) => /^(CREATE|UPDATE)_FAILED$/.test(ResourceStatus))
      .map(({ ResourceStatusReason = '' }) => ResourceStatusReason);
  }

  async createKey(scope: Scope, tokenDomains: readonly string[]): Promise<string> {
    const apiKey = await this.account.createKey(scope, tokenDomains);
    this.keysSeen.add(apiKey);
    return apiKey;
  }

  /** The keys of this scenario. */
  async keys(): Promise<ListedKey[]> {
    const keys = await this.account.keysWith(isBelow(this.domain));
    for (const { apiKey } of keys) this.keysSeen.add(apiKey);
    return keys;
  }

  /** Fails unless these keys exist, with these domains. */
  async expectListed(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.expectInList(expected, listed => listed.filter(([key]) => key in expected));
  }

  /** Fails unless these keys exist and no other, with these domains. */
  async expectKeys(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.expectInList(expected, listed => listed);
  }

  /** Fails unless an update's clean-up has deleted a key, and these are left. */
  async expectReplaced(key: string, left: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.step('its clean-up deletes the old key', () => this.expectKeys(left), {
      skippedOn: { ministack: MINISTACK_CLEAN_UP },
    });
    // where the step is skipped, the next ones go on without the key
    const stale = (await this.keys()).find(({ apiKey }) => apiKey === key);
    if (stale) await this.account.deleteKey(stale);
  }

  /** What custom resources of this stack have received so far, beside the keys themselves. */
  requests(request: StackRequest): Promise<Observation[]> {
    return this.account.observations(this.names.observer, request.stackName);
  }

  saw(assumption: string, text: string): void {
    this.sightings.set(assumption, [...(this.sightings.get(assumption) ?? []), text]);
  }

  /** A text in which every key that was seen is cut short. */
  private withoutKeys(text: string): string {
    return [...this.keysSeen].reduce((rest, key) => rest.replaceAll(key, `${key.slice(0, 8)}…`), text);
  }

  private get domain(): string {
    return `${this.scenario.name}.${this.names.domain}`;
  }

  private async expectInList(
    expected: Readonly<Record<string, readonly string[]>>,
    select: (listed: Keys) => Keys,
  ): Promise<void> {
    const wanted = inOrder(Object.entries(expected));
    const { engine, signal } = this.account;
    const timeoutMs = Math.max(engine.listLagMs, CANCELLED_REQUEST_MS);
    for (const end = Date.now() + timeoutMs; ; await setTimeout(1000, undefined, { signal })) {
      const keys = (await this.keys()).map(({ apiKey, tokenDomains }): Keys[number] => [
        apiKey,
        tokenDomains,
      ]);
      const listed = select(inOrder(keys));
      if (JSON.stringify(listed) === JSON.stringify(wanted)) return;
      if (Date.now() >= end) throw new Error(`expected the keys ${shown(wanted)}, got ${shown(listed)}`);
    }
  }

  private attempt(request: StackRequest, options: DeployOptions) {
    const { stackName } = request;
    this.deployed.set(stackName, request);
    if (!this.watches.has(stackName)) this.watches.set(stackName, new Watch(this.account, stackName));
    return this.account.deploy(request, options);
  }

  /** Resolves to the status of a stack in which nothing goes on any more. */
  private async settled({ stackName }: StackRequest): Promise<string | undefined> {
    let status: string | undefined;
    await until(`${stackName} to be at rest`, SETTLE_MS, this.account.signal, async () => {
      status = (await this.account.describe(stackName))?.StackStatus;
      return !status?.endsWith('_IN_PROGRESS');
    });
    return status;
  }

  private note(step: Step): void {
    this.steps.push(step);
    this.onStep(this, step);
  }

  /** After a failed step, as far as it goes: what is left all the same is found when the suite ends. */
  private async cleanUp(): Promise<void> {
    try {
      for (const request of this.deployed.values()) {
        if (await this.account.describe(request.stackName)) await this.account.destroy(request);
      }
      for (const key of await this.keys()) await this.account.deleteKey(key);
    } catch (error) {
      this.account.signal.throwIfAborted();
      this.note({
        title: 'clean up',
        outcome: 'failed',
        detail: this.withoutKeys(String(error)),
        seconds: 0,
      });
    }
  }

  private async collectObservations(): Promise<void> {
    const stacks = [...this.watches.keys()];
    const all = await Promise.all(stacks.map(name => this.account.observations(this.names.observer, name)));
    this.observations = all.flat();
  }
}

/** Fails unless a value is there. */
export function given(value: string | undefined, what: string): string {
  ok(value, `expected ${what}, got none`);
  return value;
}

/** The last lines of what the CLI wrote. */
export function endOf(output: string): string {
  return output.trimEnd().split('\n').slice(-12).join('\n');
}

type Keys = [apiKey: string, tokenDomains: readonly string[]][];

function inOrder(keys: Keys): Keys {
  const lower = keys.map(([key, domains]): Keys[number] => [
    key,
    domains.map(one => one.toLowerCase()).sort(),
  ]);
  return lower.sort(([a], [b]) => (a < b ? -1 : 1));
}

function shown(keys: Keys): string {
  return keys.map(([key, domains]) => `${key.slice(0, 8)}… for ${domains.join(' ')}`).join(', ') || 'none';
}
