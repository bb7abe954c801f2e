import type { WafCaptchaApiKeyProperties } from '../lib/properties';
import { normalizeTokenDomains, sameTokenDomains } from '../lib/token-domains';
import type { CreateEvent, UpdateEvent } from './lifecycle-event';
import type { Scope } from './physical-id';
import type { Request } from './stack-history';

/** The key that a resource's properties ask for. Two equal ones are one key: this is what makes a key's identity. */
export interface WantedKey {
  readonly scope: Scope;
  readonly tokenDomains: readonly string[];
  /** any change of it asks for a fresh key */
  readonly rotation?: string;
  /** a key made elsewhere that is to be used */
  readonly existingApiKey?: string;
}

/** What the events of a stack show for the value of a NoEcho parameter, or leave of a dynamic reference. */
const HIDDEN = /\*{4}|\{\{resolve:/;

/** Properties that ask for no key that could be made. */
export class MalformedProperties extends Error {
  public override readonly name = 'MalformedProperties';
}

/** Reads the properties of an event. Unknown ones are ignored: a newer version may have written them. */
export function parseWantedKey(properties: unknown): WantedKey {
  const { Scope, TokenDomains, Rotation, ExistingApiKey } = recordOf(properties);
  return {
    scope: parseScope(Scope),
    tokenDomains: parseTokenDomains(TokenDomains),
    rotation: parseText('Rotation', Rotation),
    existingApiKey: parseText('ExistingApiKey', ExistingApiKey),
  };
}

/** The same, but `undefined` for properties that ask for no key: those of a failed update, or of another version. */
export function readWantedKey(properties: unknown): WantedKey | undefined {
  try {
    return parseWantedKey(properties);
  } catch (error) {
    if (error instanceof MalformedProperties) return undefined;
    throw error;
  }
}

/** The key made elsewhere that properties name, however malformed the rest of them is. */
export function existingApiKeyIn(properties: unknown): string | undefined {
  if (typeof properties !== 'object' || properties === null || !('ExistingApiKey' in properties))
    return undefined;
  return typeof properties.ExistingApiKey === 'string' ? properties.ExistingApiKey : undefined;
}

export function sameWantedKey(one: WantedKey, other: WantedKey): boolean {
  return sameButForOrigin(one, other) && one.existingApiKey === other.existingApiKey;
}

/**
 * What tells an event from other requests of its resource. An update and its rollback may ask for the same key, but
 * not in the same words: CloudFormation would send neither. Properties that cannot be read, or not whole, may be any
 * request's.
 */
export function requestOf(event: CreateEvent | UpdateEvent): Request {
  const { type, requestedAt } = event;
  const words = wordsOf(event.properties);
  const asksFor = (properties: unknown) =>
    readWantedKey(properties) === undefined ||
    wordsOf(properties).every((word, index) => word === words[index] || mayStandFor(word, words[index]));
  return {
    type,
    requestedAt,
    asksFor,
    physicalResourceId: event.type === 'Update' ? event.physicalResourceId : undefined,
  };
}

/** Whether properties ask for a key in the same words. */
export function saysTheSame(one: unknown, other: unknown): boolean {
  const others = wordsOf(other);
  return wordsOf(one).every((word, index) => word === others[index]);
}

/** What properties say of the key, as it was written; `undefined` where they say nothing. */
function wordsOf(properties: unknown): (string | undefined)[] {
  const { Scope, TokenDomains, Rotation, ExistingApiKey } = recordOf(properties);
  return [Scope, TokenDomains, Rotation, ExistingApiKey].map(word => JSON.stringify(word));
}

/** Whether an event hides a word behind what it shows. */
function mayStandFor(shownWord = '', word?: string): boolean {
  return word !== undefined && HIDDEN.test(shownWord);
}

/** Whether two are the same but for where the key comes from: made by the resource, or elsewhere. */
export function sameButForOrigin(one: WantedKey, other: WantedKey): boolean {
  return (
    one.scope === other.scope &&
    one.rotation === other.rotation &&
    sameTokenDomains(one.tokenDomains, other.tokenDomains)
  );
}

type UncheckedProperties = Partial<Record<keyof WafCaptchaApiKeyProperties, unknown>>;

function recordOf(properties: unknown): UncheckedProperties {
  if (typeof properties === 'object' && properties !== null && !Array.isArray(properties)) return properties;
  throw new MalformedProperties(`ResourceProperties: expected an object, got ${shown(properties)}`);
}

function parseScope(scope: unknown): Scope {
  if (scope === 'REGIONAL' || scope === 'CLOUDFRONT') return scope;
  throw new MalformedProperties(`Scope: expected REGIONAL or CLOUDFRONT, got ${shown(scope)}`);
}

function parseTokenDomains(domains: unknown): string[] {
  if (!Array.isArray(domains) || !domains.every(domain => typeof domain === 'string')) {
    throw new MalformedProperties(`TokenDomains: expected a list of host names, got ${shown(domains)}`);
  }
  try {
    return normalizeTokenDomains(domains);
  } catch (error) {
    throw new MalformedProperties(error instanceof Error ? capitalized(error.message) : String(error));
  }
}

function parseText(name: string, text: unknown): string | undefined {
  if (text === undefined || (typeof text === 'string' && text !== '')) return text;
  throw new MalformedProperties(`${name}: expected a text that is not empty, got ${shown(text)}`);
}

function capitalized(message: string): string {
  return message.replace(/^tokenDomains/, 'TokenDomains');
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
