import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { HttpRequest } from '@smithy/types';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Answer } from '../../lambda/answer';
import { ApiKeys } from '../../lambda/api-keys';
import { customResource } from '../../lambda/custom-resource';
import { Lifecycle } from '../../lambda/lifecycle';
import type { Repetition } from '../../lambda/repetition';
import { StackEvents } from '../../lambda/stack-events';
import { FUNCTION_TIMEOUT_SECONDS, RESOURCE_TYPE, SERVICE_TIMEOUT_SECONDS } from '../../lib/properties';
import { inProcessHandler } from '../../local-aws/in-process';
import { Wafv2 } from '../../local-aws/wafv2';
import { VirtualClock } from '../../test/virtual-clock';
import { StackLog } from './stack-log';

const REGION = 'eu-west-1';
const STACK_ID = `arn:aws:cloudformation:${REGION}:111122223333:stack/full/5b8d0e10-0000-11f0-9c0a-0a1b2c3d4e5f`;
/** How many events CloudFormation sends a second when it starts to make a stack's resources. */
const DISPATCHES_PER_SECOND = 100;

// a hundred thousand signatures would take most of the bench's time, and nobody here checks them
const UNSIGNED = {
  sign: async (request: HttpRequest): Promise<HttpRequest> => {
    const scope = `20260131/${REGION}/wafv2/aws4_request`;
    request.headers.authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${scope}, Signature=none`;
    return request;
  },
};

/** How one call waits between its attempts; the measurement puts several in the place of the handler's own. */
export type NewRepetition = (clock: VirtualClock, random: () => number) => Repetition;

export interface Conditions {
  readonly seed: number;
  readonly refusedCallsCount: boolean;
  readonly newRepetition: NewRepetition;
  /** keys of others that are listed too */
  readonly foreignKeys?: number;
}

/** What one deployment of many keys at once came to. */
export interface Deployment {
  readonly seconds: number;
  readonly failures: number;
  readonly calls: Readonly<Record<string, { readonly accepted: number; readonly refused: number }>>;
  readonly answers: readonly Answer[];
}

/**
 * An account in virtual time: the handler's own code with the real SDK client, a fresh environment for each event,
 * under the quota of WAF and of CloudFormation.
 */
export class ThroughputAccount {
  private readonly clock = new VirtualClock();
  private readonly waf: Wafv2;
  private readonly stack: StackLog;
  private readonly random: () => number;

  constructor(private readonly conditions: Conditions) {
    this.random = linearCongruential(conditions.seed);
    const { clock, random } = this;
    const { refusedCallsCount, foreignKeys = 0 } = conditions;
    const perSecond = { CreateAPIKey: 1, GetDecryptedAPIKey: 5, ListAPIKeys: 5 };
    this.waf = new Wafv2({ clock, random, quota: { perSecond, refusedCallsCount } });
    this.stack = new StackLog(clock, STACK_ID, refusedCallsCount);
    for (let key = 0; key < foreignKeys; key += 1) {
      this.waf.createForeignKey(REGION, 'REGIONAL', ['elsewhere.example.com']);
    }
  }

  /** Makes keys, all at once. */
  public create(count: number): Promise<Deployment> {
    return this.deploy(
      'Create',
      Array.from({ length: count }, () => undefined),
    );
  }

  /** Deletes what a deployment made, all at once. */
  public delete({ answers }: Deployment): Promise<Deployment> {
    const ids = new Map(answers.map(answer => [answer.LogicalResourceId, answer.PhysicalResourceId]));
    return this.deploy(
      'Delete',
      answers.map((_answer, index) => ids.get(logicalIdOf(index))),
    );
  }

  private async deploy(type: 'Create' | 'Delete', ids: readonly (string | undefined)[]): Promise<Deployment> {
    const startedAt = this.clock.now();
    const callsBefore = this.waf.calls.length;
    const refusedReadings = this.stack.readings.refused;
    const acceptedReadings = this.stack.readings.accepted;
    this.stack.begin(type);
    const answers: Answer[] = [];
    let lastAnswerAt = startedAt;
    const accept = (answer: Answer) => {
      answers.push(answer);
      lastAnswerAt = this.clock.now();
      this.stack.record(answer, type);
    };
    const handled = ids.map(async (id, index) => {
      await this.clock.sleep((index * 1000) / DISPATCHES_PER_SECOND);
      await this.handle(this.event(type, index, id), accept);
    });
    await this.clock.run(Promise.all(handled));
    const calls = tally(this.waf.calls.slice(callsBefore));
    const { accepted, refused } = this.stack.readings;
    return {
      seconds: (lastAnswerAt - startedAt) / 1000,
      failures: ids.length - answers.filter(({ Status }) => Status === 'SUCCESS').length,
      calls: {
        ...calls,
        DescribeStackEvents: { accepted: accepted - acceptedReadings, refused: refused - refusedReadings },
      },
      answers,
    };
  }

  private async handle(
    event: CloudFormationCustomResourceEvent,
    accept: (answer: Answer) => void,
  ): Promise<void> {
    const { clock, random, conditions } = this;
    const repetition = conditions.newRepetition(clock, random);
    const log = () => undefined;
    const client = this.client();
    const keys = new ApiKeys({ clock, repetition, log, clientFor: () => client });
    const history = new StackEvents(this.stack.describe, repetition, log);
    const put = async (_url: string, body: Buffer) => {
      await this.latency();
      accept(JSON.parse(body.toString()));
      return 200;
    };
    const handler = customResource(new Lifecycle({ keys, history, clock, log }), { clock, put, log });
    const deadline = clock.now() + FUNCTION_TIMEOUT_SECONDS * 1000;
    await handler(event, { getRemainingTimeInMillis: () => deadline - clock.now() });
  }

  private event(
    type: 'Create' | 'Delete',
    index: number,
    id: string | undefined,
  ): CloudFormationCustomResourceEvent {
    const requestedAt = new Date(this.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const properties = {
      ServiceToken: `arn:aws:lambda:${REGION}:111122223333:function:handler`,
      Scope: 'REGIONAL',
      TokenDomains: [`shop${index}.example.com`],
      ServiceTimeout: String(SERVICE_TIMEOUT_SECONDS),
    };
    const common = {
      RequestId: `${type}-${index}`,
      ServiceToken: properties.ServiceToken,
      ResponseURL: `https://cloudformation.example/response?X-Amz-Date=${requestedAt}`,
      StackId: STACK_ID,
      LogicalResourceId: logicalIdOf(index),
      ResourceType: RESOURCE_TYPE,
      ResourceProperties: properties,
    };
    this.stack.request(common.LogicalResourceId, id, properties, type);
    return type === 'Create'
      ? { ...common, RequestType: 'Create' }
      : { ...common, RequestType: 'Delete', PhysicalResourceId: id ?? '' };
  }

  // every setting that the client would otherwise look up in files, outside of the virtual time
  private client(): WAFV2Client {
    const inProcess = inProcessHandler(this.waf.service, this.clock);
    return new WAFV2Client({
      region: REGION,
      maxAttempts: 1,
      retryMode: 'standard',
      defaultsMode: 'standard',
      endpoint: `https://wafv2.${REGION}.amazonaws.com`,
      authSchemePreference: [],
      userAgentAppId: 'bench',
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      disableClockSkewCorrection: true,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
      cacheMiddleware: true,
      signer: UNSIGNED,
      requestHandler: {
        handle: async (...call: Parameters<typeof inProcess.handle>) => {
          await this.latency();
          const response = await inProcess.handle(...call);
          await this.latency();
          return response;
        },
      },
    });
  }

  /** One way of a call: 30 to 60 ms. */
  private latency(): Promise<void> {
    return this.clock.sleep(30 + 30 * this.random());
  }
}

function logicalIdOf(index: number): string {
  return `Key${index}`;
}

function tally(calls: Wafv2['calls']): Record<string, { accepted: number; refused: number }> {
  const counts: Record<string, { accepted: number; refused: number }> = {};
  for (const { operation, outcome } of calls) {
    const { accepted = 0, refused = 0 } = counts[operation] ?? {};
    const ok = outcome === 'ok';
    counts[operation] = { accepted: accepted + (ok ? 1 : 0), refused: refused + (ok ? 0 : 1) };
  }
  return counts;
}

// Knuth's MMIX generator, cut to 32 bits: the same numbers in every run
function linearCongruential(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
