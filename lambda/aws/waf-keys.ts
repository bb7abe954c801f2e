import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  ListAPIKeysCommand,
  type ListAPIKeysCommandOutput,
  WAFNonexistentItemException,
  type WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { sameTokenDomains } from '../../lib/token-domains';
import type { ListedKey, Listing } from '../decision/decide-update';
import { digestOf, type Location, sameLocation } from '../decision/key-id';
import { type Clock, leaving, type TimeLimit } from '../runtime/clock';
import type { Log, SeenKeys } from '../runtime/log';
import { ABSENCE_PAUSES, CLOCK_SKEW, LIST_LAG } from '../timings';
import { described, Verdict, verdictOn } from './errors';
import type { Retry } from './retry';

export interface WafKeysOptions {
  readonly clock: Clock;
  readonly retry: Retry;
  readonly log: Log;
  readonly seen: SeenKeys;
  /** A client of the Region that makes one attempt a call: a repeated CreateAPIKey would create a second key. */
  readonly clientFor: (region: string) => WAFV2Client;
}

interface DatedKey extends ListedKey {
  readonly createdAt?: number;
}

interface CreatedKey extends ListedKey {
  readonly location: Location;
  readonly createdAt: number;
}

/** The API keys of one account in AWS WAFv2. */
export class WafKeys {
  /** created by this environment, by digest */
  private readonly created = new Map<string, CreatedKey>();

  constructor(private readonly options: WafKeysOptions) {}

  /** The list of the keys in a location, of which nothing is read yet. */
  public list(location: Location): KeyList {
    const now = this.options.clock.now();
    // a list may not show them yet
    const fresh = [...this.created].filter(
      ([, key]) => sameLocation(key.location, location) && now - key.createdAt < LIST_LAG,
    );
    return new KeyList(location, new Map(fresh), this.options);
  }

  /**
   * Creates a key, and never a second one after a clear response.
   *
   * `beforeAttempt` is asked before each attempt and may throw; `onUnclear` is told when a call was sent that may have
   * created a key without saying so.
   */
  public create(
    location: Location,
    tokenDomains: readonly string[],
    limit: TimeLimit,
    beforeAttempt: () => Promise<void>,
    onUnclear: (sentAt: number) => void,
  ): Promise<string> {
    const { clock, retry, log, seen } = this.options;
    const command = new CreateAPIKeyCommand({ Scope: location.scope, TokenDomains: [...tokenDomains] });
    const what = `CreateAPIKey in ${location.region}`;
    return retry.untilDone(what, what, leaving(limit, limit.budget.toCreate), async () => {
      await beforeAttempt();
      await retry.untilSlot(what, limit);
      const sentAt = clock.now();
      try {
        const { APIKey } = await this.call(location, limit, (client, options) =>
          client.send(command, options),
        );
        if (!APIKey) throw new Error('expected an APIKey in the response, got none');
        seen.add(APIKey);
        this.created.set(digestOf(APIKey), { key: APIKey, tokenDomains, location, createdAt: clock.now() });
        return APIKey;
      } catch (error) {
        if (verdictOn(error) === Verdict.UNCLEAR) {
          log('CreateAPIKey got no clear response', { error: described(error) });
          onUnclear(sentAt);
        }
        throw error;
      }
    });
  }

  /** Deletes a key; one that is already gone is no error. */
  public async delete(location: Location, key: string, limit: TimeLimit): Promise<void> {
    const command = new DeleteAPIKeyCommand({ Scope: location.scope, APIKey: key });
    const what = `DeleteAPIKey in ${location.region}`;
    await this.options.retry.untilDone(what, what, limit, async () => {
      try {
        await this.call(location, limit, (client, options) => client.send(command, options));
      } catch (error) {
        if (!(error instanceof WAFNonexistentItemException)) throw error;
      }
    });
    this.created.delete(digestOf(key));
  }

  /** The digests of keys with these domains that were created after a time, by whomever, this environment aside. */
  public async createdSince(
    location: Location,
    tokenDomains: readonly string[],
    since: number,
    limit: TimeLimit,
  ): Promise<string[]> {
    const list = new KeyList(location, new Map(), this.options);
    await list.readAll(limit);
    return [...list.keys]
      .filter(([digest]) => !this.created.has(digest))
      .filter(([, key]) => key.createdAt !== undefined && key.createdAt >= since - CLOCK_SKEW)
      .filter(([, key]) => sameTokenDomains(key.tokenDomains, tokenDomains))
      .map(([digest]) => digest);
  }

  private call<T>(
    { region }: Location,
    limit: TimeLimit,
    send: (client: WAFV2Client, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const client = this.options.clientFor(region);
    return this.options.retry.once(limit, options => send(client, options));
  }
}

/** The list of the keys in a location, read as far as it was needed so far. */
export class KeyList implements Listing {
  public isConfirmed = false;
  private url?: string;
  /** `undefined` at the list's beginning */
  private marker?: string;
  private isWhole = false;
  private readonly markersSeen = new Set<string>();

  constructor(
    public readonly location: Location,
    public readonly keys: Map<string, DatedKey>,
    private readonly options: WafKeysOptions,
  ) {}

  /** Reads on until the key is found; where it seems absent, lists again with pauses until that is confirmed. */
  public async lookFor(digest: string, limit: TimeLimit): Promise<void> {
    const isFound = () => this.keys.has(digest);
    await this.readUntil(isFound, limit);
    for (const pause of ABSENCE_PAUSES) {
      if (isFound()) return;
      await this.options.clock.sleep(pause * limit.budget.absenceScale, limit.signal);
      this.rewind();
      await this.readUntil(isFound, limit);
    }
    this.isConfirmed ||= !isFound();
  }

  public readAll(limit: TimeLimit): Promise<void> {
    return this.readUntil(() => false, limit);
  }

  /**
   * The integration URL without a slash at its end: AWS gives it with one, while its guide appends "/jsapi.js".
   *
   * @throws when the list gives none.
   */
  public async integrationUrl(limit: TimeLimit): Promise<string> {
    await this.readUntil(() => this.url !== undefined, limit);
    if (!this.url) throw new Error('ListAPIKeys: expected an ApplicationIntegrationURL, got none');
    let end = this.url.length;
    while (this.url[end - 1] === '/') end -= 1;
    return this.url.slice(0, end);
  }

  private rewind(): void {
    this.marker = undefined;
    this.isWhole = false;
    this.markersSeen.clear();
  }

  private async readUntil(isEnough: () => boolean, limit: TimeLimit): Promise<void> {
    while (!isEnough() && !this.isWhole) this.take(await this.readPage(limit));
  }

  private take(page: ListAPIKeysCommandOutput): void {
    this.url ??= page.ApplicationIntegrationURL || undefined;
    for (const { APIKey, TokenDomains = [], CreationTimestamp } of page.APIKeySummaries ?? []) {
      if (!APIKey) continue;
      this.options.seen.add(APIKey);
      const createdAt = CreationTimestamp?.getTime();
      this.keys.set(digestOf(APIKey), { key: APIKey, tokenDomains: TokenDomains, createdAt });
    }
    // WAF's lists may go on with a marker when nothing is left, and have empty pages in between
    this.marker = page.NextMarker || undefined;
    this.isWhole = this.marker === undefined || this.markersSeen.has(this.marker);
    if (this.marker) this.markersSeen.add(this.marker);
  }

  private readPage(limit: TimeLimit): Promise<ListAPIKeysCommandOutput> {
    const { region, scope } = this.location;
    const { clientFor, retry } = this.options;
    const command = new ListAPIKeysCommand({ Scope: scope, NextMarker: this.marker, Limit: 100 });
    const what = `ListAPIKeys in ${region}`;
    return retry.untilDone(what, what, limit, () =>
      retry.once(limit, options => clientFor(region).send(command, options)),
    );
  }
}
