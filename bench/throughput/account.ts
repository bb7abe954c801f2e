import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { digestOf, newKeyId, parseKeyId } from '../../lambda/decision/key-id';
import { createHandler } from '../../lambda/handler';
import { SeenKeys } from '../../lambda/runtime/log';
import { FUNCTION_TIMEOUT_SECONDS, RESOURCE_TYPE } from '../../lib/properties';
import { Engine, type Stack } from '../../local-aws/cloudformation';
import { Wafv2 } from '../../local-aws/wafv2';
import { seededRandom } from '../../test/virtual-account/seeded-random';
import { slowResource } from '../../test/virtual-account/slow-resource';
import { cloudFormationReads, StackReads } from '../../test/virtual-account/stack-reads';
import { VirtualClock } from '../../test/virtual-account/virtual-clock';
import { callWaf, wafClient } from '../../test/virtual-account/waf-client';
import { Calls } from './calls';

const REGION = 'eu-west-1';
const LOCATION = { scope: 'REGIONAL', region: REGION } as const;
const TOKEN = `arn:aws:lambda:${REGION}:111122223333:function:handler`;
const FOREIGN = 'elsewhere.example.com';
/** How late CloudFormation's record is. */
const RECORD_LAG = { least: 1000, most: 3000 };
/** How long after its event a request is signed, and after its response recorded, at most. */
const DELAYS = { signingDelayMs: 2000, recordingDelayMs: 1000 };

/** The function, its role and its log group. */
const PROVIDER = ['Function', 'Role', 'LogGroup'];

export interface Conditions {
  readonly seed: number;
  /** Whether calls of WAF that are refused use up its quota. */
  readonly refusedCallsCount: boolean;
  /** Keys of others that are listed too. */
  readonly foreignKeys?: number;
  /** Without delays, and with a record that is never late. */
  readonly isPrompt?: boolean;
}

/** What one operation on the stack came to. */
export interface Outcome {
  /** from its start to the last response */
  readonly seconds: number;
  /** from its start to the last response to a Create or an Update; the rest is the clean-up */
  readonly secondsToCleanUp: number;
  /** requests that got FAILED as their response */
  readonly failures: number;
  /** how the stack ended */
  readonly status: string;
  readonly calls: ReturnType<Calls['take']>;
}

type Handler = ReturnType<typeof createHandler>;

export interface Rollback extends Outcome {
  /** resources that have neither failed nor got back the key that they had before */
  readonly swapped: number;
}

/**
 * An account in virtual time with one stack of many keys: the handler's own code, in an environment that waits or in a
 * fresh one, under the quotas of WAF and of CloudFormation.
 */
export class ThroughputAccount {
  private readonly clock = new VirtualClock();
  private readonly calls = new Calls();
  private readonly random: () => number;
  private readonly waf: Wafv2;
  private readonly engine: Engine;
  private readonly stack: Stack;
  private readonly reads: StackReads;
  private readonly running = new Set<Promise<void>>();
  private isSettingUp = false;
  /** The execution environments that wait for an event. */
  private readonly idle: Handler[] = [];
  private failures = 0;
  private lastResponseAt = 0;
  private lastUpdateAt = 0;

  constructor(
    private readonly count: number,
    { seed, refusedCallsCount, foreignKeys = 0, isPrompt = false }: Conditions,
  ) {
    const { clock } = this;
    const random = seededRandom(seed);
    this.random = random;
    const perSecond = { CreateAPIKey: 1, ListAPIKeys: 5 };
    this.waf = new Wafv2({ clock, random, quota: { perSecond, refusedCallsCount } });
    for (let key = 0; key < foreignKeys; key += 1) this.waf.createForeignKey(REGION, 'REGIONAL', [FOREIGN]);
    this.engine = new Engine({
      ...{ accountId: '111122223333', clock, random, parameters: new Map() },
      functions: {
        put: async () => TOKEN,
        delete: async () => undefined,
        putEventInvokeConfig: () => undefined,
        deleteEventInvokeConfig: () => undefined,
        invokeAsynchronously: async (_, payload) => this.invoke(JSON.parse(payload)),
      },
      responseUrl: token => `https://cloudformation.example/${token}`,
      variants: { ...(isPrompt ? {} : DELAYS), failedUpdate: 'stays' },
      resourceTypes: new Map([['Test::StandIn', slowResource(clock)]]),
    });
    this.stack = this.engine.addStack(REGION, 'full');
    const { least, most } = isPrompt ? { least: 0, most: 0 } : RECORD_LAG;
    const lagMs = () => least + random() * (most - least);
    this.reads = new StackReads({ engine: this.engine, clock, lagMs, readsPerSecond: 10 });
  }

  /** Creates the stack with its keys. A failure stops nothing else, here and in an update. */
  public create(): Promise<Outcome> {
    const input = { template: this.template('blue'), disableRollback: true };
    return this.operate(() => this.engine.create(this.stack, input));
  }

  /** Gives all keys other domains, and deletes the replaced keys. */
  public update(): Promise<Outcome> {
    const input = { template: this.template('green'), disableRollback: true };
    return this.operate(() => this.engine.update(this.stack, input));
  }

  /** Rolls an update of all keys back; the update itself is not measured. */
  public async rollBack(): Promise<Rollback> {
    const before = new Map(this.stack.resources);
    const outcome = await this.operate(async () => {
      this.engine.update(this.stack, { template: this.template('green', true) });
      while (this.stack.status === 'UPDATE_IN_PROGRESS') await this.clock.sleep(1);
    });
    const swapped = [...before.values()].filter(({ logicalId, physicalId }) => {
      const now = this.stack.resources.get(logicalId);
      return now?.status !== 'UPDATE_FAILED' && keyOf(now?.physicalId) !== keyOf(physicalId);
    });
    return { ...outcome, swapped: swapped.length };
  }

  public delete(): Promise<Outcome> {
    return this.operate(() => this.engine.delete(this.stack));
  }

  /** Creates the stack with its keys in no time. */
  public async setUp(): Promise<void> {
    this.isSettingUp = true;
    await this.create();
    this.isSettingUp = false;
  }

  /** How many keys are in the account that neither the stack nor others have. */
  public get orphans(): number {
    const owned = new Set([...this.stack.resources.values()].map(({ physicalId }) => keyOf(physicalId)));
    const keys = this.waf.keys().filter(({ tokenDomains }) => tokenDomains[0] !== FOREIGN);
    return keys.filter(({ apiKey }) => !owned.has(digestOf(apiKey))).length;
  }

  private operate(start: () => void | Promise<void>): Promise<Outcome> {
    return this.clock.run(this.outcomeOf(start));
  }

  private async outcomeOf(start: () => void | Promise<void>): Promise<Outcome> {
    const { clock, stack, engine, calls, running } = this;
    await start();
    calls.take();
    this.failures = 0;
    const startedAt = clock.now();
    await engine.settled(stack);
    const seconds = (this.lastResponseAt - startedAt) / 1000;
    const secondsToCleanUp = (this.lastUpdateAt - startedAt) / 1000;
    while (running.size > 0) await Promise.all(running);
    return { seconds, secondsToCleanUp, failures: this.failures, status: stack.status, calls: calls.take() };
  }

  private template(colour: string, fails = false): string {
    const keys = Array.from({ length: this.count }, (_, index) => {
      const Properties = {
        ServiceToken: TOKEN,
        Scope: 'REGIONAL',
        TokenDomains: [`${colour}${index}.example.com`],
      };
      return [`Key${index}`, { Type: RESOURCE_TYPE, Properties }];
    });
    const provider = PROVIDER.map(id => [id, { Type: 'Test::StandIn' }]);
    // what makes an update go back
    const failing = { Type: 'Test::StandIn', Properties: { Fails: true }, DependsOn: keys.map(([id]) => id) };
    const resources = [...provider, ...keys, ...(fails ? [['Failing', failing]] : [])];
    return JSON.stringify({ Resources: Object.fromEntries(resources) });
  }

  private invoke(event: CloudFormationCustomResourceEvent): void {
    const run = (this.isSettingUp ? this.answerAtOnce(event) : this.handle(event)).finally(() =>
      this.running.delete(run),
    );
    this.running.add(run);
  }

  private async answerAtOnce(event: CloudFormationCustomResourceEvent): Promise<void> {
    const { StackId, RequestId, LogicalResourceId, ResourceProperties } = event;
    const { apiKey } = this.waf.createForeignKey(REGION, 'REGIONAL', ResourceProperties.TokenDomains);
    const PhysicalResourceId = newKeyId({ location: LOCATION, digest: digestOf(apiKey) });
    const response = {
      Status: 'SUCCESS',
      StackId,
      RequestId,
      LogicalResourceId,
      PhysicalResourceId,
    } as const;
    this.accept(event.ResponseURL, response);
  }

  private async handle(event: CloudFormationCustomResourceEvent): Promise<void> {
    const handler = this.idle.pop() ?? this.environment();
    const deadline = this.clock.now() + FUNCTION_TIMEOUT_SECONDS * 1000;
    await handler(event, { getRemainingTimeInMillis: () => deadline - this.clock.now() });
    this.idle.push(handler);
  }

  private environment(): Handler {
    const { clock, random, waf, stack } = this;
    const client = wafClient((operation, input) =>
      this.call(operation, () => callWaf(waf, REGION, operation, input)),
    );
    const reads = cloudFormationReads((operation, input) =>
      this.call(operation, async () => this.reads.read(REGION, operation, input)),
    );
    return createHandler({
      clock,
      random,
      put: async (url, body) => {
        await this.latency();
        this.accept(url, JSON.parse(body.toString()));
        return { status: 200 };
      },
      log: () => undefined,
      seen: new SeenKeys(),
      clientFor: () => client,
      reads: async () => reads,
      stackId: stack.id,
    });
  }

  private accept(url: string, response: CloudFormationCustomResourceResponse): void {
    if (response.Status === 'FAILED') this.failures += 1;
    this.lastResponseAt = this.clock.now();
    if (!this.stack.status.endsWith('CLEANUP_IN_PROGRESS')) this.lastUpdateAt = this.lastResponseAt;
    const token = new URL(url).pathname.slice(1);
    this.engine.customResources.answer(token, Buffer.from(JSON.stringify(response)));
  }

  private async call(operation: string, answer: () => Promise<object>): Promise<object> {
    await this.latency();
    const answered = answer();
    const isAccepted = await answered.then(
      () => true,
      () => false,
    );
    this.calls.add(operation, isAccepted);
    await this.latency();
    return answered;
  }

  /** One way of a call: 30 to 60 ms. */
  private latency(): Promise<void> {
    return this.clock.sleep(30 + 30 * this.random());
  }
}

function keyOf(id = ''): string | undefined {
  return parseKeyId(id, REGION)?.digest;
}
