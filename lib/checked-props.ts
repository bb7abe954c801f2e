import { isIP } from 'node:net';
import { type CfnResource, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import {
  changedList,
  changedText,
  isIntrinsic,
  isKnownLater,
  isListToken,
  isLookedUpLater,
} from './known-later';
import { Attribute, type WafCaptchaApiKeyProperties } from './properties';
import { PublicSuffix, publicSuffixOf } from './public-suffix';
import { renderedProperties } from './rendered-properties';
import { shown } from './shown';
import { canonicalTokenDomain, MAX_TOKEN_DOMAINS, normalizeTokenDomains } from './token-domains';
import { warn } from './warning';

const SCOPES = ['REGIONAL', 'CLOUDFRONT'];

/** A Region that `RegionInfo` does not know may be a new one of these partitions. */
const OUTSIDE_AWS = /^(cn|us-gov|us-iso[a-z]*|eu-iso[a-z]*|eusc)-/;

// what replaces a list token's names once the list is spread
const LIST_TOKEN = '#{Token[';

/** The end of a script's URL, whatever follows the path. */
const SCRIPT = /\/[^/?#]+\.js\/*([?#].*)?$/i;

/** The props of a key. A caller without types may pass anything. */
interface Props {
  readonly scope?: unknown;
  readonly tokenDomains?: unknown;
  readonly rotation?: unknown;
  readonly existingApiKey?: unknown;
  readonly keepPreviousKey?: unknown;
}

/** The attributes of a key from elsewhere. A caller without types may pass anything. */
interface Attributes {
  readonly apiKey?: unknown;
  readonly applicationIntegrationUrl?: unknown;
  readonly tokenDomains?: unknown;
}

/** Props that are checked and in canonical form. */
interface CheckedProps {
  /** The properties of the key's resource. */
  readonly properties: WafCaptchaApiKeyProperties;
  /** The domains for a page, if their number is known. */
  readonly tokenDomains?: string[];
}

/** Attributes that are checked and in canonical form. */
interface CheckedAttributes {
  readonly apiKey: string;
  readonly applicationIntegrationUrl: string;
  readonly tokenDomains?: string[];
}

/**
 * The props of a key, checked and in canonical form: what is a token or a look-up passes, and gets its canonical form
 * once synthesis knows it. `problemsInTemplate` checks it then; the handler checks what is known only at deployment.
 */
export function checkedProps(key: Construct, props: Props): CheckedProps {
  const rotation = optionalText('rotation', props.rotation);
  const existingApiKey = optionalText('existingApiKey', props.existingApiKey);
  const scope = checkedScope(key, props.scope);
  const domains = checkedTokenDomains(props.tokenDomains);
  return {
    properties: {
      Scope: scope,
      TokenDomains: [domains, ...domains].some(Token.isUnresolved) ? changedList(domains, inOrder) : domains,
      Rotation: rotation,
      ExistingApiKey: existingApiKey && trimmed(existingApiKey),
      ...(optionalFlag('keepPreviousKey', props.keepPreviousKey) && { KeepPreviousKey: true as const }),
    },
    ...forPage(domains),
  };
}

/**
 * What is wrong with a key's properties as the template will have them, which `Lazy` values and overrides can change.
 * Names that AWS WAF may refuse get a warning.
 */
export function problemsInTemplate(resource: CfnResource): string[] {
  const { Scope, TokenDomains, Rotation, ExistingApiKey } = renderedProperties(resource);
  return problemsOf([
    [Scope, scope => checkedScope(resource, scope)],
    [TokenDomains, domains => warnOfTokenDomains(resource, checkedFinalDomains(domains))],
    [Rotation, text => optionalText('rotation', text)],
    [ExistingApiKey, text => optionalText('existingApiKey', text)],
  ]);
}

/** The attributes of a key from elsewhere, checked and in canonical form like the props of a key. */
export function checkedAttributes(attributes: Attributes | undefined): CheckedAttributes {
  const apiKey = trimmed(requiredText('apiKey', attributes?.apiKey));
  const url = checkedIntegrationUrl(attributes?.applicationIntegrationUrl);
  const domains = attributes?.tokenDomains;
  return {
    apiKey,
    applicationIntegrationUrl: changedText(url, text => text.trim().replace(/\/+$/, '')),
    ...(domains !== undefined && forPage(checkedTokenDomains(domains))),
  };
}

/** What is wrong with the attributes of a key from elsewhere, once `Lazy` values are known. */
export function problemsInAttributes(key: Construct, attributes: Attributes): string[] {
  const { apiKey, applicationIntegrationUrl, tokenDomains } = attributes;
  const resolved = (value: unknown): unknown => Stack.of(key).resolve(value);
  return problemsOf([
    [resolved(apiKey), text => requiredText('apiKey', text)],
    [resolved(applicationIntegrationUrl), checkedIntegrationUrl],
    [resolved(tokenDomains), domains => tokenDomains === undefined || checkedFinalDomains(domains)],
  ]);
}

/** Puts a construct's path before the message of an error that `check` throws. */
export function naming<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new Error(`${path}: ${messageOf(error)}`);
  }
}

function requiredText(name: string, text: unknown): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new Error(`${name}: expected a text that is not blank, got ${shown(text)}`);
}

function optionalText(name: string, text: unknown): string | undefined {
  return text === undefined ? undefined : requiredText(name, text);
}

function optionalFlag(name: string, flag: unknown): boolean {
  if (flag === undefined || typeof flag === 'boolean') return flag === true;
  throw new Error(`${name}: expected true or false, got ${shown(flag)}`);
}

function trimmed(text: string): string {
  return changedText(text, known => known.trim());
}

/** A scope that exists in the key's Region. */
function checkedScope(key: Construct, scope: unknown): string {
  if (isKnownLater(scope)) return scope;
  if (typeof scope !== 'string' || !SCOPES.includes(scope)) {
    throw new Error(`scope: expected REGIONAL or CLOUDFRONT, got ${shown(scope)}`);
  }
  const { region } = Stack.of(key);
  if (scope !== 'CLOUDFRONT' || Token.isUnresolved(region)) return scope;
  const { partition = OUTSIDE_AWS.test(region) ? undefined : 'aws' } = RegionInfo.get(region);
  if (partition === 'aws') return scope;
  throw new Error(`scope: expected REGIONAL in ${region}, got CLOUDFRONT, which only the partition aws has`);
}

function checkedIntegrationUrl(value: unknown): string {
  const url = requiredText('applicationIntegrationUrl', value);
  if (isLookedUpLater(url) || !(SCRIPT.test(url.trim()) || isScriptUrl(url))) return url;
  throw new Error(
    `applicationIntegrationUrl: expected the integration URL, got the URL of a script, ${shown(url)}`,
  );
}

/** Whether a token is the `scriptUrl` of another key. */
function isScriptUrl(url: string): boolean {
  const { tokens } = Tokenization.reverseString(url);
  return tokens.some(token => Reference.isReference(token) && token.displayName === Attribute.SCRIPT_URL);
}

/** The names in canonical form and sorted, ahead of those that are known later; or a list token. */
function checkedTokenDomains(domains: unknown): string[] {
  if (!Array.isArray(domains)) {
    throw new Error(`tokenDomains: expected a list of host names, got ${shown(domains)}`);
  }
  if (isListToken(domains)) return domains;
  const later = domains.filter(isKnownLater);
  const known = domains.filter(domain => !isKnownLater(domain));
  if (known.length === 0 && later.length > 0) return later;
  return [...normalizedTokenDomains(known).sort(), ...later];
}

/** The names of a list in which only intrinsics and look-ups are not known yet, without those. */
function checkedFinalDomains(domains: unknown): string[] {
  if (!Array.isArray(domains)) return checkedTokenDomains(domains);
  const known = domains.filter(domain => !isIntrinsic(domain) && !isKnownLater(domain));
  const later = domains.length - known.length;
  const names = known.length === 0 && later > 0 ? [] : checkedTokenDomains(known);
  if (names.length + later <= MAX_TOKEN_DOMAINS) return names;
  throw new Error(
    `tokenDomains: expected 1 to ${MAX_TOKEN_DOMAINS} different domains, got ${names.length + later}`,
  );
}

function normalizedTokenDomains(domains: readonly unknown[]): string[] {
  return normalizeTokenDomains(domains.map(withoutListToken), domain =>
    publicSuffixOf(domain) === PublicSuffix.ICANN ? 'it is a public suffix' : undefined,
  );
}

function withoutListToken(domain: unknown): unknown {
  if (typeof domain !== 'string' || !domain.includes(LIST_TOKEN)) return domain;
  throw new Error('tokenDomains: expected either a list token or names, got a mix of both');
}

/** A list's names as `checkedTokenDomains` has them, but wrong ones as they are, ahead of intrinsics. */
function inOrder(domains: readonly unknown[]): unknown[] {
  const names = domains.filter(domain => typeof domain === 'string');
  const canonical = new Set(names.map(name => (isKnownLater(name) ? name : canonicalTokenDomain(name))));
  return [...[...canonical].sort(), ...domains.filter(domain => typeof domain !== 'string')];
}

/** The domains for a page. JSON of a list token would need a function in the stack. */
function forPage(domains: string[]): { tokenDomains?: string[] } {
  if (isListToken(domains)) return {};
  return { tokenDomains: domains.map(domain => changedText(domain, canonicalTokenDomain)) };
}

function warnOfTokenDomains(resource: CfnResource, domains: readonly string[]): void {
  for (const domain of domains) warnOfTokenDomain(resource, domain);
}

// not on the key: for late findings, older releases of aws-cdk-lib look for acknowledgements only above the construct
function warnOfTokenDomain(resource: CfnResource, domain: string): void {
  if (publicSuffixOf(domain) === PublicSuffix.PRIVATE) {
    warn(
      'publicSuffix',
      resource,
      `token domain "${domain}" is a public suffix in the private section; AWS WAF may refuse it`,
    );
  } else if (isIP(domain) || endsInNumber(domain)) {
    warn('ipAddress', resource, `token domain "${domain}" is an IP address; AWS WAF may refuse it`);
  } else if (!domain.includes('.')) {
    warn('singleLabel', resource, `token domain "${domain}" has a single label; AWS WAF may refuse it`);
  }
}

/** Browsers read such a host, `127.1` or `0x7f.1`, as an IP address (URL Standard, "ends in a number checker"). */
function endsInNumber(domain: string): boolean {
  return /(^|\.)(\d+|0x[0-9a-f]*)$/.test(domain);
}

/** The messages of checks of final values; intrinsics and look-ups pass. */
function problemsOf(checks: readonly [value: unknown, check: (value: unknown) => unknown][]): string[] {
  return checks.flatMap(([value, check]) => {
    if (isIntrinsic(value) || isKnownLater(value)) return [];
    try {
      check(value);
      return [];
    } catch (error) {
      return [messageOf(error)];
    }
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
