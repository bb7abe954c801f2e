import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { digestOf } from '../../lambda/decision/key-id';
import { createHandler } from '../../lambda/handler';
import type { Put } from '../../lambda/protocol/response';
import { SeenKeys } from '../../lambda/runtime/log';
import { Wafv2, type Wafv2Options } from '../../local-aws/wafv2';
import { inProcessSettings } from '../virtual-account/in-process-settings';
import { seededRandom } from '../virtual-account/seeded-random';
import { VirtualClock } from '../virtual-account/virtual-clock';
import { StackDouble } from './stack-double';

/** What CloudFormation was told. */
export interface Response {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** An account with WAF and one stack's record in it, in virtual time: the handler's own code and the real SDK client. */
export class Account {
  public readonly waf: Wafv2;
  public readonly stack: StackDouble;
  public readonly logLines: string[] = [];
  /** in order */
  public readonly responses: Response[] = [];
  /** Takes the responses; a test may put another one in its place. */
  public put: Put = async (_url, body) => {
    this.responses.push(JSON.parse(body.toString()));
    this.onResponse(this.responses.at(-1));
    return { status: 200 };
  };
  /** Is told each response that was taken: a test writes down here what CloudFormation does with it. */
  public onResponse: (response: Response | undefined) => void = () => undefined;
  private readonly random = seededRandom(1);

  constructor(
    options: Partial<Wafv2Options> = {},
    public readonly clock = new VirtualClock(),
  ) {
    this.waf = new Wafv2({ clock, random: this.random, ...options });
    this.stack = new StackDouble(clock);
  }

  /** A fresh execution environment, which remembers nothing. */
  public environment(stackId?: string): Environment {
    const { clock, random, waf, stack } = this;
    const handler = createHandler({
      clock,
      random,
      put: (url, body, signal) => this.put(url, body, signal),
      log: (message, details) => this.logLines.push(JSON.stringify({ message, ...details })),
      seen: new SeenKeys(),
      clientFor: region => new WAFV2Client(inProcessSettings('wafv2', region, waf.service, clock)),
      reads: async () => stack.calls,
      stackId,
    });
    const run = (event: unknown, remainingMs = 900_000) => {
      const deadline = clock.now() + remainingMs;
      return clock.run(handler(event, { getRemainingTimeInMillis: () => deadline - clock.now() }));
    };
    return {
      run,
      invoke: async (event, remainingMs) => {
        await run(event, remainingMs);
        const response = this.responses.at(-1);
        if (!response) throw new Error('expected a response, got none');
        return response;
      },
    };
  }

  /** Lets time pass. */
  public wait(ms: number): Promise<void> {
    return this.clock.run(this.clock.sleep(ms));
  }

  /** The names and outcomes of the calls of WAF so far, such as `CreateAPIKey ok`. */
  public calls(): string[] {
    return this.waf.calls.map(({ operation, outcome }) => `${operation} ${outcome}`);
  }

  /** The details of the log entries with this message, in order. */
  public logged(message: string): unknown[] {
    const entries = this.logLines.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
    return entries.flatMap(({ message: own, ...details }) => (own === message ? [details] : []));
  }

  /** The keys there are. */
  public keys(): string[] {
    return this.waf.keys().map(({ apiKey }) => apiKey);
  }
}

export interface Environment {
  run(event: unknown, remainingMs?: number): Promise<void>;
  /** Handles one event; resolves to the last response that CloudFormation has. */
  invoke(event: CloudFormationCustomResourceEvent, remainingMs?: number): Promise<Response>;
}

/** The id of a key that the stack of the test events created. */
export function idOf(key: string, more = '', scope = 'REGIONAL', region = 'eu-west-1'): string {
  return `WafCaptchaApiKey/${scope}/${region}/${digestOf(key)}${more}`;
}
