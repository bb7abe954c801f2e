import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { read } from '../docs/markdown';
import { describeInBrowser } from './chromium';
import { ExampleSite } from './example-site';
import { button, phoneNumber, puzzle, says, solve } from './puzzle-page';
import { cut } from './visitor';

jest.setTimeout(90_000);

describeInBrowser('the page of the example', () => {
  let site: ExampleSite;

  beforeAll(async () => {
    site = await ExampleSite.open({ tokenDomains: ['example.com', 'shop.example.net'] });
  });

  afterAll(() => site?.close());

  describe('leads a visitor through the puzzle', () => {
    test('to the answer of the guarded API', async () => {
      const { page, errors, requests } = await site.visit('example.com');
      const main = page.getByRole('main');
      await button(main).click();
      await solve(main);
      await main.getByText(phoneNumber).waitFor();

      expect(await page.locator(':focus').textContent()).toBe(phoneNumber);
      expect(await puzzle(main).count()).toBe(0);
      expect(requests.filter(request => request.endsWith('/jsapi.js'))).toHaveLength(1);
      expect(errors).toEqual([expect.stringContaining('status of 405')]);
    });

    test('and not again while the solved puzzle counts', async () => {
      const { page, requests } = await site.visit('example.com');
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));
      await page.getByText(phoneNumber).waitFor();
      await page.reload();
      requests.length = 0;
      await button(page.getByRole('main')).click();
      await page.getByText(phoneNumber).waitFor();

      expect(requests.filter(request => request.includes('/api/'))).toHaveLength(1);
      expect(requests.filter(request => request.includes('awswaf.com'))).toEqual([]);
    });

    test('from a sub-domain too, with a token for the domain above', async () => {
      const { page, errors } = await site.visit('blog.example.com');
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));
      await page.getByText(phoneNumber).waitFor();

      expect(await page.context().cookies()).toMatchObject([
        { name: 'aws-waf-token', domain: '.example.com', secure: true },
      ]);
      expect(errors).toEqual([expect.stringContaining('status of 405')]);
    });

    test('past a wrong answer', async () => {
      const { page } = await site.visit('example.com');
      const main = page.getByRole('main');
      await button(main).click();
      await solve(main, 'wrong');
      await says(main, 'That was not right');
      await solve(main);
      await main.getByText(phoneNumber).waitFor();
    });

    test('past a time-out', async () => {
      const { page } = await site.visit('example.com');
      const main = page.getByRole('main');
      await page.clock.install();
      await button(main).click();
      await puzzle(main).getByRole('checkbox').first().waitFor();
      await page.clock.fastForward('02:01');
      await says(main, 'The time for this puzzle is up');
      expect(await puzzle(main).count()).toBe(0);
      await button(main).click();
      await solve(main);
      await main.getByText(phoneNumber).waitFor();
    });

    test('twice on one page, whose script loads once', async () => {
      const html = readFileSync(join(site.page, 'index.html'), 'utf8');
      const section = html.slice(html.indexOf('<section data-'), html.lastIndexOf('</main>'));
      const twice = html.replace(section, section + section);
      const { page, requests } = await site.visit('example.com', { written: { 'index.html': twice } });
      const [first, second] = [page.locator('[data-guarded]').first(), page.locator('[data-guarded]').last()];
      await button(first).click();
      await puzzle(first).getByRole('checkbox').first().waitFor();
      await button(second).click();
      await solve(second);
      await second.getByText(phoneNumber).waitFor();
      expect(await first.getByText(phoneNumber).count()).toBe(0);
      await solve(first);
      await first.getByText(phoneNumber).waitFor();

      expect(requests.filter(request => request.endsWith('/jsapi.js'))).toHaveLength(1);
    });
  });

  describe('says in plain words what went wrong, and lets the visitor try again', () => {
    test.each([
      ['the puzzle', '/problem'],
      ['the script', '/jsapi.js'],
      ['the verdict', '/verify'],
    ])('when %s cannot be reached', async (what, end) => {
      const { page, interfere } = await site.visit('example.com');
      const main = page.getByRole('main');
      interfere(end, cut);
      await button(main).click();
      if (what === 'the verdict') await solve(main);
      await says(main, 'Please check your connection');
      expect(await page.locator(':focus').textContent()).toBe('Try again');
      interfere(end, undefined);
      await button(main).click();
      await solve(main);
      await main.getByText(phoneNumber).waitFor();
    });

    test('with the status for the developer, when the service is down', async () => {
      const { page, errors, interfere } = await site.visit('example.com');
      interfere('/problem', () => ({
        status: 503,
        headers: { 'access-control-allow-origin': '*' },
        body: '',
      }));
      await button(page.getByRole('main')).click();
      await says(page.getByRole('main'), 'Please check your connection');

      expect(errors.join('\n')).toMatch(/CAPTCHA: .*status 503/);
    });

    test('when the script is there and does not work', async () => {
      const { page, interfere } = await site.visit('example.com');
      interfere('/jsapi.js', () => ({
        status: 200,
        headers: { 'content-type': 'text/javascript' },
        body: '',
      }));
      await button(page.getByRole('main')).click();

      await says(page.getByRole('main'), 'The puzzle is not working');
    });

    test('when the browser keeps no cookies', async () => {
      const { page } = await site.visit('example.com');
      await page.evaluate("Object.defineProperty(document, 'cookie', { get: () => '', set: () => {} })");
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));

      await says(page.getByRole('main'), 'Please allow cookies');
    });

    test('when its configuration came late', async () => {
      const { page, errors, interfere } = await site.visit('example.com');
      // the first page may still be asking for its own, which its end aborts
      const url = page.url();
      await page.goto('about:blank');
      interfere('/captcha-config.json', cut);
      const failed = page.waitForEvent(
        'requestfailed',
        request => request.failure()?.errorText === 'net::ERR_EMPTY_RESPONSE',
      );
      await page.goto(url);
      await failed;
      interfere('/captcha-config.json', undefined);
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));
      await page.getByText(phoneNumber).waitFor();

      expect(errors.join('\n')).toContain('ERR_EMPTY_RESPONSE');
    });

    test('when the API itself fails', async () => {
      const { page, interfere } = await site.visit('example.com');
      interfere('/api/phone-number', () => ({ status: 502, headers: {}, body: '' }));
      await button(page.getByRole('main')).click();

      await says(page.getByRole('main'), 'Something went wrong. Please try again.');
    });
  });

  describe('tells the developer the cure', () => {
    test('on a host that is not among the key’s domains', async () => {
      const { page, errors } = await site.visit('www.example.org');
      await button(page.getByRole('main')).click();
      await says(page.getByRole('main'), 'The puzzle does not work on this page');

      const said = errors.join('\n');
      expect(said).toContain(
        'the key is for example.com, shop.example.net, but this page is on www.example.org',
      );
      expect(said).toContain('Add www.example.org, or a parent domain, to tokenDomains');
    });

    test('without HTTPS', async () => {
      const { page, errors } = await site.visit('example.com', { scheme: 'http' });
      await button(page.getByRole('main')).click();
      await says(page.getByRole('main'), 'The puzzle does not work on this page');

      expect(errors.join('\n')).toContain('Open https://example.com instead');
    });

    test('when the web ACL does not accept the token of the domain above', async () => {
      const { page, errors } = await site.visit('blog.example.com', { webAclDomains: null });
      await button(page.getByRole('main')).click();
      await solve(page.getByRole('main'));
      await says(page.getByRole('main'), 'it was not accepted');

      expect(errors.join('\n')).toContain(
        'Add example.com to tokenDomains of the web ACL in front of blog.example.com.',
      );
    });

    test.each([
      ['script-src', 'script-src-elem'],
      ['connect-src', 'connect-src'],
    ])('when the content security policy lacks AWS WAF in %s', async (directive, blocked) => {
      const headers = { 'content-security-policy': site.policyWith(directive, "'self'") };
      const { page, errors } = await site.visit('example.com', { headers });
      await button(page.getByRole('main')).click();
      await says(page.getByRole('main'), 'Please check your connection');

      expect(errors.join('\n')).toContain(`Add https://*.awswaf.com to ${blocked} (`);
    });
  });

  test('a browser that opens the API as a page gets AWS WAF’s own, which no policy of the example blocks', async () => {
    const { page } = await site.visit('example.com');
    const response = await page.goto('https://example.com/api/phone-number');

    expect(response?.status()).toBe(405);
    expect(await page.title()).toBe('Interstitial');
  });

  test.each([
    ['blog.example.com', 'as it is published'],
    ['example.com', 'without token domains'],
  ])('the README’s page works as it is, on %s, with a configuration %s', async (host, kind) => {
    const [, code = ''] = /```js\n(\/\/ page\.js.*?)```/s.exec(read('README.md')) ?? [];
    expect(code).toContain("AwsWafIntegration.fetch('/api/…')");
    const { apiKey, scriptUrl } = site.config;
    const written = {
      'index.html':
        '<!doctype html><link rel="icon" href="data:,"><main><section aria-label="Puzzle" id="captcha"></section></main><script type="module" src="page.js"></script>',
      'page.js': code.replace('/api/…', '/api/phone-number'),
      ...(kind === 'without token domains' && {
        'captcha-config.json': JSON.stringify({ apiKey, scriptUrl }),
      }),
    };
    const { page, errors } = await site.visit(host, { written });
    const answered = page.waitForResponse(response => response.url().endsWith('/api/phone-number'));
    await solve(page.getByRole('main'));

    expect((await answered).status()).toBe(200);
    expect(errors).toEqual([]);
  });
});
