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
  const fields = new Map<string, unknown>(Object.entries(properties));
  const scope = fields.get('Scope');
  if (scope !== 'REGIONAL' && scope !== 'CLOUDFRONT')
    throw new Error(`Scope: expected REGIONAL or CLOUDFRONT, got ${shown(scope)}`);
  const existing = fields.get('ExistingApiKey');
  // what came may be a key, which no message shows
  if (existing !== undefined && (typeof existing !== 'string' || existing.trim() === ''))
    throw new Error(`ExistingApiKey: expected a text that is not blank, got ${typeof existing}`);
  return {
    location: locationOf(scope, stackRegion),
    tokenDomains: parseTokenDomains(fields.get('TokenDomains')),
    rotation: rotationOf(parseRotation(fields.get('Rotation'))),
    existingApiKey: existing?.trim(),
    keepPreviousKey: parseKeepPreviousKey(fields.get('KeepPreviousKey')),
  };
}

function parseTokenDomains(domains: unknown): string[] {
  if (!Array.isArray(domains) || !domains.every(domain => typeof domain === 'string'))
    throw new Error(`TokenDomains: expected a list of host names, got ${shown(domains)}`);
  return normalizeTokenDomains(domains);
}

function parseRotation(label: unknown): string | undefined {
  if (label === undefined || (typeof label === 'string' && label.trim() !== '')) return label;
  throw new Error(`Rotation: expected a text that is not blank, got ${shown(label)}`);
}

// CloudFormation sends every scalar as text
function parseKeepPreviousKey(value: unknown): boolean {
  if (value === undefined || value === 'false' || value === false) return false;
  if (value === 'true' || value === true) return true;
  throw new Error(`KeepPreviousKey: expected true or false, got ${shown(value)}`);
}

/** What came, for a message. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
