import { isIP } from 'node:net';
import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import type { WafCaptchaApiKeyProperties } from './properties';
import { PublicSuffix, publicSuffixOf } from './public-suffix';
import { MAX_TOKEN_DOMAINS, normalizeTokenDomains } from './token-domains';
import { warn } from './warning';

const SCOPES = ['REGIONAL', 'CLOUDFRONT'];

/** A Region that `RegionInfo` does not know may be a new one of these partitions. */
const OUTSIDE_AWS = /^(cn|us-gov|us-iso[a-z]*|eu-iso[a-z]*|eusc)-/;

// what replaces a list token's names once the list is spread
const LIST_TOKEN = '#{Token[';

// the value of a parameter that the CLI has yet to look up (`valueFromLookup`), in the first pass of synthesis
const LOOKUP_DUMMY = 'dummy-value-for-';

/** The props of a key. A caller without types may pass anything. */
interface Props {
  readonly scope?: unknown;
  readonly tokenDomains?: unknown;
  readonly rotation?: unknown;
  readonly existingApiKey?: unknown;
  readonly keepPreviousKey?: unknown;
}

/**
 * The properties of a key's resource: values that are known are checked and in canonical form, with the domains sorted.
 *
 * Values known only at the end of synthesis are checked then; the handler checks those known only at deployment.
 */
export function checkedProperties(key: Construct, props: Props): WafCaptchaApiKeyProperties {
  const rotation = optionalText('rotation', props.rotation);
  const existingApiKey = optionalText('existingApiKey', props.existingApiKey);
  const properties = {
    Scope: checkedScope(key, props.scope),
    TokenDomains: checkedTokenDomains(key, props.tokenDomains),
    Rotation: rotation,
    ExistingApiKey: existingApiKey?.trim(),
    ...(optionalFlag('keepPreviousKey', props.keepPreviousKey) && { KeepPreviousKey: true as const }),
  };
  key.node.addValidation({
    validate: () => [
      ...problemsOf(() => checkLateTokenDomains(key, properties.TokenDomains)),
      ...problemsOf(() => checkLateText(key, 'rotation', rotation)),
      ...problemsOf(() => checkLateText(key, 'existingApiKey', existingApiKey)),
    ],
  });
  return properties;
}

export function requiredText(name: string, text: unknown): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new Error(`${name}: expected a text that is not blank, got ${JSON.stringify(text)}`);
}

/** Puts a construct's path before the message of an error that `check` throws. */
export function naming<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}

/** A scope that exists in the key's Region. */
function checkedScope(key: Construct, scope: unknown): string {
  if (typeof scope !== 'string' || !SCOPES.includes(scope)) {
    throw new Error(`scope: expected REGIONAL or CLOUDFRONT, got ${JSON.stringify(scope)}`);
  }
  const { region } = Stack.of(key);
  if (scope !== 'CLOUDFRONT' || Token.isUnresolved(region)) return scope;
  const { partition = OUTSIDE_AWS.test(region) ? undefined : 'aws' } = RegionInfo.get(region);
  if (partition === 'aws') return scope;
  throw new Error(`scope: expected REGIONAL in ${region}, got CLOUDFRONT, which only the partition aws has`);
}

function checkedTokenDomains(key: Construct, domains: unknown): string[] {
  if (!Array.isArray(domains)) {
    throw new Error(`tokenDomains: expected a list of host names, got ${JSON.stringify(domains)}`);
  }
  if (isListToken(domains)) return domains;
  const tokens = domains.filter(isLeftForLater);
  const known = domains.filter(domain => !isLeftForLater(domain));
  if (known.length === 0 && tokens.length > 0) return checkedCount(tokens);
  const normalized = normalizedTokenDomains(known);
  for (const domain of normalized) warnOfTokenDomain(key, domain);
  return checkedCount([...normalized.sort(), ...tokens]);
}

/** Checks the names that were tokens before, such as those of `Lazy`, once they are known. */
function checkLateTokenDomains(key: Construct, domains: string[]): void {
  const stack = Stack.of(key);
  const resolved: unknown = stack.resolve(domains);
  if (!Token.isUnresolved(domains) && !domains.some(domain => Token.isUnresolved(domain))) return;
  if (typeof resolved === 'object' && resolved !== null && !Array.isArray(resolved)) return;
  if (!Array.isArray(resolved) || resolved.length === 0) {
    throw new Error(`tokenDomains: expected a list of host names, got ${JSON.stringify(resolved)}`);
  }
  const known = resolved.filter(domain => typeof domain === 'string' && !isLeftForLater(domain));
  if (known.length === 0) return;
  const normalized = normalizedTokenDomains(known);
  const before = new Set(domains);
  for (const domain of normalized.filter(each => !before.has(each))) warnOfTokenDomain(key, domain);
  checkedCount([...normalized, ...resolved.filter(domain => typeof domain !== 'string')]);
}

function normalizedTokenDomains(domains: readonly unknown[]): string[] {
  return normalizeTokenDomains(domains.map(withoutListToken), domain =>
    publicSuffixOf(domain) === PublicSuffix.ICANN ? 'it is a public suffix' : undefined,
  );
}

function checkLateText(key: Construct, name: string, text: string | undefined): void {
  if (text === undefined || !Token.isUnresolved(text)) return;
  const resolved: unknown = Stack.of(key).resolve(text);
  if (typeof resolved !== 'object' || resolved === null) requiredText(name, resolved);
}

function optionalText(name: string, text: unknown): string | undefined {
  return text === undefined ? undefined : requiredText(name, text);
}

function optionalFlag(name: string, flag: unknown): boolean {
  if (flag === undefined || typeof flag === 'boolean') return flag === true;
  throw new Error(`${name}: expected true or false, got ${JSON.stringify(flag)}`);
}

/** Whether a list's names, and even their number, will be known only later. */
export function isListToken(domains: readonly unknown[]): boolean {
  return Token.isUnresolved(domains) && /^#\{Token\[[^\]]*\]\}$/.test(String(domains[0]));
}

/** Whether a name is a token, or a placeholder for a value that the CLI has yet to look up. */
function isLeftForLater(domain: unknown): domain is string {
  return typeof domain === 'string' && (Token.isUnresolved(domain) || domain.includes(LOOKUP_DUMMY));
}

function withoutListToken(domain: unknown): unknown {
  if (typeof domain !== 'string' || !domain.includes(LIST_TOKEN)) return domain;
  throw new Error('tokenDomains: expected either a list token or names, got a mix of both');
}

function checkedCount(domains: string[]): string[] {
  if (domains.length <= MAX_TOKEN_DOMAINS) return domains;
  throw new Error(
    `tokenDomains: expected 1 to ${MAX_TOKEN_DOMAINS} different domains, got ${domains.length}`,
  );
}

function warnOfTokenDomain(key: Construct, domain: string): void {
  if (publicSuffixOf(domain) === PublicSuffix.PRIVATE) {
    warn(
      'publicSuffix',
      key,
      `token domain "${domain}" is a public suffix in the private section; AWS WAF may refuse it`,
    );
  } else if (isIP(domain) || endsInNumber(domain)) {
    warn('ipAddress', key, `token domain "${domain}" is an IP address; AWS WAF may refuse it`);
  } else if (!domain.includes('.')) {
    warn('singleLabel', key, `token domain "${domain}" has a single label; AWS WAF may refuse it`);
  }
}

/** Browsers read such a host, `127.1` or `0x7f.1`, as an IP address (URL Standard, "ends in a number checker"). */
function endsInNumber(domain: string): boolean {
  return /(^|\.)(\d+|0x[0-9a-f]*)$/.test(domain);
}

function problemsOf(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
