import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { AwsError } from '../../local-aws/aws-error';
import type {
  EventInvokeConfiguration,
  FunctionConfiguration,
  Functions,
} from '../../local-aws/lambda-function';
import type { Dice } from './dice';
import { type CreateHandler, Environment, type Outside } from './handler-environment';
import type { Invocation, Ledger } from './ledger';
import type { Troubles } from './troubles';

export interface VirtualLambdaOptions {
  /** What the function's environments reach; its role decides on it. */
  readonly outside: (roleArn: string) => Outside;
  readonly createHandler: CreateHandler;
  readonly ledger: Ledger;
  readonly troubles: Troubles;
  readonly dice: Dice;
}

export interface SentEvent {
  readonly event: CloudFormationCustomResourceEvent;
  readonly sentAt: number;
}

interface VirtualFunction {
  readonly configuration: FunctionConfiguration;
  readonly arn: string;
  readonly outside: Outside;
  readonly environments: Environment[];
  eventInvoke: EventInvokeConfiguration;
  isDeleted: boolean;
}

/** Lambda's asynchronous invocation in virtual time, around handlers in this process. */
export class VirtualLambda implements Functions {
  /** Every event that CloudFormation sent. */
  readonly sent: SentEvent[] = [];
  private readonly functions = new Map<string, VirtualFunction>();
  private readonly deliveries = new Set<Promise<void>>();

  constructor(private readonly options: VirtualLambdaOptions) {}

  async put(configuration: FunctionConfiguration): Promise<string> {
    const { functionName, region, roleArn } = configuration;
    const arn = `arn:aws:lambda:${region}:000000000000:function:${functionName}`;
    if (this.functions.has(functionName)) throw new Error(`expected ${functionName} to stay as it is`);
    const outside = this.options.outside(roleArn);
    const rest = { environments: [], eventInvoke: {}, isDeleted: false };
    this.functions.set(functionName, { configuration, arn, outside, ...rest });
    return arn;
  }

  /** Events that wait are dropped; what runs goes on. */
  async delete(functionName: string): Promise<void> {
    const deleted = this.functions.get(functionName);
    if (deleted) deleted.isDeleted = true;
    this.functions.delete(functionName);
  }

  putEventInvokeConfig(functionName: string, configuration: EventInvokeConfiguration): void {
    this.existing(functionName).eventInvoke = configuration;
  }

  deleteEventInvokeConfig(functionName: string): void {
    this.existing(functionName).eventInvoke = {};
  }

  async invokeAsynchronously(functionArn: string, payload: string): Promise<void> {
    const found = this.existing(functionArn.split(':').at(-1) ?? '');
    const event: CloudFormationCustomResourceEvent = JSON.parse(payload);
    this.sent.push({ event, sentAt: found.outside.clock.now() });
    const copies = this.options.troubles.repeats() ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.queue(found, event, copy > 0);
  }

  /** Resolves once no event waits and nothing runs. */
  async quiet(): Promise<void> {
    while (this.deliveries.size > 0) await Promise.all(this.deliveries);
  }

  private queue(to: VirtualFunction, event: CloudFormationCustomResourceEvent, isCopy: boolean): void {
    const delivery = this.deliver(to, event, isCopy).finally(() => this.deliveries.delete(delivery));
    this.deliveries.add(delivery);
  }

  private async deliver(to: VirtualFunction, event: CloudFormationCustomResourceEvent, isCopy: boolean) {
    const { clock } = to.outside;
    const queuedAt = clock.now();
    const delay = this.options.troubles.queueDelay();
    const { maximumRetryAttempts = 2, maximumEventAgeSeconds = 21_600 } = to.eventInvoke;
    const circumstances = [...(isCopy ? ['repeated'] : []), ...(delay > 1000 ? ['late'] : [])];
    await clock.sleep(delay);
    for (let attempt = 0; !to.isDeleted; attempt += 1) {
      if (clock.now() - queuedAt > maximumEventAgeSeconds * 1000) return;
      const end = await this.run(to, event, circumstances);
      if (end === 'done' || attempt >= maximumRetryAttempts) return;
      await clock.sleep((attempt + 1) * 60_000);
    }
  }

  private async run(of: VirtualFunction, event: CloudFormationCustomResourceEvent, circumstances: string[]) {
    const { ledger, troubles, dice } = this.options;
    const { outside } = of;
    const idle = of.environments.filter(({ isIdle }) => isIdle);
    // now and then Lambda takes a fresh one although there would be another
    const reused = dice.chance(0.85) ? idle[dice.between(0, idle.length - 1)] : undefined;
    const environment =
      reused ?? new Environment(outside, of.configuration.region, this.options.createHandler);
    if (!reused) of.environments.push(environment);
    const place = of.environments.indexOf(environment) + 1;
    const invocation: Invocation = {
      number: ledger.invocations.length + 1,
      environment: place,
      event,
      startedAt: outside.clock.now(),
      creations: [],
      seen: new Set(),
      troubles: new Set(circumstances),
      logged: new Set(),
    };
    ledger.invocations.push(invocation);
    outside.trace(
      () =>
        `#${invocation.number} ${event.RequestType} ${event.LogicalResourceId} begins in environment ${place}`,
    );
    const timeoutMs = of.configuration.timeoutSeconds * 1000;
    const end = await environment.run(invocation, timeoutMs, troubles.stepToDieAt());
    invocation.end = end;
    invocation.endedAt = outside.clock.now();
    outside.trace(() => `#${invocation.number} ${end}`);
    if (end === 'timed out') outside.violation(5, `#${invocation.number} outlived its deadline`);
    return end;
  }

  private existing(functionName: string): VirtualFunction {
    const found = this.functions.get(functionName);
    if (found) return found;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${functionName}`, 404);
  }
}
