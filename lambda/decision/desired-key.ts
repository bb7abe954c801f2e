import { normalizeTokenDomains } from '../../lib/token-domains';
import { type Location, locationOf, rotationOf } from './key-id';

/** What an event's properties ask for. */
export interface DesiredKey {
  readonly location: Location;
  readonly tokenDomains: readonly string[];
  /** the hash of the rotation label, as an id has it; empty for none */
  readonly rotation: string;
  /** a key created elsewhere that is to be used */
  readonly existingApiKey?: string;
  /** whether the key that a replacement leaves behind stays */
  readonly keepPreviousKey: boolean;
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * Reads the properties of an event. Unknown ones are ignored: a newer release may have written them.
 *
 * @throws when they ask for no key that could exist.
 */
export function parseDesiredKey(properties: unknown, stackRegion: string): DesiredKey {
  const { Scope, TokenDomains, Rotation, ExistingApiKey, KeepPreviousKey } = recordOf(properties);
  return {
    location: locationOf(parseScope(Scope), stackRegion),
    tokenDomains: parseTokenDomains(TokenDomains),
    rotation: rotationOf(parseText('Rotation', Rotation)),
    existingApiKey: parseExistingApiKey(ExistingApiKey),
    keepPreviousKey: parseBoolean('KeepPreviousKey', KeepPreviousKey),
  };
}

/** The existing key that properties name, however malformed the rest of them is. */
export function existingApiKeyIn(properties: unknown): string | undefined {
  if (typeof properties !== 'object' || properties === null || !('ExistingApiKey' in properties))
    return undefined;
  return typeof properties.ExistingApiKey === 'string' ? properties.ExistingApiKey.trim() : undefined;
}

function recordOf(properties: unknown): Properties {
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties))
    return { ...properties };
  throw new Error(`ResourceProperties: expected an object, got ${shown(properties)}`);
}

function parseScope(scope: unknown): 'REGIONAL' | 'CLOUDFRONT' {
  if (scope === 'REGIONAL' || scope === 'CLOUDFRONT') return scope;
  throw new Error(`Scope: expected REGIONAL or CLOUDFRONT, got ${shown(scope)}`);
}

function parseTokenDomains(domains: unknown): string[] {
  if (!Array.isArray(domains) || !domains.every(domain => typeof domain === 'string')) {
    throw new Error(`TokenDomains: expected a list of host names, got ${shown(domains)}`);
  }
  return normalizeTokenDomains(domains);
}

function parseText(name: string, text: unknown): string | undefined {
  if (text === undefined || (typeof text === 'string' && text.trim() !== '')) return text;
  throw new Error(`${name}: expected a text that is not blank, got ${shown(text)}`);
}

// what came may be a key, which no message shows
function parseExistingApiKey(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new Error(`ExistingApiKey: expected a text, got ${typeof value}`);
  return parseText('ExistingApiKey', value)?.trim();
}

// CloudFormation sends every scalar as text
function parseBoolean(name: string, value: unknown): boolean {
  if (value === undefined || value === 'false' || value === false) return false;
  if (value === 'true' || value === true) return true;
  throw new Error(`${name}: expected true or false, got ${shown(value)}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
