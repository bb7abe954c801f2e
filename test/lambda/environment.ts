import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Answer, Put } from '../../lambda/answer';
import { ApiKeys } from '../../lambda/api-keys';
import { customResource } from '../../lambda/custom-resource';
import { Lifecycle } from '../../lambda/lifecycle';
import { Repetition } from '../../lambda/repetition';
import type { StackEvent, StackHistory } from '../../lambda/stack-history';
import { inProcessHandler } from '../../local-aws/in-process';
import { Wafv2, type Wafv2Options } from '../../local-aws/wafv2';
import { offlineSettings } from '../offline-client';
import { VirtualClock } from '../virtual-clock';

/** An account with WAF in it, in virtual time: the handler's own code and the real SDK client, without sockets. */
export class Account {
  public readonly clock = new VirtualClock();
  public readonly waf: Wafv2;
  public readonly logLines: string[] = [];
  /** what CloudFormation was told, in order */
  public readonly answers: Answer[] = [];
  /** Takes the answers; a test may put another one in its place. */
  public put: Put = async (_url, body) => {
    this.answers.push(JSON.parse(body.toString()));
    return 200;
  };
  /** The events of the stack, newest first; `undefined` where they cannot be read. A test may change them. */
  public events: readonly StackEvent[] | undefined = [stackEvent('CREATE_IN_PROGRESS')];
  /** Is told each reading of the events, before it is answered. */
  public onReading: (since: number | undefined) => void | Promise<void> = () => undefined;
  private seed = 1;

  constructor(options: Partial<Wafv2Options> = {}) {
    this.waf = new Wafv2({ clock: this.clock, random: () => this.random(), ...options });
  }

  /** A fresh execution environment, which remembers nothing. */
  public environment(): Environment {
    const log = (message: string, details?: object) => {
      this.logLines.push(JSON.stringify({ message, ...details }));
    };
    const clientFor = (region: string) => inProcessClient(region, this.waf, this.clock);
    const { clock } = this;
    const repetition = new Repetition(clock, () => this.random());
    const keys = new ApiKeys({ clock, repetition, log, clientFor });
    const put: Put = (url, body, signal) => this.put(url, body, signal);
    const history: StackHistory = {
      read: async (_stackId, limit, since) => {
        await this.onReading(since);
        // as the real one, which does not begin when the time is up
        return this.clock.now() > limit.at ? undefined : this.events;
      },
    };
    const handler = customResource(new Lifecycle({ keys, history, clock, log }), { clock, put, log });
    return {
      invoke: async (event, remainingMs = 900_000) => {
        const deadline = this.clock.now() + remainingMs;
        const context = { getRemainingTimeInMillis: () => deadline - this.clock.now() };
        await this.clock.run(handler(event, context));
        const answer = this.answers.at(-1);
        if (!answer) throw new Error('expected an answer, got none');
        return answer;
      },
    };
  }

  /** The names and outcomes of the calls so far, such as `CreateAPIKey ok`. */
  public calls(): string[] {
    return this.waf.calls.map(({ operation, outcome }) => `${operation} ${outcome}`);
  }

  // a linear congruential generator (Knuth, MMIX), cut to 32 bits: the same numbers in every run
  private random(): number {
    this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    return this.seed / 2 ** 32;
  }
}

export interface Environment {
  /** Handles one event; resolves to the last answer that CloudFormation has. */
  invoke(event: CloudFormationCustomResourceEvent, remainingMs?: number): Promise<Answer>;
}

function inProcessClient(region: string, waf: Wafv2, clock: VirtualClock): WAFV2Client {
  const requestHandler = inProcessHandler(waf.service, clock);
  return new WAFV2Client({ ...offlineSettings('wafv2', region), requestHandler });
}

/** An event of the resource under test, or of the stack itself with its id as the physical one. */
export function stackEvent(status: string, more: Partial<StackEvent> = {}): StackEvent {
  return {
    logicalResourceId: 'CaptchaKey',
    physicalResourceId: undefined,
    resourceType: 'Custom::WafCaptchaApiKey',
    status,
    at: Date.UTC(2026, 0, 31, 12),
    properties: undefined,
    ...more,
  };
}
