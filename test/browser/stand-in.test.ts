import { describeInBrowser } from './chromium';
import { type VisitOptions, Visitor } from './visitor';

jest.setTimeout(90_000);

/** A bare page that does what its script says, with `config` and `outcome` at hand. */
function pageWith(script: string): Record<string, string> {
  const preamble = `
    const config = await (await fetch('captcha-config.json')).json();
    const load = src => new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject }));
    });
    const say = text => document.body.append(text);
    const render = options => AwsWafCaptcha.renderCaptcha(document.querySelector('div'), {
      apiKey: config.apiKey,
      onSuccess: () => say('success'),
      onLoad: () => say('loaded'),
      onError: ({ kind, statusCode }) => say(kind + ' ' + statusCode),
      ...options,
    });`;
  return {
    'index.html':
      '<!doctype html><title>Bare</title><body><div></div><script type="module" src="main.js"></script>',
    'main.js': `${preamble}\n${script}`,
  };
}

// what the example's tests rest on: the stand-in refuses what AWS's documentation says is refused
describeInBrowser('the stand-in for jsapi.js', () => {
  let visitor: Visitor;

  beforeAll(async () => {
    visitor = await Visitor.open(['example.com', 'shop.example.net']);
  });

  afterAll(() => visitor?.close());

  async function outcome(host: string, script: string, options: VisitOptions = {}): Promise<string> {
    const written = { ...visitor.site.written, ...pageWith(script) };
    const { page, errors } = await visitor.visit(host, { ...options, site: { written } });
    const text = page.getByText(/loaded|error|success/);
    await text.waitFor().catch(() => {
      throw new Error(`expected an outcome, got ${errors.join('; ')}`);
    });
    const shown = (await page.locator('body').textContent()) ?? '';
    return /loaded|\w+_error \w+|success/.exec(shown)?.[0] ?? shown;
  }

  const list = (value: string) => `window.awsWafCookieDomainList = ${value};`;
  const loadIt = 'await load(config.scriptUrl);';

  test.each([
    ['on a domain of the key, without a list', 'example.com', '', 'loaded'],
    ['on a sub-domain, without a list', 'blog.example.com', '', 'client_error 403'],
    ['on a sub-domain, with the domain in the list', 'blog.example.com', list("['example.com']"), 'loaded'],
    ['on a sub-domain, with itself in the list', 'blog.example.com', list("['.blog.example.com']"), 'loaded'],
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

    expect(await outcome('example.com', script, { scheme: 'http' })).toBe('client_error undefined');
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
});
