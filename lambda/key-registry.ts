import type { TimeLimit } from './clock';
import type { Location } from './physical-id';

/** One API key as ListAPIKeys shows it. */
export interface ApiKey {
  readonly key: string;
  readonly tokenDomains: readonly string[];
  readonly createdAt: Date;
}

export interface Inventory {
  /** as WAF gives it, which is with a slash at its end */
  readonly applicationIntegrationUrl: string | undefined;
  readonly keys: readonly ApiKey[];
}

/** What a new key is made of, and under which conditions. */
export interface Creation {
  readonly location: Location;
  readonly tokenDomains: readonly string[];
  /** what existed when the key was asked for */
  readonly before: readonly ApiKey[];
  /** asked before each attempt; throws when the key is not wanted any more */
  stillWanted(): Promise<void>;
  /** whether a new key with these domains may be somebody else's; asked when an answer was lost */
  mayBeAnothers(key: ApiKey): Promise<boolean>;
}

export interface Created {
  readonly key: string;
  /** the answer was lost and the key found: a duplicate of the request may have made it */
  readonly isFound: boolean;
}

/** The API keys of one account. Every call goes on trying until it succeeds, is refused for good or the time is up. */
export interface KeyRegistry {
  list(location: Location, limit: TimeLimit): Promise<Inventory>;
  /** The same, listed again with pauses until a key matches: one that seems absent may only not be listed yet. */
  listWith(location: Location, matches: (key: string) => boolean, limit: TimeLimit): Promise<Inventory>;
  /** Makes one key and no second one. */
  create(creation: Creation, limit: TimeLimit): Promise<Created>;
  creationTime(location: Location, key: string, limit: TimeLimit): Promise<Date>;
  /** Deletes a key; one that is already gone is no error. */
  delete(location: Location, key: string, limit: TimeLimit): Promise<void>;
}
