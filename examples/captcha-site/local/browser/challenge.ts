import { cookieDomainList, folderOfThisScript, keepToken, presentToken } from './token-cookie';

const folder = folderOfThisScript();
const cookieDomains = cookieDomainList();

/** Gets a token without a solved puzzle: it shows that the client is a browser, and satisfies no CAPTCHA rule. */
async function getToken(): Promise<string> {
  const present = presentToken();
  if (present) return present;
  const response = await fetch(`${folder}token`, { method: 'POST', body: JSON.stringify({ cookieDomains }) });
  const { token, domain }: { token: string; domain: string } = await response.json();
  // a puzzle may have been solved in the meantime
  const since = presentToken();
  if (since) return since;
  keepToken(token, domain);
  return token;
}

Object.assign(window, {
  AwsWafIntegration: {
    getToken,
    hasToken: () => presentToken() !== undefined,
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      request.headers.set('x-aws-waf-token', await getToken());
      return fetch(request);
    },
  },
});
getToken().catch(error => console.warn('no token', error));
