import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  ListAPIKeysCommand,
  WAFInvalidParameterException,
  WAFNonexistentItemException,
  type WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { sameTokenDomains } from '../../lib/token-domains';
import type { DesiredKey } from '../decision/desired-key';
import type { ListedKey, Listing } from '../decision/evidence';
import { digestOf, type KeyReference, type Location } from '../decision/key-id';
import type { Clock, TimeLimit } from '../runtime/clock';
import type { Log, SeenKeys } from '../runtime/log';
import { ABSENCE_PAUSES, CLOCK_SKEW, LIST_LAG } from '../timings';
import { described, repeatable, Verdict, verdictOn } from './errors';
import type { Retry } from './retry';

export interface WafKeysOptions {
  readonly clock: Clock;
  readonly retry: Retry;
  readonly log: Log;
  readonly seen: SeenKeys;
  /** A client of the Region that makes one attempt a call: a repeated CreateAPIKey would create a second key. */
  readonly clientFor: (region: string) => WAFV2Client;
}

/** The API keys of one account in AWS WAFv2. */
export class WafKeys {
  /** created by this environment, by digest */
  private readonly created = new Map<string, ListedKey>();

  constructor(private readonly options: WafKeysOptions) {}

  /** The list of the keys in a location, of which nothing is read yet. */
  public list(location: Location): KeyList {
    return new KeyList(location, this.created, this.options);
  }

  /**
   * Creates a key, and never a second one after a clear response.
   *
   * `beforeAttempt` is asked before each attempt and may throw; `onUnclear` is told when a call was sent that may have
   * created a key without saying so.
   */
  public create(
    { location, tokenDomains }: DesiredKey,
    limit: TimeLimit,
    beforeAttempt: () => Promise<void>,
    onUnclear: (sentAt: number) => void,
  ): Promise<string> {
    const { clock, retry, log, seen, clientFor } = this.options;
    const client = clientFor(location.region);
    const command = new CreateAPIKeyCommand({ Scope: location.scope, TokenDomains: [...tokenDomains] });
    const what = `CreateAPIKey in ${location.region}`;
    const inTime = { ...limit, at: limit.deadline - limit.budget.toCreate };
    return retry.untilDone(what, what, inTime, async () => {
      await beforeAttempt();
      await retry.untilSlot(limit);
      const sentAt = clock.now();
      try {
        const { APIKey: key } = await retry.once(limit, options => client.send(command, options));
        if (!key) throw new Error('expected an APIKey in the response, got none');
        this.created.set(seen.add(key), { key, tokenDomains, createdAt: clock.now() });
        return key;
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
  public async delete({ scope, region }: Location, key: string, limit: TimeLimit): Promise<void> {
    const { retry, clientFor } = this.options;
    const command = new DeleteAPIKeyCommand({ Scope: scope, APIKey: key });
    const what = `DeleteAPIKey in ${region}`;
    await retry.untilDone(what, what, limit, async () => {
      try {
        await retry.once(limit, options => clientFor(region).send(command, options));
      } catch (error) {
        // guard: a key that is gone is deleted
        if (!(error instanceof WAFNonexistentItemException)) throw error;
      }
    });
    this.created.delete(digestOf(key));
  }

  /** Listed keys with the desired domains that were created after a time, by whomever, this environment aside. */
  public createdSince(list: KeyList, { location, tokenDomains }: DesiredKey, since: number): KeyReference[] {
    // a key without a date may be one
    const isNew = ({ createdAt = since }: ListedKey) => createdAt >= since - CLOCK_SKEW;
    return [...list.keys]
      .filter(([, key]) => isNew(key) && sameTokenDomains(key.tokenDomains, tokenDomains))
      .filter(([digest]) => !this.created.has(digest))
      .map(([digest]) => ({ location, digest }));
  }
}

/** The list of the keys in a location, read as far as it was needed so far. */
export class KeyList implements Listing {
  /** by digest */
  public readonly keys = new Map<string, ListedKey>();
  public isConfirmed = false;
  private url?: string;
  /** of the next page; `undefined` for the first one */
  private marker?: string;
  private readonly markersRead = new Set<string | undefined>();

  constructor(
    public readonly location: Location,
    /** by this environment, by digest */
    private readonly created: ReadonlyMap<string, ListedKey>,
    private readonly options: WafKeysOptions,
  ) {}

  /** Reads on until the key is found; where it seems absent, lists again with pauses until that is confirmed. */
  public async lookFor(digest: string, limit: TimeLimit): Promise<ListedKey | undefined> {
    const { clock } = this.options;
    const isFound = () => this.keys.has(digest);
    await this.readUntil(isFound, limit);
    // guard: absence is confirmed
    for (const pause of ABSENCE_PAUSES) {
      if (isFound()) break;
      await clock.sleep(pause * limit.budget.absenceScale, limit.signal);
      this.beginAgain();
      await this.readUntil(isFound, limit);
    }
    // the pauses of a short function are shorter than a list may be late
    const created = this.created.get(digest);
    if (!isFound() && created?.createdAt && created.createdAt > clock.now() - LIST_LAG)
      this.keys.set(digest, created);
    this.isConfirmed ||= !isFound();
    return this.keys.get(digest);
  }

  /**
   * The integration URL without a slash at its end: AWS gives it with one, while its guide appends "/jsapi.js".
   *
   * @throws when the list gives none.
   */
  public async integrationUrl(limit: TimeLimit): Promise<string> {
    await this.readUntil(() => this.url !== undefined, limit);
    if (!this.url) throw new Error('ListAPIKeys: expected an ApplicationIntegrationURL, got none');
    // looks for slashes only where none stands before: linear
    return this.url.replace(/(?<!\/)\/+$/, '');
  }

  /** Reads page by page until they are enough, or to the end. */
  public async readUntil(isEnough: () => boolean, limit: TimeLimit): Promise<void> {
    const { clientFor, retry, seen } = this.options;
    const { region, scope } = this.location;
    const what = `ListAPIKeys in ${region}`;
    // WAF's lists may go on with a marker when nothing is left, and have empty pages in between
    while (!isEnough() && !this.markersRead.has(this.marker)) {
      const page = await retry.untilDone(what, what, limit, async () => {
        const command = new ListAPIKeysCommand({ Scope: scope, NextMarker: this.marker, Limit: 100 });
        try {
          return await retry.once(limit, options => clientFor(region).send(command, options));
        } catch (error) {
          if (!(error instanceof WAFInvalidParameterException && this.marker)) throw error;
          // the key that the marker stands for may have been deleted meanwhile
          this.beginAgain();
          throw repeatable(error);
        }
      });
      this.markersRead.add(this.marker);
      this.url ??= page.ApplicationIntegrationURL || undefined;
      for (const { APIKey: key, TokenDomains: tokenDomains = [], ...more } of page.APIKeySummaries ?? []) {
        if (!key) continue;
        this.keys.set(seen.add(key), { key, tokenDomains, createdAt: more.CreationTimestamp?.getTime() });
      }
      this.marker = page.NextMarker || undefined;
    }
  }

  private beginAgain(): void {
    this.marker = undefined;
    this.markersRead.clear();
  }
}
