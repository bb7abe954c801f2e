import { type ListAPIKeysCommandOutput, WAFV2Client } from '@aws-sdk/client-wafv2';
import { Retry } from '../../../lambda/aws/retry';
import { WafKeys } from '../../../lambda/aws/waf-keys';
import type { Location } from '../../../lambda/decision/key-id';
import { type TimeLimit, timeLimit } from '../../../lambda/runtime/clock';
import { SeenKeys } from '../../../lambda/runtime/log';
import type { ServiceRequest, ServiceResponse } from '../../../local-aws/service';
import { Wafv2, type Wafv2Options } from '../../../local-aws/wafv2';
import { inProcessSettings } from '../../virtual-account/in-process-settings';
import { seededRandom } from '../../virtual-account/seeded-random';
import { VirtualClock } from '../../virtual-account/virtual-clock';

export const IRELAND: Location = { scope: 'REGIONAL', region: 'eu-west-1' };
export const EDGE: Location = { scope: 'CLOUDFRONT', region: 'us-east-1' };

/** A page of ListAPIKeys as WAF writes it. */
export type Page = Pick<
  ListAPIKeysCommandOutput,
  'NextMarker' | 'APIKeySummaries' | 'ApplicationIntegrationURL'
>;

/** An account with WAF in it, in virtual time: the real client of the SDK, without sockets. */
export class WafAccount {
  public readonly clock = new VirtualClock();
  public readonly waf: Wafv2;
  public readonly seen = new SeenKeys();
  public readonly logLines: string[] = [];
  /** the Regions of the clients that were asked for */
  public readonly regions = new Set<string>();
  /** Changes what WAF answers: `operation`, the answer, and how many answers of the operation came before. */
  public alter: (operation: string, answer: Page, index: number) => object = (_operation, answer) => answer;
  private readonly answers = new Map<string, number>();
  private readonly random = seededRandom(1);

  constructor(options: Partial<Wafv2Options> = {}) {
    this.waf = new Wafv2({ clock: this.clock, random: this.random, ...options });
  }

  /** The keys as a fresh execution environment knows them, which remembers nothing. */
  public environment(): WafKeys {
    const { clock, random, seen } = this;
    return new WafKeys({
      clock,
      seen,
      retry: new Retry(clock, random),
      log: (message, details) => this.logLines.push(JSON.stringify({ message, ...details })),
      clientFor: region => this.client(region),
    });
  }

  /** The limit of an invocation that begins now. */
  public limit(total = 900_000): TimeLimit {
    return timeLimit(this.clock, total, new AbortController().signal);
  }

  /** Lets the time pass until the work is done; resolves to its result and the milliseconds that it took. */
  public async timed<T>(work: Promise<T>): Promise<{ result: T; took: number }> {
    const startedAt = this.clock.now();
    const result = await this.clock.run(work);
    return { result, took: this.clock.now() - startedAt };
  }

  /** As `timed`, for work that fails. */
  public timedFailure(work: Promise<unknown>): Promise<{ result: Error; took: number }> {
    const failure = work.then(
      () => new Error('expected a failure, got none'),
      (error: unknown) => (error instanceof Error ? error : new Error(`expected an Error, got ${error}`)),
    );
    return this.timed(failure);
  }

  /** The names and outcomes of the calls so far, such as `CreateAPIKey ok`. */
  public calls(): string[] {
    return this.waf.calls.map(({ operation, outcome }) => `${operation} ${outcome}`);
  }

  /** When an operation was called. */
  public times(operation: string): number[] {
    return this.waf.calls.filter(call => call.operation === operation).map(({ at }) => at);
  }

  private client(region: string): WAFV2Client {
    this.regions.add(region);
    return new WAFV2Client(inProcessSettings('wafv2', region, request => this.answer(request), this.clock));
  }

  private async answer(request: ServiceRequest): Promise<ServiceResponse> {
    const response = await this.waf.service(request);
    if (response.status !== 200) return response;
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? '';
    const index = this.answers.get(operation) ?? 0;
    this.answers.set(operation, index + 1);
    const body = JSON.stringify(this.alter(operation, JSON.parse(`${response.body}`), index));
    return { ...response, body };
  }
}
