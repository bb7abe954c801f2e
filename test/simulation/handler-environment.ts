import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { HandlerOptions } from '../../lambda/handler';
import type { InvocationContext } from '../../lambda/protocol/custom-resource';
import type { Attempt } from '../../lambda/protocol/response';
import type { Clock } from '../../lambda/runtime/clock';
import { SeenKeys } from '../../lambda/runtime/log';
import type { ReadInput } from '../../local-aws/cloudformation';
import type { FunctionConfiguration } from '../../local-aws/lambda-function';
import { cloudFormationReads, type ReadOperation } from '../virtual-account/stack-reads';
import { type CallOptions, wafClient } from '../virtual-account/waf-client';
import type { CreationCall, Invocation } from './ledger';

export type Handler = (event: CloudFormationCustomResourceEvent, context: InvocationContext) => Promise<void>;
export type CreateHandler = (options: HandlerOptions) => Handler;

/** A call of WAF; a creation is noted in it. */
export interface WafCall {
  readonly operation: string;
  readonly region: string;
  readonly input: object;
  readonly creation?: CreationCall;
}

/** What the environments of a function reach outside. Errors are those of the SDK. */
export interface Outside {
  readonly clock: Clock;
  readonly random: () => number;
  waf(call: WafCall, invocation: Invocation): Promise<object>;
  read(region: string, operation: ReadOperation, input: ReadInput, invocation: Invocation): Promise<object>;
  put(url: string, body: Buffer, invocation: Invocation): Promise<Attempt>;
  trace(text: () => string): void;
  violation(promise: 'live', text: string): void;
}

type End = NonNullable<Invocation['end']>;

/** One execution environment of a function: a handler with a memory of its own, which can die at any of its steps. */
export class Environment {
  private readonly handler: Handler;
  private invocation?: Invocation;
  private isAlive = true;
  private stepsToLive = Number.POSITIVE_INFINITY;
  private pending = 0;
  private die: (end: End) => void = () => undefined;

  constructor(
    private readonly outside: Outside,
    private readonly configuration: FunctionConfiguration,
    createHandler: CreateHandler,
  ) {
    this.handler = createHandler(this.handlerOptions());
  }

  get isIdle(): boolean {
    return this.isAlive && !this.invocation;
  }

  /** Runs the handler to its end or its death, whichever is first. */
  async run(invocation: Invocation, stepToDieAt = Number.POSITIVE_INFINITY): Promise<End> {
    const { clock } = this.outside;
    this.invocation = invocation;
    this.stepsToLive = stepToDieAt;
    const timeoutMs = this.configuration.timeoutSeconds * 1000;
    const deadline = clock.now() + timeoutMs;
    const died = new Promise<End>(resolve => {
      this.die = end => {
        this.isAlive = false;
        resolve(end);
      };
    });
    const over = new AbortController();
    clock.sleep(timeoutMs, over.signal).then(
      () => this.die('timed out'),
      () => undefined,
    );
    const context = { getRemainingTimeInMillis: () => deadline - clock.now() };
    const end = await Promise.race([died, ended(this.handler(invocation.event, context))]);
    over.abort(finished);
    if (this.isAlive && this.pending > 0)
      this.outside.violation('live', `#${invocation.number} ended with ${this.pending} things going on`);
    this.invocation = undefined;
    return end;
  }

  private handlerOptions(): HandlerOptions {
    const { clock, random } = this.outside;
    const { region, environment } = this.configuration;
    const reads = cloudFormationReads((operation, input, { abortSignal }) =>
      this.gated(now => abortable(this.outside.read(region, operation, input, now), abortSignal)),
    );
    return {
      clock: {
        now: () => clock.now(),
        sleep: (ms, signal) => this.gated(() => clock.sleep(ms, signal)),
      },
      random,
      put: (url, body, signal) =>
        this.gated(now =>
          abortable(this.outside.put(url, body, now), signal).catch(
            (error): Attempt => ({ error: String(error), mayHaveArrived: true }),
          ),
        ),
      log: (message, details) => this.log(message, details),
      seen: new SeenKeys(),
      clientFor: of =>
        wafClient((operation, input, options) => this.callWaf({ operation, region: of, input }, options)),
      reads: async () => reads,
      stackId: environment.STACK_ID,
    };
  }

  private async callWaf(call: WafCall, { abortSignal }: CallOptions): Promise<object> {
    const { operation } = call;
    const creation: CreationCall | undefined = operation === 'CreateAPIKey' ? { isClear: false } : undefined;
    try {
      const output = await this.gated(now => {
        if (creation) now.creations.push(creation);
        return abortable(this.outside.waf({ ...call, creation }, now), abortSignal);
      });
      if (creation) creation.isClear = true;
      return output;
    } catch (error) {
      if (creation) creation.isClear = isRefusal(error);
      throw error;
    } finally {
      if (creation) creation.endedAt = this.outside.clock.now();
    }
  }

  /** Lets something reach outside, unless the environment is dead: then nothing goes out or comes back. */
  private gated<T>(work: (invocation: Invocation) => Promise<T>): Promise<T> {
    const { invocation } = this;
    if (this.isAlive && !invocation) this.outside.violation('live', 'an idle environment goes on working');
    if (!invocation || !this.step()) return new Promise<T>(() => undefined);
    this.pending += 1;
    return new Promise((resolve, reject) => {
      const pass = (settle: () => void) => {
        this.pending -= 1;
        if (this.step()) settle();
      };
      work(invocation).then(
        value => pass(() => resolve(value)),
        error => pass(() => reject(error)),
      );
    });
  }

  /** Whether the environment survives its next step. */
  private step(): boolean {
    if (!this.isAlive) return false;
    this.stepsToLive -= 1;
    if (this.stepsToLive > 0) return true;
    this.outside.trace(() => `#${this.invocation?.number} the environment dies`);
    this.die('killed');
    return false;
  }

  private log(message: string, details?: Readonly<Record<string, unknown>>): void {
    if (!this.isAlive) return;
    const text = JSON.stringify({ message, ...details });
    for (const [digest] of text.matchAll(/[0-9a-f]{64}/g)) this.invocation?.logged.add(digest);
    this.outside.trace(() => `#${this.invocation?.number} log ${shortened(text)}`);
  }
}

// aborting without a reason would make an exception with a stack trace each time
const finished = new Error('the invocation is finished');

async function ended(run: Promise<void>): Promise<End> {
  try {
    await run;
    return 'done';
  } catch {
    return 'failed';
  }
}

function isRefusal(error: unknown): boolean {
  const status =
    error instanceof Error && '$metadata' in error ? Object(error.$metadata).httpStatusCode : 500;
  return status < 500;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(Object.assign(new Error('request aborted'), { name: 'AbortError' }));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    work.then(resolve, reject);
  });
}

/** A text with digests that can be read. */
function shortened(text: string): string {
  return text.replace(/([0-9a-f]{6})[0-9a-f]{58}/g, '$1');
}
