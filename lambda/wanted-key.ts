import type { WafCaptchaApiKeyProperties } from '../lib/properties';
import { normalizeTokenDomains, sameTokenDomains } from '../lib/token-domains';
import type { Scope } from './physical-id';

/** The key that a resource's properties ask for. Two equal ones are one key: this is what makes a key's identity. */
export interface WantedKey {
  readonly scope: Scope;
  readonly tokenDomains: readonly string[];
}

/** Properties that ask for no key that could be made. */
export class MalformedProperties extends Error {
  public override readonly name = 'MalformedProperties';
}

/** Reads the properties of an event. Unknown ones are ignored: a newer version may have written them. */
export function parseWantedKey(properties: unknown): WantedKey {
  const { Scope, TokenDomains } = recordOf(properties) as Partial<
    Record<keyof WafCaptchaApiKeyProperties, unknown>
  >;
  return { scope: parseScope(Scope), tokenDomains: parseTokenDomains(TokenDomains) };
}

export function sameWantedKey(one: WantedKey, other: WantedKey): boolean {
  return one.scope === other.scope && sameTokenDomains(one.tokenDomains, other.tokenDomains);
}

function recordOf(properties: unknown): object {
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

function capitalized(message: string): string {
  return message.replace(/^tokenDomains/, 'TokenDomains');
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
