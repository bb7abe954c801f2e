import { getDomain } from 'tldts';

// AWS WAF Developer Guide, "Managing API keys for the JS CAPTCHA API", "Providing domains for use in the tokens" and
// "Specifying token domains and domain lists in AWS WAF"

/**
 * Whether a page may use a key. With an `awsWafCookieDomainList`, the key must hold an entry of that list or the apex
 * domain of one; without, the page's own host must be one of the key's domains.
 */
export function keyApplies(
  keyDomains: readonly string[],
  host: string,
  cookieDomains: readonly string[],
): boolean {
  if (cookieDomains.length === 0) return keyDomains.includes(host);
  return cookieDomains
    .map(bare)
    .some(entry => keyDomains.some(domain => domain === entry || domain === getDomain(entry)));
}

/** The domain of the token that a page gets: the shortest that is the page's host or a parent of it. */
export function tokenDomainOf(host: string, cookieDomains: readonly string[]): string {
  const candidates = [host, ...cookieDomains.map(bare).filter(entry => isWithin(host, entry))];
  return candidates.reduce((shortest, one) => (one.length < shortest.length ? one : shortest));
}

/** Whether a web ACL accepts a token: one for the host that is called, for its list or for their sub-domains. */
export function webAclAccepts(tokenDomain: string, host: string, webAclDomains: readonly string[]): boolean {
  return tokenDomain === host || webAclDomains.some(domain => isWithin(tokenDomain, domain));
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

/** `.example.com` means `example.com`. */
function bare(entry: string): string {
  return entry.replace(/^\./, '').toLowerCase();
}
