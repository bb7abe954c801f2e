import type { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { HttpResponse } from '@smithy/types';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Put } from '../../lambda/answer';
import type { Clock } from '../../lambda/clock';
import type { InvocationContext } from '../../lambda/custom-resource';
import type { Log } from '../../lambda/log';
import type { DescribeStackEvents } from '../../lambda/stack-events';
import { inProcessHandler } from '../../local-aws/in-process';
import type { ServiceRequest, ServiceResponse } from '../../local-aws/service';
import { directEventsClient, directWafClient } from './direct-clients';
import type { CreationCall, Invocation } from './ledger';
import { eventsClient, type Transport, wafClient } from './sdk-clients';

/** All that a handler has of the world. */
export interface Capabilities {
  readonly clock: Clock;
  readonly random: () => number;
  readonly put: Put;
  readonly log: Log;
  readonly wafClientFor: (region: string) => WAFV2Client;
  readonly describeStackEvents: DescribeStackEvents;
}

export type Handler = (event: CloudFormationCustomResourceEvent, context: InvocationContext) => Promise<void>;
export type CreateHandler = (capabilities: Capabilities) => Handler;

/** What the environments of a function reach outside. */
export interface Outside {
  readonly clock: Clock;
  readonly random: () => number;
  readonly withSdk: boolean;
  /** Answers WAF's requests; a CreateAPIKey is noted in the call. */
  waf(request: ServiceRequest, invocation: Invocation, creation?: CreationCall): Promise<ServiceResponse>;
  events(request: ServiceRequest, invocation: Invocation): Promise<ServiceResponse>;
  put(url: string, body: Buffer, invocation: Invocation): Promise<number>;
  trace(text: () => string): void;
  violation(rule: number, text: string): void;
}

type End = NonNullable<Invocation['end']>;

/** One execution environment of a function: a handler with a memory of its own, which can die at any of its steps. */
export class Environment {
  private readonly handler: Handler;
  private readonly region: string;
  private invocation?: Invocation;
  private isAlive = true;
  private stepsToLive = Number.POSITIVE_INFINITY;
  private pending = 0;
  private die: (end: End) => void = () => undefined;

  constructor(
    private readonly outside: Outside,
    region: string,
    createHandler: CreateHandler,
  ) {
    this.region = region;
    this.handler = createHandler(this.capabilities());
  }

  get isIdle(): boolean {
    return this.isAlive && !this.invocation;
  }

  /** Runs the handler to its end or its death, whichever is first. */
  async run(invocation: Invocation, timeoutMs: number, stepToDieAt?: number): Promise<End> {
    const { clock } = this.outside;
    this.invocation = invocation;
    this.stepsToLive = stepToDieAt ?? Number.POSITIVE_INFINITY;
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
    if (this.isAlive && this.pending > 0) {
      this.outside.violation(5, `#${invocation.number} ended with ${this.pending} things still going on`);
    }
    this.invocation = undefined;
    return end;
  }

  private capabilities(): Capabilities {
    const { clock, random, withSdk } = this.outside;
    const [waf, events] = withSdk ? [wafClient, eventsClient] : [directWafClient, directEventsClient];
    return {
      clock: {
        now: () => clock.now(),
        sleep: (ms, signal) => this.gated(() => clock.sleep(ms, signal)),
      },
      random,
      put: (url, body, signal) => this.gated(now => abortable(this.outside.put(url, body, now), signal)),
      log: (message, details) => this.log(message, details),
      wafClientFor: region => waf(region, (request, options) => this.callWaf(request, options)),
      describeStackEvents: events(this.region, (request, options) =>
        this.gated(now =>
          abortable(
            this.transport(one => this.outside.events(one, now))(request, options),
            options?.abortSignal,
          ),
        ),
      ),
    };
  }

  private async callWaf(...[request, options]: Parameters<Transport>): Promise<{ response: HttpResponse }> {
    const creation: { call?: CreationCall } = {};
    const answer = await this.gated(
      now => {
        const target = request.headers['x-amz-target'];
        if (target === 'AWSWAF_20190729.CreateAPIKey')
          creation.call = begin(now, request.body, this.regionOf(request), this.outside.clock.now());
        const { call } = creation;
        const answered = this.transport(one => this.outside.waf(one, now, call))(request, options);
        return abortable(answered, options?.abortSignal);
      },
      () => {
        if (creation.call) creation.call.endedAt = this.outside.clock.now();
      },
    );
    const { statusCode } = answer.response;
    if (creation.call) creation.call.clear = statusCode < 500;
    return answer;
  }

  private regionOf({ hostname }: { hostname: string }): string {
    return hostname.split('.')[1] ?? '';
  }

  private transport(service: (request: ServiceRequest) => Promise<ServiceResponse>): Transport {
    const { handle } = inProcessHandler(service, this.outside.clock);
    return handle;
  }

  /** Lets something reach outside, unless the environment is dead: then nothing goes out or comes back. */
  private gated<T>(work: (invocation: Invocation) => Promise<T>, onEnd?: () => void): Promise<T> {
    const { invocation } = this;
    if (this.isAlive && !invocation) this.outside.violation(5, 'an idle environment goes on working');
    if (!invocation || !this.step()) return new Promise<T>(() => undefined);
    this.pending += 1;
    return new Promise((resolve, reject) => {
      const pass = (settle: () => void) => {
        onEnd?.();
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

function begin(invocation: Invocation, body: unknown, region: string, sentAt: number): CreationCall {
  // the client's bytes pretend to be a string to whoever asks: take them as they are
  const text = body instanceof Uint8Array ? Buffer.concat([body]).toString() : String(body);
  const { Scope: scope, TokenDomains: domains }: { Scope: string; TokenDomains: string[] } = JSON.parse(text);
  const call: CreationCall = { sentAt, region, scope, domains, clear: false };
  invocation.creations.push(call);
  return call;
}

function abortable<T>(work: Promise<T>, signal: unknown): Promise<T> {
  if (!(signal instanceof AbortSignal)) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(Object.assign(new Error('request aborted'), { name: 'AbortError' }));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    work.then(resolve, reject);
  });
}

/** Ids with digests that can be read. */
export function shortened(text: string): string {
  return text.replace(/([0-9a-f]{6})[0-9a-f]{58}/g, '$1');
}
