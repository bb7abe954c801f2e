import type { ResourceHistory, StackResource } from './history';
import type { KeyReference, Location } from './key-id';

/** A key as ListAPIKeys shows it. */
export interface ListedKey {
  readonly key: string;
  readonly tokenDomains: readonly string[];
  /** in milliseconds, where it is known */
  readonly createdAt?: number;
}

/** What is known of the keys in a location. */
export interface Listing {
  readonly location: Location;
  /** by digest */
  readonly keys: ReadonlyMap<string, ListedKey>;
  /** whether a key that is not among them is known to be gone: lists may be late */
  readonly isConfirmed: boolean;
}

/** What was read of a stack's record in one round, in this order. */
export interface StackReading {
  /** `gone` where there is no such stack */
  readonly status?: { readonly value: string; readonly readAt: number };
  readonly resources?: readonly StackResource[];
  /** `late` where the events do not show the request yet; `denied` where the role may not read them */
  readonly history?: ResourceHistory | 'late' | 'denied';
}

/** What is known when a decision is made. */
export interface Evidence {
  readonly listings: readonly Listing[];
  /** `denied` where the role may not read it */
  readonly record: StackReading | 'denied';
}

/** What a decision needs to know first. */
export type Need =
  /** a key, until it is found or confirmed to be gone */
  | { readonly need: 'key'; readonly reference: KeyReference }
  | { readonly need: keyof StackReading }
  /** the record anew, a little later */
  | { readonly need: 'later reading' };
