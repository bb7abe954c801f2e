/** This page's token, if it has one. */
export function presentToken(): string | undefined {
  return /(?:^|;\s*)aws-waf-token=([^;]+)/.exec(document.cookie)?.[1];
}

/** Puts the token into its cookie; false if the browser does not keep it. */
export function keepToken(token: string, domain: string): boolean {
  // a cookie for the page's own host has no domain: browsers refuse the domain `localhost`
  const scope = domain === window.location.hostname ? '' : `; domain=${domain}`;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `aws-waf-token=${token}; path=/; secure; samesite=lax${scope}`;
  return presentToken() === token;
}

/** The page's current `awsWafCookieDomainList`. */
export function cookieDomainList(): string[] {
  const list: unknown = Reflect.get(window, 'awsWafCookieDomainList');
  return Array.isArray(list) ? list.map(String) : [];
}

/** The URL from which the running script came, with a trailing slash. */
export function folderOfThisScript(): string {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) throw new Error('expected to run as a classic script');
  return new URL('.', script.src).href;
}
