import { normalizeTokenDomains } from '../../lib/token-domains';
import { type Location, locationOf, rotationOf } from './key-id';

/** What an event's properties ask for. */
export interface DesiredKey {
  readonly location: Location;
  readonly tokenDomains: readonly string[];
  /** the hash of the rotation label, as an id has it; empty for none */
  readonly rotation: string;
  /** a key created elsewhere that is to be used */
  readonly existingApiKey: string | undefined;
  /** whether the key that a replacement leaves behind stays */
  readonly keepPreviousKey: boolean;
}

/**
 * Reads the properties of an event. Unknown ones are ignored: a newer release may have written them.
 *
 * @throws when they ask for no key that could exist.
 */
export function parseDesiredKey(properties: unknown, stackRegion: string): DesiredKey {
  if (typeof properties !== 'object' || properties === null)
    throw new Error(`ResourceProperties: expected an object, got ${shown(properties)}`);
  const fields: Readonly<Record<string, unknown>> = { ...properties };
  const { Scope: scope, TokenDomains: domains, Rotation: label } = fields;
  const { ExistingApiKey: existing, KeepPreviousKey: keep = false } = fields;
  if (scope !== 'REGIONAL' && scope !== 'CLOUDFRONT')
    throw new Error(`Scope: expected REGIONAL or CLOUDFRONT, got ${shown(scope)}`);
  if (!Array.isArray(domains) || !domains.every(domain => typeof domain === 'string'))
    throw new Error(`TokenDomains: expected a list of host names, got ${shown(domains)}`);
  if (!isTextOrAbsent(label))
    throw new Error(`Rotation: expected a text that is not blank, got ${shown(label)}`);
  // what came may be a key, which no message shows
  if (!isTextOrAbsent(existing))
    throw new Error(`ExistingApiKey: expected a text that is not blank, got ${typeof existing}`);
  // CloudFormation sends every scalar as text
  if (typeof keep !== 'boolean' && keep !== 'true' && keep !== 'false')
    throw new Error(`KeepPreviousKey: expected true or false, got ${shown(keep)}`);
  return {
    location: locationOf(scope, stackRegion),
    tokenDomains: normalizeTokenDomains(domains),
    rotation: rotationOf(label),
    existingApiKey: existing?.trim(),
    keepPreviousKey: keep === true || keep === 'true',
  };
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.trim() !== '');
}

/** What came, for a message. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
