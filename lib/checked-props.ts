import { isIP } from 'node:net';
import { Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { PublicSuffix, publicSuffixOf } from './public-suffix';
import { MAX_TOKEN_DOMAINS, normalizeTokenDomains } from './token-domains';
import { warn } from './warning';

const SCOPES = ['REGIONAL', 'CLOUDFRONT'];

/** A scope that the key's Region has. */
export function checkedScope(key: Construct, scope: string): string {
  if (!SCOPES.includes(scope)) {
    throw new Error(`scope: expected REGIONAL or CLOUDFRONT, got ${JSON.stringify(scope)}`);
  }
  const { region } = Stack.of(key);
  if (scope !== 'CLOUDFRONT' || Token.isUnresolved(region)) return scope;
  const partition = RegionInfo.get(region).partition;
  if (partition === 'aws-cn' || partition === 'aws-us-gov') {
    throw new Error(
      `scope: expected REGIONAL in ${region}, got CLOUDFRONT, which partition ${partition} lacks`,
    );
  }
  return scope;
}

/** Normalises what is known at synthesis; what is a token goes on as it is, and the handler checks it. */
export function checkedTokenDomains(key: Construct, domains: string[]): string[] {
  if (Token.isUnresolved(domains)) return domains;
  if (!Array.isArray(domains)) {
    throw new Error(`tokenDomains: expected a list of host names, got ${JSON.stringify(domains)}`);
  }
  const known = domains.filter(domain => !Token.isUnresolved(domain));
  const tokens = domains.filter(domain => Token.isUnresolved(domain));
  if (known.length === 0 && tokens.length > 0) return checkedCount(tokens);
  const normalized = normalizeTokenDomains(known);
  for (const domain of normalized) checkTokenDomain(key, domain);
  return checkedCount([...normalized, ...tokens]);
}

export function requiredText(name: string, text: string): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw new Error(`${name}: expected a text that is not blank, got ${JSON.stringify(text)}`);
}

export function optionalText(name: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : requiredText(name, text);
}

function checkedCount(domains: string[]): string[] {
  if (domains.length <= MAX_TOKEN_DOMAINS) return domains;
  throw new Error(
    `tokenDomains: expected 1 to ${MAX_TOKEN_DOMAINS} different domains, got ${domains.length}`,
  );
}

function checkTokenDomain(key: Construct, domain: string): void {
  switch (publicSuffixOf(domain)) {
    case PublicSuffix.ICANN:
      throw new Error(
        `tokenDomains: expected a domain below a public suffix, got the public suffix "${domain}"`,
      );
    case PublicSuffix.PRIVATE:
      warn(
        'publicSuffix',
        key,
        `token domain "${domain}" is a public suffix of the private section; AWS WAF may refuse it`,
      );
      break;
    case PublicSuffix.NONE:
      if (isIP(domain)) {
        warn('ipAddress', key, `token domain "${domain}" is an IP address; AWS WAF may refuse it`);
      } else if (!domain.includes('.')) {
        warn('singleLabel', key, `token domain "${domain}" has a single label; AWS WAF may refuse it`);
      }
  }
}
