import { EventEmitter, once } from 'node:events';
import type { Page } from 'playwright-core';
import { json } from '../../examples/captcha-site/local/http';
import { describeInBrowser } from './chromium';
import {
  challengeAll,
  echo,
  exceptOptions,
  guarded,
  modulePage,
  served,
  withApi,
  withCors,
} from './module-page';
import { puzzle, solve } from './puzzle-page';
import { cut, type Hosts, type Visit, Visitor } from './visitor';

jest.setTimeout(60_000);

describeInBrowser('the page module', () => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await Visitor.open();
  });

  afterAll(() => visitor?.close());

  async function open(hosts: Hosts, url = 'https://example.com/'): Promise<Visit> {
    const visit = await visitor.visit(url, hosts);
    await visit.page.getByRole('heading', { name: 'Ready' }).waitFor();
    return visit;
  }

  /** Starts something in the page, whose outcome `outcomeOf` waits for. */
  async function start(page: Page, expression: string): Promise<void> {
    await page.evaluate(`window.outcome = (${expression}).then(
      value => ({ value }),
      error => ({ name: error.name, kind: error.kind, message: error.message }),
    ); undefined`);
  }

  const outcomeOf = (page: Page) => page.evaluate('outcome');
  const call = (path: string, init = '') =>
    `captcha.fetchGuarded('${path}'${init}).then(response => response.json())`;
  const appears = (page: Page) => puzzle(page.getByRole('main')).getByRole('checkbox').first().waitFor();
  const countOf = (requests: readonly string[], end: string) =>
    requests.filter(it => it.endsWith(end)).length;

  /** A page on example.com, and behind the same host an API that a rule guards. */
  const oneHost = (options?: string) => ({
    'example.com': withApi(modulePage(visitor.key(['example.com']), options), guarded(visitor, echo)),
  });

  /** A page on example.com, and an API on api.example.com. */
  const twoHosts = (api: ReturnType<typeof guarded>, options?: string) => ({
    'example.com': modulePage(visitor.key(['example.com']), options),
    'api.example.com': api,
  });

  const forPage = { TokenDomains: ['example.com'], Rules: exceptOptions };
  const elsewhere = 'https://api.example.com/orders';

  describe('calls', () => {
    test.each([
      ['a text', `'some text'`, 'some text'],
      ['a form', `new URLSearchParams({ a: 'b' })`, 'a=b'],
      ['a blob', `new Blob(['bytes'])`, 'bytes'],
    ])('with %s as body are repeated once after the puzzle', async (_, body, expected) => {
      const { page, requests } = await open(oneHost());
      await start(page, call('/api/orders', `, { method: 'POST', body: ${body} }`));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toEqual({ value: { method: 'POST', body: expected, hasToken: false } });
      expect(countOf(requests, '/api/orders')).toBe(2);
    });

    test('may be a Request', async () => {
      const { page } = await open(oneHost());
      await start(
        page,
        `captcha.fetchGuarded(new Request('/api/orders', { method: 'PUT', body: 'x' })).then(response => response.json())`,
      );
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toEqual({ value: { method: 'PUT', body: 'x', hasToken: false } });
    });

    test('that are made at the same time share one puzzle', async () => {
      const { page, requests } = await open(oneHost());
      await start(page, `Promise.all([1, 2, 3].map(n => ${call('/api/orders')}))`);
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: [{ method: 'GET' }, {}, {}] });
      expect(countOf(requests, '/problem')).toBe(1);
    });

    test.each([405, 202])('get the API’s own %i unchanged, without a puzzle', async status => {
      const api = () => json(status, { own: true });
      const { page, requests, errors } = await open({
        'example.com': withApi(modulePage(visitor.key(['example.com'])), api),
      });
      await start(page, call('/api/orders'));

      expect(await outcomeOf(page)).toEqual({ value: { own: true } });
      expect(countOf(requests, 'jsapi.js')).toBe(0);
      expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([]);
    });

    test('wait for a Challenge to finish, without a puzzle', async () => {
      const challenged = guarded(visitor, echo, { Rules: challengeAll });
      const { page, requests } = await open({
        'example.com': withApi(modulePage(visitor.key(['example.com'])), challenged),
      });
      await start(page, call('/api/orders', `, { method: 'POST', body: 'x' }`));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'POST', body: 'x' } });
      expect(countOf(requests, '/problem')).toBe(0);
    });
  });

  describe('to another origin', () => {
    test('carry the token as a header, and after a reload need no other puzzle', async () => {
      const hosts = twoHosts(withCors(guarded(visitor, echo, forPage)));
      const { page, requests } = await open(hosts);
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));
      expect(await outcomeOf(page)).toEqual({ value: { method: 'GET', body: '', hasToken: true } });
      await page.reload();
      await page.getByRole('heading', { name: 'Ready' }).waitFor();
      requests.length = 0;
      await start(page, call(elsewhere));

      expect(await outcomeOf(page)).toMatchObject({ value: { hasToken: true } });
      expect(countOf(requests, '/problem')).toBe(0);
    });

    test('whose CORS headers the API adds itself, AWS WAF’s responses cannot be read: both causes are named', async () => {
      const { page, errors } = await open(twoHosts(guarded(visitor, withCors(echo), forPage)));
      await start(page, call(elsewhere));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      const said = errors.join('\n');
      expect(said).toContain(
        `CAPTCHA: no response from ${elsewhere} can be read. Either it was not reached, or`,
      );
      expect(said).toContain('no CORS headers for https://example.com');
      expect(said).toContain('Without CloudFront, set puzzleFirst.');
      expect(said).not.toContain('OPTIONS');
      expect(said).not.toContain('token');
    });

    test('a puzzle before the first call helps there', async () => {
      const api = guarded(visitor, withCors(echo), forPage);
      const { page, requests } = await open(twoHosts(api, '{ puzzleFirst: true }'));
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { hasToken: true } });
      expect(requests.filter(request => request.endsWith('/orders'))).toEqual([
        `OPTIONS ${elsewhere}`,
        `GET ${elsewhere}`,
      ]);
      await start(page, call(elsewhere));
      await outcomeOf(page);
      expect(countOf(requests, '/problem')).toBe(1);
    });

    test('and another one helps when the first no longer counts', async () => {
      const api = guarded(visitor, withCors(echo), forPage);
      const { page, requests, errors } = await open(twoHosts(api, '{ puzzleFirst: true }'));
      // a token without a puzzle is one whose time is over
      await page.evaluate('captcha.getToken()');
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { hasToken: true } });
      expect(countOf(requests, '/problem')).toBe(1);
      expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([]);
    });

    test('but not with a web ACL that lacks the token’s domain: the console names it', async () => {
      const api = guarded(visitor, withCors(echo), { Rules: exceptOptions });
      const { page, errors } = await open(twoHosts(api, '{ puzzleFirst: true }'));
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      const said = errors.join('\n');
      expect(said).toContain('AWS WAF may have refused the token, which is for example.com.');
      expect(said).toContain('Add example.com to tokenDomains of the web ACL in front of api.example.com.');
      expect(said).not.toContain('puzzleFirst');
    });

    test('nor when AWS WAF’s responses could be read before', async () => {
      const api = withCors(guarded(visitor, echo, forPage));
      const { page, interfere, requests, errors } = await open(twoHosts(api, '{ puzzleFirst: true }'));
      // with a token that does not count yet, the first response is AWS WAF's
      await page.evaluate('captcha.getToken()');
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));
      await outcomeOf(page);
      interfere('/orders', cut);
      await start(page, call(elsewhere));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      expect(countOf(requests, '/problem')).toBe(1);
      expect(errors.join('\n')).not.toContain('puzzleFirst');
    });

    test('nor when the page’s own host cannot be reached', async () => {
      const { page, interfere, requests } = await open(oneHost('{ puzzleFirst: true }'));
      await page.evaluate('captcha.getToken()');
      interfere('/api/orders', cut);
      await start(page, call('/api/orders'));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      expect(countOf(requests, '/problem')).toBe(0);
    });

    test('that do not expose the header get the 405, and the console says what to expose', async () => {
      const hidden = withCors(guarded(visitor, echo, forPage), { 'access-control-expose-headers': '' });
      const { page, errors } = await open(twoHosts(hidden));
      await start(page, `captcha.fetchGuarded('${elsewhere}').then(({ status }) => status)`);

      expect(await outcomeOf(page)).toEqual({ value: 405 });
      expect(errors.join('\n')).toContain('add x-amzn-waf-action to access-control-expose-headers');
    });

    test.each([
      ['the API itself', () => withCors(() => json(202, {}))],
      [
        'a Challenge that does not expose the header',
        () =>
          withCors(guarded(visitor, echo, { Rules: challengeAll }), { 'access-control-expose-headers': '' }),
      ],
    ])('get a 202 from %s, and the console says nothing: it may be ordinary', async (_, api) => {
      const { page, errors } = await open(twoHosts(api()));
      await start(page, `captcha.fetchGuarded('${elsewhere}').then(({ status }) => status)`);

      expect(await outcomeOf(page)).toEqual({ value: 202 });
      expect(errors).toEqual([]);
    });

    test('that expose it get the API’s own 405 after the puzzle, and the console says nothing', async () => {
      const api = withCors(
        guarded(visitor, ({ method }) => json(method === 'OPTIONS' ? 200 : 405, { own: true }), forPage),
      );
      const { page, errors } = await open(twoHosts(api));
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toEqual({ value: { own: true } });
      expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([]);
    });

    test('whose OPTIONS the rule catches: the console says so', async () => {
      const api = withCors(guarded(visitor, echo, { TokenDomains: ['example.com'] }));
      const { page, errors } = await open(twoHosts(api));
      await start(page, call(elsewhere, `, { method: 'PUT', body: 'x' }`));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      expect(errors.join('\n')).toContain('exempt that method from the CAPTCHA rule, and allow');
    });

    test('whose OPTIONS the rule catches after the puzzle: the console says that alone', async () => {
      const api = withCors(guarded(visitor, echo, { TokenDomains: ['example.com'] }));
      const { page, errors } = await open(twoHosts(api));
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
      const said = errors.join('\n');
      expect(said).toContain('and allow x-aws-waf-token, GET in its response.');
      expect(said).not.toContain('response headers policy');
      expect(said).not.toContain('may have refused');
    });

    /** A page whose policy, in a header of this name, allows no calls to the API; the API adds CORS headers. */
    function hostsWithPolicy(header: string, options?: string): Hosts {
      const page = modulePage(visitor.key(['example.com']), options);
      return {
        'example.com': async request => {
          const response = await page(request);
          const policy = { [header]: "connect-src 'self' https://*.awswaf.com" };
          return { ...response, headers: { ...response.headers, ...policy } };
        },
        'api.example.com': withCors(echo),
      };
    }

    test.each(['{}', '{ puzzleFirst: true }'])(
      'that the content security policy blocks: the console says which source to add, with %s',
      async options => {
        const hosts = hostsWithPolicy('content-security-policy', options);
        const { page, errors, requests } = await open(hosts);
        await page.evaluate('captcha.getToken()');
        await start(page, call(elsewhere));

        expect(await outcomeOf(page)).toMatchObject({ name: 'TypeError' });
        expect(countOf(requests, '/problem')).toBe(0);
        expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([
          `CAPTCHA: this page's content security policy blocks ${elsewhere}. Add https://api.example.com to connect-src.`,
        ]);
      },
    );

    test('that a policy would block, which is only reported: the console says nothing', async () => {
      const hosts = hostsWithPolicy('content-security-policy-report-only');
      const { page, errors } = await open(hosts);
      await start(page, call(elsewhere));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'GET' } });
      expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([]);
    });
  });

  describe('gives the token to other clients', () => {
    test('of a solved puzzle, and the current one', async () => {
      const { page } = await open(twoHosts(withCors(guarded(visitor, echo, forPage))));
      await start(page, 'captcha.solvePuzzle()');
      await solve(page.getByRole('main'));
      const { value } = (await outcomeOf(page)) as { value: string };

      expect(await page.evaluate('captcha.getToken()')).toBe(value);
      const headers = `{ headers: { 'x-aws-waf-token': '${value}' } }`;
      expect(await page.evaluate(`fetch('${elsewhere}', ${headers}).then(({ status }) => status)`)).toBe(200);
    });
  });

  describe('can be cancelled', () => {
    const cancelled = { name: 'AbortError' };

    test('while a puzzle is shown, which is then removed', async () => {
      const { page } = await open(oneHost(`{ onEnd: () => log.push('end') }`));
      await page.evaluate('window.component = new AbortController(); undefined');
      await start(page, call('/api/orders', ', { signal: component.signal }'));
      await appears(page);
      await page.evaluate('component.abort()');

      expect(await outcomeOf(page)).toMatchObject(cancelled);
      expect(await puzzle(page.getByRole('main')).getByRole('checkbox').count()).toBe(0);
      expect(await page.evaluate('log')).toEqual(['end']);
    });

    test('before the puzzle has loaded, which then never appears', async () => {
      const { page, interfere, requests } = await open(oneHost());
      const problem = new EventEmitter();
      interfere('/problem', async request => {
        const released = once(problem, 'released');
        problem.emit('asked for');
        await released;
        return visitor.captcha.answer(request);
      });
      await page.evaluate('window.component = new AbortController(); undefined');
      const asked = once(problem, 'asked for');
      await start(page, call('/api/orders', ', { signal: component.signal }'));
      await asked;
      await page.evaluate('component.abort()');
      expect(await outcomeOf(page)).toMatchObject(cancelled);
      const late = page.waitForResponse(response => response.url().endsWith('/problem'));
      problem.emit('released');
      await (await late).finished();

      expect(await puzzle(page.getByRole('main')).getByRole('checkbox').count()).toBe(0);
      expect(countOf(requests, '/api/orders')).toBe(1);
    });

    test('for one caller alone: the other continues with the puzzle', async () => {
      const { page } = await open(oneHost());
      await page.evaluate('window.component = new AbortController(); undefined');
      await start(
        page,
        `Promise.allSettled([${call('/api/one', ', { signal: component.signal }')}, ${call('/api/other')}])`,
      );
      await appears(page);
      await page.evaluate('component.abort()');
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({
        value: [{ status: 'rejected' }, { status: 'fulfilled' }],
      });
    });

    test('and asks again afterwards', async () => {
      const { page } = await open(oneHost());
      await page.evaluate('window.component = new AbortController(); undefined');
      await start(page, call('/api/orders', ', { signal: component.signal }'));
      await appears(page);
      await page.evaluate('component.abort()');
      await start(page, call('/api/orders'));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'GET' } });
    });
  });

  test.each([
    ['{}', { dynamicWidth: true, skipTitle: true }],
    [
      `{ defaultLocale: 'de-DE', disableLanguageSelector: true, dynamicWidth: false, skipTitle: false }`,
      { defaultLocale: 'de-DE', disableLanguageSelector: true, dynamicWidth: false, skipTitle: false },
    ],
  ])('passes on AWS’s options and those with a default: %s', async (options, expected) => {
    const { page } = await open(oneHost(options));
    await page.evaluate(`
      window.AwsWafCaptcha = { renderCaptcha: (container, options) => { window.given = options; options.onSuccess('t'); } };
      undefined`);
    await start(page, 'captcha.solvePuzzle()');

    expect(await outcomeOf(page)).toEqual({ value: 't' });
    const given = await page.evaluate(
      'Object.fromEntries(Object.entries(given).filter(([, it]) => typeof it !== "function"))',
    );
    expect(given).toEqual({ apiKey: visitor.key(['example.com']).apiKey, ...expected });
  });

  describe('asks for a token for the page’s own host if possible', () => {
    const apexAndBelow = ['example.com', 'app.example.com'];

    test('on a domain of the key that is below another: a web ACL without token domains accepts it', async () => {
      const host = withApi(modulePage(visitor.key(apexAndBelow)), guarded(visitor, echo));
      const { page } = await open({ 'app.example.com': host }, 'https://app.example.com/');
      await start(page, call('/api/orders'));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'GET' } });
      expect(await page.evaluate('window.awsWafCookieDomainList')).toBeUndefined();
    });

    test('below several domains of the key it names the nearest', async () => {
      const api = guarded(visitor, echo, { TokenDomains: ['app.example.com'] });
      const host = withApi(modulePage(visitor.key(apexAndBelow)), api);
      const { page } = await open({ 'eu.app.example.com': host }, 'https://eu.app.example.com/');
      await start(page, call('/api/orders'));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'GET' } });
      expect(await page.evaluate('awsWafCookieDomainList')).toEqual(['app.example.com']);
    });

    test('the page’s own list is kept, and one in the options is used', async () => {
      const host = modulePage(visitor.key(['example.com']), `{ cookieDomains: ['blog.example.com'] }`);
      const { page } = await open({ 'blog.example.com': host }, 'https://blog.example.com/');
      await page.evaluate('captcha.getToken()');
      expect(await page.evaluate('awsWafCookieDomainList')).toEqual(['blog.example.com']);
      await page.reload();
      await page.getByRole('heading', { name: 'Ready' }).waitFor();
      await page.evaluate(`window.awsWafCookieDomainList = ['example.com']; captcha.getToken()`);

      expect(await page.evaluate('awsWafCookieDomainList')).toEqual(['example.com']);
    });

    test('works with a configuration that has no token domains', async () => {
      const { apiKey, scriptUrl } = visitor.key(['example.com']);
      const host = withApi(modulePage({ apiKey, scriptUrl }), guarded(visitor, echo));
      const { page, errors } = await open({ 'example.com': host });
      await start(page, call('/api/orders'));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ value: { method: 'GET' } });
      expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([]);
    });
  });

  describe('says what is wrong with a configuration', () => {
    test.each([
      [
        'HTML in its place',
        '<!doctype html><title>Home</title>',
        'expected JSON at captcha-config.json, got HTML',
      ],
      ['no JSON', 'apiKey=', 'expected JSON in captcha-config.json, got SyntaxError'],
      [
        'nothing in it',
        'null',
        'expected apiKey and scriptUrl in captcha-config.json, got no apiKey and no scriptUrl',
      ],
      ['no script', '{ "apiKey": "k" }', 'got no scriptUrl'],
      ['a text as domains', '{ "apiKey": "k", "scriptUrl": "s", "tokenDomains": "a" }', 'got string'],
    ])('%s', async (_, config, message) => {
      const { page, errors } = await open({ 'example.com': modulePage(config) });
      await start(page, 'captcha.solvePuzzle()');

      expect(await outcomeOf(page)).toMatchObject({
        kind: 'config_error',
        message: expect.stringContaining(message),
      });
      expect(errors.join('\n')).toContain(`CAPTCHA: expected`);
      expect(errors.join('\n')).toContain(message);
    });

    test('a field missing, whatever way it came', async () => {
      const { page } = await open(oneHost(`{ config: { apiKey: 'k' } }`));
      await start(page, 'captcha.solvePuzzle()');

      expect(await outcomeOf(page)).toMatchObject({
        kind: 'config_error',
        message: 'expected apiKey and scriptUrl in the config of createCaptcha, got no scriptUrl',
      });
    });

    test.each([
      ['captcha', () => json(405, {})],
      ['challenge', () => json(202, {})],
    ])('a rule with a %s in front of it', async (action, answers) => {
      const { page, interfere } = await open(oneHost());
      interfere('/captcha-config.json', () => ({
        ...answers(),
        headers: { 'x-amzn-waf-action': action },
      }));
      await start(page, 'captcha.solvePuzzle()');

      expect(await outcomeOf(page)).toMatchObject({
        kind: 'config_error',
        message: `expected a configuration at captcha-config.json, got a ${action}: exempt it from the rule`,
      });
    });

    test('no file', async () => {
      const { page } = await open({ 'example.com': modulePage({}) });
      await start(page, `loadConfig('missing.json')`);

      expect(await outcomeOf(page)).toMatchObject({
        kind: 'config_error',
        message: 'expected a configuration at missing.json, got status 404',
      });
    });
  });

  describe.each([
    ['published', () => '{}'],
    ['built in', (config: object) => `{ config: ${JSON.stringify(config)} }`],
  ])('with a configuration that is %s, says once why puzzles cannot work', (_, optionsFor) => {
    /** What the console says of the page when it has asked for a puzzle twice. */
    async function saidOn(url: string): Promise<string[]> {
      const key = visitor.key(['example.com']);
      const page = modulePage(key, optionsFor(key));
      const visit = await open({ [new URL(url).hostname]: page }, url);
      for (const _ of ['once', 'twice']) {
        await start(visit.page, 'captcha.solvePuzzle()');
        expect(await outcomeOf(visit.page)).toMatchObject({ kind: 'client_error' });
      }
      return visit.errors.filter(error => /this page is on|HTTPS/.test(error));
    }

    test('on a host that is not among the key’s domains', async () => {
      expect(await saidOn('https://example.org/')).toEqual([
        expect.stringContaining('CAPTCHA: the key is for example.com, but this page is on example.org.'),
      ]);
    });

    test('without HTTPS', async () => {
      expect(await saidOn('http://example.com/')).toEqual([
        'CAPTCHA: a puzzle needs HTTPS. Open https://example.com instead.',
      ]);
    });
  });

  test('does not send a page to HTTPS that is there, but in a frame of a page that is not', async () => {
    const { page, errors } = await visitor.visit('http://frame.example/', {
      'frame.example': served({ '/': '<!doctype html><iframe src="https://example.com/"></iframe>' }),
      'example.com': modulePage(visitor.key(['example.com'])),
    });
    await page.frameLocator('iframe').getByRole('heading', { name: 'Ready' }).waitFor();
    await page.frames()[1]?.evaluate(`loadConfig('captcha-config.json')`);

    expect(errors.filter(error => error.startsWith('CAPTCHA'))).toEqual([
      'CAPTCHA: a puzzle needs HTTPS in every page that frames this one too.',
    ]);
  });

  test('after a Challenge that is not accepted, speaks of no puzzle', async () => {
    const api = withCors(guarded(visitor, echo, { Rules: challengeAll }));
    const { page, requests } = await open(twoHosts(api));
    await start(page, call(elsewhere));

    expect(await outcomeOf(page)).toMatchObject({
      kind: 'token_refused',
      message: expect.stringContaining(
        'the challenge is solved, but api.example.com does not accept the token, which is for example.com.',
      ),
    });
    expect(countOf(requests, '/problem')).toBe(0);
  });

  describe('after a solved puzzle that is not accepted', () => {
    test('names the domain that the web ACL lacks', async () => {
      const api = withCors(guarded(visitor, echo, { Rules: exceptOptions }));
      const { page, errors } = await open(twoHosts(api));
      await start(page, call(elsewhere));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ kind: 'token_refused' });
      expect(errors.join('\n')).toContain(
        'Add example.com to tokenDomains of the web ACL in front of api.example.com.',
      );
    });

    test('names the cookie where the domain is right', async () => {
      const api = guarded(visitor, echo);
      const withoutCookies = withApi(modulePage(visitor.key(['example.com'])), request =>
        api({ ...request, headers: {} }),
      );
      const { page, errors } = await open({ 'example.com': withoutCookies });
      await start(page, call('/api/orders'));
      await solve(page.getByRole('main'));

      expect(await outcomeOf(page)).toMatchObject({ kind: 'token_refused' });
      expect(errors.join('\n')).toContain('must forward the cookie aws-waf-token');
      expect(errors.join('\n')).toContain('tokenDomains of the web ACL must then contain example.com.');
      expect(errors.join('\n')).toContain('failureReason');
    });
  });
});
