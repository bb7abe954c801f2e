/** The token that this page has, if it has one. */
export function presentToken(): string | undefined {
  return /(?:^|;\s*)aws-waf-token=([^;]+)/.exec(document.cookie)?.[1];
}

/** Puts the token into its cookie; false where the browser does not keep it. */
export function keepToken(token: string, domain: string): boolean {
  // a cookie of the page's own host has no domain: browsers refuse one of `localhost`
  const scope = domain === window.location.hostname ? '' : `; domain=${domain}`;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `aws-waf-token=${token}; path=/; secure; samesite=lax${scope}`;
  return presentToken() === token;
}

/** The page's `awsWafCookieDomainList` as it is now. */
export function cookieDomainList(): string[] {
  const list: unknown = Reflect.get(window, 'awsWafCookieDomainList');
  return Array.isArray(list) ? list.map(String) : [];
}

/** Where the script that is running now came from, with a slash at its end. */
export function folderOfThisScript(): string {
  const script = document.currentScript;
  if (!(script instanceof HTMLScriptElement)) throw new Error('expected to run as a classic script');
  return new URL('.', script.src).href;
}
