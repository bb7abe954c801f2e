import {
  CreateAPIKeyCommand,
  DeleteAPIKeyCommand,
  GetDecryptedAPIKeyCommand,
  ListAPIKeysCommand,
  type ListAPIKeysCommandOutput,
  type WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { sameTokenDomains } from '../lib/token-domains';
import { Verdict, verdictOn } from './aws-error';
import { type Clock, sooner, type TimeLimit } from './clock';
import type { ApiKey, Created, Creation, Inventory, KeyRegistry } from './key-registry';
import type { Log } from './log';
import { type Location, physicalIdOf } from './physical-id';
import type { Repetition } from './repetition';

const SECOND = 1000;
/** What must be left after a CreateAPIKey: time to look for a lost key, to ask whose it is, to describe and to undo it. */
const CREATION_RESERVE = 80 * SECOND;
/** How long a new key may take to be listed. */
const LISTING_DELAY = 10 * SECOND;
/** How far WAF's clock and ours may be apart; it covers time stamps cut to whole seconds too. */
const CLOCK_SKEW = 2 * SECOND;
/** Pauses before a key that seems absent is looked for again. */
const CONFIRMATION_PAUSES = [5 * SECOND, 10 * SECOND];

export interface ApiKeysOptions {
  readonly clock: Clock;
  readonly repetition: Repetition;
  readonly log: Log;
  /** A client of the Region that makes one attempt a call: a repeated CreateAPIKey would make a second key. */
  readonly clientFor: (region: string) => WAFV2Client;
}

/** The API keys of AWS WAFv2: every page, no doubles, within the quota. */
export class ApiKeys implements KeyRegistry {
  constructor(private readonly options: ApiKeysOptions) {}

  public list(location: Location, limit: TimeLimit): Promise<Inventory> {
    return this.listUntil(location, () => false, limit);
  }

  public async listWith(
    location: Location,
    matches: (key: string) => boolean,
    limit: TimeLimit,
  ): Promise<Inventory> {
    let inventory = await this.listUntil(location, matches, limit);
    for (const pause of CONFIRMATION_PAUSES) {
      if (inventory.keys.some(({ key }) => matches(key))) break;
      await this.options.clock.sleep(pause, limit.signal);
      inventory = await this.listUntil(location, matches, limit);
    }
    return inventory;
  }

  public async create(creation: Creation, limit: TimeLimit): Promise<Created> {
    const { location, tokenDomains } = creation;
    const { clock, repetition, log } = this.options;
    const command = new CreateAPIKeyCommand({ Scope: location.scope, TokenDomains: [...tokenDomains] });
    const strangers = new Set<string>();
    return repetition.untilDone(
      `CreateAPIKey in ${location.region}`,
      sooner(limit, CREATION_RESERVE),
      async () => {
        await creation.stillWanted();
        await repetition.inTurn(limit);
        const sentAt = clock.now();
        try {
          const { APIKey } = await this.call(location, limit, (client, options) =>
            client.send(command, options),
          );
          if (APIKey) return { key: APIKey, isFound: false };
          throw new Error('expected an APIKey in the answer, got none');
        } catch (error) {
          if (limit.signal.aborted || verdictOn(error) !== Verdict.UNCLEAR) throw error;
          log('CreateAPIKey got no clear answer', { error: String(error) });
          const lost = await this.findLost(creation, strangers, { from: sentAt, to: clock.now() }, limit);
          if (lost) return { key: lost, isFound: true };
          throw error;
        }
      },
    );
  }

  public async creationTime(location: Location, key: string, limit: TimeLimit): Promise<Date> {
    const command = new GetDecryptedAPIKeyCommand({ Scope: location.scope, APIKey: key });
    return this.options.repetition.untilDone(`GetDecryptedAPIKey in ${location.region}`, limit, async () => {
      const { CreationTimestamp } = await this.call(location, limit, (client, options) =>
        client.send(command, options),
      );
      if (CreationTimestamp) return CreationTimestamp;
      throw new Error('expected a CreationTimestamp in the answer, got none');
    });
  }

  public async delete(location: Location, key: string, limit: TimeLimit): Promise<void> {
    const command = new DeleteAPIKeyCommand({ Scope: location.scope, APIKey: key });
    await this.options.repetition.untilDone(`DeleteAPIKey in ${location.region}`, limit, async () => {
      try {
        await this.call(location, limit, (client, options) => client.send(command, options));
      } catch (error) {
        if (verdictOn(error) !== Verdict.ABSENT) throw error;
      }
    });
  }

  /** Lists page by page, to the end or to the page with a match. */
  private async listUntil(
    location: Location,
    matches: (key: string) => boolean,
    limit: TimeLimit,
  ): Promise<Inventory> {
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
    } while (marker && ![...keys.keys()].some(matches));
    return { applicationIntegrationUrl, keys: [...keys.values()] };
  }

  private listPage(
    location: Location,
    marker: string | undefined,
    limit: TimeLimit,
  ): Promise<ListAPIKeysCommandOutput> {
    const command = new ListAPIKeysCommand({ Scope: location.scope, NextMarker: marker, Limit: 100 });
    return this.options.repetition.untilDone(`ListAPIKeys in ${location.region}`, limit, () =>
      this.call(location, limit, (client, options) => client.send(command, options)),
    );
  }

  /**
   * The key that a CreateAPIKey without a clear answer made after all: the only new one that can be its own.
   * `strangers` takes the keys with these domains that came up meanwhile.
   */
  private async findLost(
    creation: Creation,
    strangers: Set<string>,
    sent: { readonly from: number; readonly to: number },
    limit: TimeLimit,
  ): Promise<string | undefined> {
    // before it is listed, it can neither be found nor be told apart from another's
    await this.options.clock.sleep(LISTING_DELAY, limit.signal);
    const { keys } = await this.list(creation.location, limit);
    const known = new Set(creation.before.map(({ key }) => key));
    const unknown = keys.filter(
      ({ key, tokenDomains }) => !known.has(key) && sameTokenDomains(tokenDomains, creation.tokenDomains),
    );
    for (const { key } of unknown) strangers.add(key);
    const candidates = unknown.filter(
      ({ createdAt }) =>
        createdAt.getTime() >= sent.from - CLOCK_SKEW && createdAt.getTime() <= sent.to + CLOCK_SKEW,
    );
    const [only] = candidates;
    if (!only) return undefined;
    const ids = candidates.map(({ key }) => physicalIdOf(creation.location, key));
    // another one, listed now or after an earlier attempt, says that others make such keys too
    if (strangers.size > 1 || (await creation.mayBeAnothers(only))) {
      this.options.log('left alone: it cannot be told whose these keys are', { ids });
      return undefined;
    }
    this.options.log('the key was made after all', { ids });
    return only.key;
  }

  private call<T>(
    { region }: Location,
    limit: TimeLimit,
    send: (client: WAFV2Client, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const client = this.options.clientFor(region);
    return this.options.repetition.once(limit, options => send(client, options));
  }
}
