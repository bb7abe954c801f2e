import { parse } from 'tldts';

/** What publicsuffix.org's list says about a domain. */
export enum PublicSuffix {
  /** a registrable domain or a host below one */
  NONE,
  /** a suffix in the ICANN section, such as `co.uk`: AWS WAF refuses it as a token domain */
  ICANN,
  /** a suffix in the private section, such as `github.io` */
  PRIVATE,
}

/** Whether a normalised domain is itself a public suffix. A single label that is not a top-level domain is not one. */
export function publicSuffixOf(domain: string): PublicSuffix {
  const { isIcann, isPrivate, publicSuffix } = parse(domain, { allowPrivateDomains: true });
  if (publicSuffix !== domain) return PublicSuffix.NONE;
  if (isIcann) return PublicSuffix.ICANN;
  return isPrivate ? PublicSuffix.PRIVATE : PublicSuffix.NONE;
}
