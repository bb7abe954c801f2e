import { codeSpans, read, section, table } from '../docs/markdown';
import { describeInBrowser } from './chromium';
import { echo, exceptOptions, guarded, served, withApi, withCors } from './module-page';
import { puzzle, solve } from './puzzle-page';
import { type Hosts, Visitor } from './visitor';

jest.setTimeout(90_000);

/** What a bare page's script finds. */
const preamble = `
  const config = await (await fetch('captcha-config.json')).json();
  const load = src => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject }));
  });
  const say = text => document.body.append(' ' + text);
  const render = options => AwsWafCaptcha.renderCaptcha(document.querySelector('section'), {
    apiKey: config.apiKey,
    onSuccess: () => say('success'),
    onLoad: () => say('loaded'),
    onError: ({ kind, statusCode }) => say(kind + ' ' + statusCode),
    ...options,
  });`;

const list = (value: string) => `window.awsWafCookieDomainList = ${value};`;
const loadIt = 'await load(config.scriptUrl);';

// what the example's tests rest on: the stand-in refuses what AWS's documentation says is refused
describeInBrowser('the stand-in for jsapi.js', () => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await Visitor.open();
  });

  afterAll(() => visitor?.close());

  function bare(keyDomains: string[], script: string) {
    const config = JSON.stringify(visitor.key(keyDomains));
    return served({ '/captcha-config.json': config, '/main.js': `${preamble}\n${script}` });
  }

  /** What a page says that does what its script says. */
  async function outcome(host: string, script: string, scheme = 'https'): Promise<string> {
    const { page, errors } = await open(host, bare(['example.com', 'shop.example.net'], script), {}, scheme);
    const text = page.getByText(/loaded|error|success/);
    await text.waitFor().catch(() => {
      throw new Error(`expected an outcome, got ${errors.join('; ')}`);
    });
    const shown = (await page.locator('body').textContent()) ?? '';
    return /loaded|\w+_error \w+|success/.exec(shown)?.[0] ?? shown;
  }

  function open(host: string, page: Hosts[string], others: Hosts = {}, scheme = 'https') {
    return visitor.visit(`${scheme}://${host}/`, { ...others, [host]: page });
  }

  test.each([
    ['on a domain of the key, without a list', 'example.com', '', 'loaded'],
    ['on a sub-domain, without a list', 'blog.example.com', '', 'client_error 403'],
    ['on a sub-domain, with the domain in the list', 'blog.example.com', list("['example.com']"), 'loaded'],
    ['on a sub-domain, with itself in the list', 'blog.example.com', list("['.blog.example.com']"), 'loaded'],
    [
      'below a domain that is no apex, with itself in the list',
      'eu.shop.example.net',
      list("['eu.shop.example.net']"),
      'client_error 403',
    ],
    [
      'on a domain of the key, with another in the list',
      'example.com',
      list("['example.org']"),
      'client_error 403',
    ],
    ['above a domain of the key', 'example.net', list("['example.net']"), 'client_error 403'],
    [
      'on a host that only ends like a domain',
      'myexample.com',
      list("['myexample.com']"),
      'client_error 403',
    ],
  ])('%s', async (_, host, before, expected) => {
    expect(await outcome(host, `${before} ${loadIt} render();`)).toBe(expected);
  });

  test('takes no notice of a list that is set after it was loaded', async () => {
    const script = `${loadIt} ${list("['example.com']")} render();`;

    expect(await outcome('blog.example.com', script)).toBe('client_error 403');
  });

  test('refuses a key that it does not know', async () => {
    expect(await outcome('example.com', `${loadIt} render({ apiKey: config.apiKey + 'A' });`)).toBe(
      'client_error 403',
    );
  });

  test('refuses a page without HTTPS', async () => {
    const script = `${loadIt} render();`;

    expect(await outcome('example.com', script, 'http')).toBe('client_error undefined');
  });

  test('is not there at a URL with a slash too many', async () => {
    const script =
      "await load(config.scriptUrl.replace('/jsapi', '//jsapi')).catch(() => say('script_error 404'));";

    expect(await outcome('example.com', script)).toBe('script_error 404');
  });

  test.each(['null', '{}'])('throws for a container or a configuration that is none: %s', async container => {
    const script = `${loadIt} try { AwsWafCaptcha.renderCaptcha(${container}, {}); } catch { say('type_error thrown'); }`;

    expect(await outcome('example.com', script)).toBe('type_error thrown');
  });

  describe('bears out the table of domains in docs/page.md', () => {
    const rows = table(section(read('docs/page.md'), 'Domains'), 'Page on').map(row => {
      const [pages, apis, keyDomains = [], lists, webAclDomains = [], tokens, accepted] = row.map(codeSpans);
      const [host = '', api = '', cookieDomains, token] = [pages, apis, lists, tokens].map(cell => cell?.[0]);
      const isAccepted = accepted?.[0] === 'yes';
      return {
        name: row.join(' | '),
        host,
        api,
        keyDomains,
        cookieDomains,
        webAclDomains,
        token,
        isAccepted,
      };
    });

    test('which has rows of every kind', () => {
      expect(rows.length).toBeGreaterThan(10);
    });

    test.each(rows)(
      '$name',
      async ({ host, api, keyDomains, cookieDomains, webAclDomains, token, isAccepted }) => {
        const guardedApi = withCors(
          guarded(visitor, echo, { TokenDomains: webAclDomains, Rules: exceptOptions }),
        );
        const script = `${cookieDomains ? list(cookieDomains) : ''} ${loadIt} render();`;
        const page = withApi(bare(keyDomains, script), guardedApi);
        const visit = await open(host, page, { [api]: host === api ? page : guardedApi });
        if (token === undefined) {
          await visit.page.getByText('client_error 403').waitFor();
          return;
        }
        await puzzle(visit.page.getByRole('main')).getByRole('checkbox').first().waitFor();
        await solve(visit.page.getByRole('main'));
        await visit.page.getByText('success').waitFor();
        const [cookie] = await visit.page.context().cookies();
        expect(cookie?.domain.replace(/^\./, '')).toBe(token);

        const status = await visit.page.evaluate(
          `AwsWafIntegration.fetch('https://${api}/api/').then(({ status }) => status)`,
        );
        expect(status).toBe(isAccepted ? 200 : 405);
      },
    );
  });
});
