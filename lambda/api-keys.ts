import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  GetDecryptedAPIKeyCommand,
  ListAPIKeysCommand,
  type ListAPIKeysCommandOutput,
  type WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { sameTokenDomains } from '../lib/token-domains';
import { type Clock, sooner, type TimeLimit, withTimeout } from './clock';
import type { ApiKey, Inventory, KeyRegistry } from './lifecycle';
import type { Log } from './log';
import { type Location, physicalIdOf } from './physical-id';
import { Verdict, verdictOn } from './waf-error';

const SECOND = 1000;
/** How long one call may take before it counts as lost. */
const CALL_TIMEOUT = 10 * SECOND;
/** What must be left after a CreateAPIKey: time to look for a lost key, to describe it and to undo it. */
const CREATION_RESERVE = 45 * SECOND;
/** How long a new role's permissions, or a new key, may take to arrive everywhere. */
const ARRIVAL_PATIENCE = 60 * SECOND;
/** WAF allows one creation a second. */
const FIRST_PAUSE = SECOND;
const LONGEST_PAUSE = 10 * SECOND;
/** How far WAF's clock and ours may be apart; it covers time stamps cut to whole seconds too. */
const CLOCK_SKEW = 2 * SECOND;
/** Pauses before a key that seems absent is looked for again. */
const CONFIRMATION_PAUSES = [5 * SECOND, 10 * SECOND];

export interface ApiKeysOptions {
  readonly clock: Clock;
  /** from 0 up to 1, for the jitter of the pauses */
  readonly random: () => number;
  readonly log: Log;
  /** A client of the Region that makes one attempt a call: a repeated CreateAPIKey would make a second key. */
  readonly clientFor: (region: string) => WAFV2Client;
}

/** The API keys of AWS WAFv2: every page, no doubles, within the quota. */
export class ApiKeys implements KeyRegistry {
  constructor(private readonly options: ApiKeysOptions) {}

  public async list(location: Location, limit: TimeLimit): Promise<Inventory> {
    const keys = new Map<string, ApiKey>();
    let applicationIntegrationUrl: string | undefined;
    const markersSeen = new Set<string>();
    let marker: string | undefined;
    do {
      const page = await this.listPage(location, marker, limit);
      applicationIntegrationUrl ??= page.ApplicationIntegrationURL;
      const summaries = page.APIKeySummaries ?? [];
      for (const { APIKey, TokenDomains = [], CreationTimestamp } of summaries) {
        if (APIKey && CreationTimestamp) {
          keys.set(APIKey, { key: APIKey, tokenDomains: TokenDomains, createdAt: CreationTimestamp });
        }
      }
      // WAF's lists may go on with a marker when nothing is left
      marker = summaries.length > 0 ? page.NextMarker : undefined;
      if (marker && markersSeen.has(marker)) marker = undefined;
      if (marker) markersSeen.add(marker);
    } while (marker);
    return { applicationIntegrationUrl, keys: [...keys.values()] };
  }

  public async create(
    location: Location,
    tokenDomains: readonly string[],
    before: readonly ApiKey[],
    limit: TimeLimit,
  ): Promise<string> {
    let attempts = 0;
    return this.repeat(`CreateAPIKey in ${location.region}`, sooner(limit, CREATION_RESERVE), async () => {
      const sentAt = this.options.clock.now();
      try {
        attempts += 1;
        const command = new CreateAPIKeyCommand({ Scope: location.scope, TokenDomains: [...tokenDomains] });
        const { APIKey } = await this.call(location, limit, (client, options) =>
          client.send(command, options),
        );
        if (APIKey) return APIKey;
        throw new Error('expected an APIKey in the answer, got none');
      } catch (error) {
        if (limit.signal.aborted || verdictOn(error) !== Verdict.UNCLEAR) throw error;
        this.options.log('CreateAPIKey got no clear answer', { attempts, error: String(error) });
        const lost = await this.findLost(location, tokenDomains, before, sentAt, limit);
        if (lost) return lost;
        throw error;
      }
    });
  }

  public async creationTime(location: Location, key: string, limit: TimeLimit): Promise<Date> {
    const command = new GetDecryptedAPIKeyCommand({ Scope: location.scope, APIKey: key });
    return this.repeat(`GetDecryptedAPIKey in ${location.region}`, limit, async () => {
      const { CreationTimestamp } = await this.call(location, limit, (client, options) =>
        client.send(command, options),
      );
      if (CreationTimestamp) return CreationTimestamp;
      throw new Error('expected a CreationTimestamp in the answer, got none');
    });
  }

  public async listWith(
    location: Location,
    matches: (key: string) => boolean,
    limit: TimeLimit,
  ): Promise<Inventory> {
    let inventory = await this.list(location, limit);
    for (const pause of CONFIRMATION_PAUSES) {
      if (inventory.keys.some(({ key }) => matches(key))) break;
      await this.options.clock.sleep(pause, limit.signal);
      inventory = await this.list(location, limit);
    }
    return inventory;
  }

  public async delete(location: Location, key: string, limit: TimeLimit): Promise<void> {
    const command = new DeleteAPIKeyCommand({ Scope: location.scope, APIKey: key });
    await this.repeat(`DeleteAPIKey in ${location.region}`, limit, async () => {
      try {
        await this.call(location, limit, (client, options) => client.send(command, options));
      } catch (error) {
        if (verdictOn(error) !== Verdict.ABSENT) throw error;
      }
    });
  }

  private async listPage(
    location: Location,
    marker: string | undefined,
    limit: TimeLimit,
  ): Promise<ListAPIKeysCommandOutput> {
    const command = new ListAPIKeysCommand({ Scope: location.scope, NextMarker: marker, Limit: 100 });
    return this.repeat(`ListAPIKeys in ${location.region}`, limit, () =>
      this.call(location, limit, (client, options) => client.send(command, options)),
    );
  }

  /** The key that a CreateAPIKey without a clear answer made after all: the only new one with these domains. */
  private async findLost(
    location: Location,
    tokenDomains: readonly string[],
    before: readonly ApiKey[],
    sentAt: number,
    limit: TimeLimit,
  ): Promise<string | undefined> {
    const { keys } = await this.list(location, limit);
    const known = new Set(before.map(({ key }) => key));
    const candidates = keys.filter(
      ({ key, tokenDomains: domains, createdAt }) =>
        !known.has(key) &&
        sameTokenDomains(domains, tokenDomains) &&
        createdAt.getTime() >= sentAt - CLOCK_SKEW,
    );
    const [only, ...others] = candidates;
    const ids = candidates.map(({ key }) => physicalIdOf(location, key));
    if (others.length > 0) this.options.log('keys left alone: which of them is ours cannot be told', { ids });
    else if (only) this.options.log('the key was made after all', { ids });
    return others.length > 0 ? undefined : only?.key;
  }

  /** Tries until it succeeds, is refused for good, or the time is up. */
  private async repeat<T>(what: string, limit: TimeLimit, attempt: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    if (clock.now() > limit.at) throw new Error(`${what}: not begun, too little time is left`);
    const startedAt = clock.now();
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pause = this.pauseAfter(attempts);
        const resumesAt = clock.now() + pause;
        if (
          limit.signal.aborted ||
          resumesAt > Math.min(limit.at, startedAt + patienceWith(verdictOn(error)))
        ) {
          throw new Error(`${what}: ${described(error)}, after ${counted(attempts)}`, { cause: error });
        }
        await clock.sleep(pause, limit.signal);
      }
    }
  }

  private pauseAfter(attempts: number): number {
    const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
    return (ceiling / 2) * (1 + this.options.random());
  }

  /** Makes one call, and gives it up when it takes too long. */
  private call<T>(
    { region }: Location,
    limit: TimeLimit,
    send: (client: WAFV2Client, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const client = this.options.clientFor(region);
    return withTimeout(this.options.clock, CALL_TIMEOUT, limit.signal, abortSignal =>
      send(client, { abortSignal }),
    );
  }
}

function patienceWith(verdict: Verdict): number {
  switch (verdict) {
    case Verdict.REFUSED:
      return 0;
    case Verdict.DENIED:
    case Verdict.ABSENT:
      return ARRIVAL_PATIENCE;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function described(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function counted(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}
