import { domainToASCII } from 'node:url';
import { shown } from './shown';

/** The number of token domains that one API key may hold (AWS WAF API Reference, CreateAPIKey). */
export const MAX_TOKEN_DOMAINS = 5;

const MAX_DOMAIN_LENGTH = 253;
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * The canonical form of a list of token domains: trimmed, lower case, international names in punycode, deduplicated,
 * in the order given.
 *
 * @param furtherProblem Returns what else is wrong with a name in its canonical form
 * @throws if the list has no names or more than five, or if any is not a bare host name: the message lists all of those
 */
export function normalizeTokenDomains(
  domains: readonly unknown[],
  furtherProblem: (domain: string) => string | undefined = () => undefined,
): string[] {
  const normalized = new Set<string>();
  const problems: string[] = [];
  for (const domain of domains) {
    const canonical = canonicalForm(domain);
    const problem = 'problem' in canonical ? canonical.problem : furtherProblem(canonical.domain);
    if (problem !== undefined) problems.push(`${quoted(domain)}: ${problem}`);
    if ('domain' in canonical) normalized.add(canonical.domain);
  }
  if (problems.length > 0) {
    throw new Error(
      `tokenDomains: expected a bare host name such as "example.com", got ${problems.join('; ')}`,
    );
  }
  if (normalized.size < 1 || normalized.size > MAX_TOKEN_DOMAINS) {
    throw new Error(
      `tokenDomains: expected 1 to ${MAX_TOKEN_DOMAINS} different domains, got ${normalized.size}${listed([...normalized])}`,
    );
  }
  return [...normalized];
}

/** The canonical form of a name; a name that is wrong stays as it is. */
export function canonicalTokenDomain(domain: string): string {
  const canonical = canonicalForm(domain);
  return 'domain' in canonical ? canonical.domain : domain;
}

/** Whether two lists name the same domains, regardless of order, letter case and repetitions. */
export function sameTokenDomains(one: readonly string[], other: readonly string[]): boolean {
  const [a, b] = [one, other].map(domains => new Set(domains.map(domain => domain.toLowerCase())));
  return a !== undefined && b !== undefined && a.size === b.size && [...a].every(domain => b.has(domain));
}

function canonicalForm(domain: unknown): { domain: string } | { problem: string } {
  if (typeof domain !== 'string') return { problem: 'it is not a string' };
  const trimmed = domain.trim().toLowerCase();
  const problem = problemOf(trimmed);
  if (problem) return { problem };
  const ascii = isAscii(trimmed) ? trimmed : domainToASCII(trimmed);
  if (ascii === '') return { problem: 'it cannot be converted to punycode' };
  // a full stop of another script has become a dot by now
  const problemOfAscii = problemOf(ascii);
  if (problemOfAscii) return { problem: problemOfAscii };
  if (ascii.length > MAX_DOMAIN_LENGTH) {
    return { problem: `it has ${ascii.length} characters, at most ${MAX_DOMAIN_LENGTH} are allowed` };
  }
  const label = ascii.split('.').find(part => !LABEL.test(part));
  return label === undefined ? { domain: ascii } : { problem: `"${label}" is not a valid label` };
}

function problemOf(domain: string): string | undefined {
  if (domain === '') return 'it is blank';
  if (domain.includes('://')) return 'it has a scheme';
  if (domain.includes('/')) return 'it has a path';
  if (domain.includes(':')) return 'it has a port';
  if (domain.startsWith('.')) return 'it begins with a dot';
  if (domain.endsWith('.')) return 'it ends with a dot';
  if (domain.includes('*')) return 'it has a wildcard; name the domain, whose key can serve its sub-domains';
  if (/\s/.test(domain)) return 'it has white space';
  // the URL standard's parser, which converts to punycode, would cut a name there or decode it
  const [character] = /[^a-z0-9._\-\u{80}-\u{10ffff}]/u.exec(domain) ?? [];
  return character === undefined ? undefined : `it has the character "${character}"`;
}

function quoted(domain: unknown): string {
  return typeof domain === 'string' ? `"${domain}"` : shown(domain);
}

function listed(domains: readonly string[]): string {
  return domains.length === 0 ? '' : `: ${domains.join(', ')}`;
}

function isAscii(text: string): boolean {
  return [...text].every(character => character.charCodeAt(0) < 128);
}
