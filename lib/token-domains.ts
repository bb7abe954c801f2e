import { domainToASCII } from 'node:url';

/** The number of token domains that one API key may hold (AWS WAF API Reference, CreateAPIKey). */
export const MAX_TOKEN_DOMAINS = 5;

const MAX_DOMAIN_LENGTH = 253;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * The canonical form of a list of token domains: trimmed, lower case, international names in punycode, each once,
 * in the order given.
 *
 * @throws when the list has none or more than five, or when one is not a bare host name.
 */
export function normalizeTokenDomains(domains: readonly string[]): string[] {
  const normalized = [...new Set(domains.map(normalizeTokenDomain))];
  if (normalized.length < 1 || normalized.length > MAX_TOKEN_DOMAINS) {
    throw new Error(
      `tokenDomains: expected 1 to ${MAX_TOKEN_DOMAINS} different domains, got ${normalized.length}${listed(normalized)}`,
    );
  }
  return normalized;
}

/** Whether two lists name the same domains, whatever their order, letter case and repetitions. */
export function sameTokenDomains(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [one, other].map(domains => new Set(domains.map(domain => domain.toLowerCase())));
  return a !== undefined && b !== undefined && a.size === b.size && [...a].every(domain => b.has(domain));
}

function normalizeTokenDomain(domain: string): string {
  const trimmed = domain.trim().toLowerCase();
  const problem = problemOf(trimmed);
  if (problem) throw malformed(domain, problem);
  const ascii = isAscii(trimmed) ? trimmed : domainToASCII(trimmed);
  if (ascii === '') throw malformed(domain, 'it has no form in punycode');
  if (ascii.length > MAX_DOMAIN_LENGTH) {
    throw malformed(domain, `it has ${ascii.length} characters, at most ${MAX_DOMAIN_LENGTH} are allowed`);
  }
  const label = ascii.split('.').find(part => !LABEL.test(part));
  if (label !== undefined) throw malformed(domain, `"${label}" is not a valid label`);
  return ascii;
}

function problemOf(domain: string): string | undefined {
  if (domain === '') return 'it is blank';
  if (domain.includes('://')) return 'it has a scheme';
  if (domain.includes('/')) return 'it has a path';
  if (domain.includes(':')) return 'it has a port';
  if (domain.endsWith('.')) return 'it ends in a dot';
  if (domain.includes('*')) return 'it has a wildcard; name the domain, whose key can serve its sub-domains';
  if (/\s/.test(domain)) return 'it has white space';
  return undefined;
}

function malformed(domain: string, problem: string): Error {
  return new Error(
    `tokenDomains: expected a bare host name such as "example.com", got "${domain}": ${problem}`,
  );
}

function listed(domains: readonly string[]): string {
  return domains.length === 0 ? '' : `: ${domains.join(', ')}`;
}

function isAscii(text: string): boolean {
  return [...text].every(character => character.charCodeAt(0) < 128);
}
