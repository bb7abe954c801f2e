import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { RESPONSE_URL_LIFE } from '../../lambda/timings';
import { defaultRetries, deliver } from '../../local-aws/asynchronous-event';
import { AwsError } from '../../local-aws/aws-error';
import type { FunctionConfiguration, Functions } from '../../local-aws/lambda-function';
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
  /** Whether response URLs are signed in the form that names their end alone. */
  readonly signsTheOldWay: boolean;
}

export interface SentEvent {
  readonly event: CloudFormationCustomResourceEvent;
  readonly sentAt: number;
}

interface VirtualFunction {
  readonly configuration: FunctionConfiguration;
  readonly outside: Outside;
  readonly environments: Environment[];
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
    if (this.functions.has(functionName)) throw new Error(`expected ${functionName} to stay as it is`);
    const outside = this.options.outside(roleArn);
    this.functions.set(functionName, { configuration, outside, environments: [], isDeleted: false });
    return `arn:aws:lambda:${region}:000000000000:function:${functionName}`;
  }

  /** Events that wait are dropped; what runs goes on. */
  async delete(functionName: string): Promise<void> {
    const deleted = this.functions.get(functionName);
    if (deleted) deleted.isDeleted = true;
    this.functions.delete(functionName);
  }

  putEventInvokeConfig(): void {
    throw new Error('expected no event invoke config, got one');
  }

  deleteEventInvokeConfig(): void {
    throw new Error('expected no event invoke config, got one');
  }

  async invokeAsynchronously(functionArn: string, payload: string): Promise<void> {
    const found = this.functions.get(functionArn.split(':').at(-1) ?? '');
    if (!found) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
    const event: CloudFormationCustomResourceEvent = JSON.parse(payload);
    const sentAt = found.outside.clock.now();
    if (this.options.signsTheOldWay) {
      const end = Math.floor((sentAt + RESPONSE_URL_LIFE) / 1000);
      event.ResponseURL = event.ResponseURL.replace(/X-Amz-Date=.*/, `Expires=${end}`);
    }
    this.sent.push({ event, sentAt });
    const copies = this.options.troubles.repeats() ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const delivery = this.deliver(found, event).finally(() => this.deliveries.delete(delivery));
      this.deliveries.add(delivery);
    }
  }

  /** Resolves once no event waits and nothing runs. */
  async quiet(): Promise<void> {
    while (this.deliveries.size > 0) await Promise.all(this.deliveries);
  }

  private async deliver(to: VirtualFunction, event: CloudFormationCustomResourceEvent): Promise<void> {
    const { clock } = to.outside;
    await clock.sleep(this.options.troubles.queueDelay());
    await deliver({
      clock,
      // the last attempt survives: an event that is lost for good is another story
      run: async attempt => !to.isDeleted && (await this.run(to, event, attempt < defaultRetries)) !== 'done',
    });
  }

  private async run(of: VirtualFunction, event: CloudFormationCustomResourceEvent, mayDie: boolean) {
    const { ledger, troubles, dice, createHandler } = this.options;
    const { outside, configuration, environments } = of;
    const idle = environments.filter(({ isIdle }) => isIdle);
    // now and then Lambda takes a fresh one although there would be another
    const reused = dice.chance(0.85) ? idle[dice.between(0, idle.length - 1)] : undefined;
    const environment = reused ?? new Environment(outside, configuration, createHandler);
    if (!reused) environments.push(environment);
    const number = ledger.invocations.length + 1;
    const place = environments.indexOf(environment) + 1;
    const invocation: Invocation = {
      ...{ number, environment: place, event, startedAt: outside.clock.now() },
      ...{ creations: [], troubles: new Set(), logged: new Set() },
    };
    ledger.invocations.push(invocation);
    const what = `${event.RequestType} ${event.LogicalResourceId}`;
    outside.trace(() => `#${number} ${what} begins in environment ${place}`);
    const end = await environment.run(invocation, mayDie ? troubles.stepToDieAt() : undefined);
    invocation.end = end;
    invocation.endedAt = outside.clock.now();
    outside.trace(() => `#${number} ${end}`);
    if (end === 'timed out') outside.violation('live', `#${number} outlived its deadline`);
    return end;
  }
}
