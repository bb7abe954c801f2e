import { CaptchaService } from '../../../examples/captcha-site/local/captcha-service';
import type { HttpRequest } from '../../../examples/captcha-site/local/http';
import { keyApplies, tokenDomainOf, webAclAccepts } from '../../../examples/captcha-site/local/token-domains';

const domains = ['example.com'];
let now = 0;

function service(): CaptchaService {
  const domainsOf = (apiKey: string) => (apiKey === 'the key' ? domains : undefined);
  return new CaptchaService({ domainsOf, now: () => now, random: Math.random });
}

function request(path: string, headers: HttpRequest['headers'] = {}, body?: object): HttpRequest {
  const method = body === undefined ? 'GET' : 'POST';
  const text = body === undefined ? '' : JSON.stringify(body);
  return { method, scheme: 'https', host: 'example.com', path, headers, body: Buffer.from(text) };
}

/** What a page on example.com gets for its question. */
function ask(captcha: CaptchaService, name: string, body: object) {
  const { status, body: text } = captcha.answer(
    request(`/id/${name}`, { origin: 'https://example.com' }, body),
  );
  return { status, ...JSON.parse(String(text)) };
}

function placesOf({ shapes, wanted }: { shapes: string[]; wanted: string }): string[] {
  return shapes.flatMap((shape, index) => (shape === wanted ? [String(index)] : []));
}

function solvedToken(captcha: CaptchaService): string {
  const puzzle = ask(captcha, 'problem', { apiKey: 'the key' });
  return ask(captcha, 'verify', { id: puzzle.id, chosen: placesOf(puzzle) }).token;
}

describe('a puzzle', () => {
  test('has shapes to choose and shapes to leave', () => {
    const captcha = service();
    for (let count = 0; count < 200; count++) {
      const puzzle = ask(captcha, 'problem', { apiKey: 'the key' });
      expect(puzzle.shapes).toHaveLength(6);
      expect(placesOf(puzzle).length).toBeGreaterThan(0);
      expect(placesOf(puzzle).length).toBeLessThan(6);
    }
  });

  test('can be answered once', () => {
    const captcha = service();
    const puzzle = ask(captcha, 'problem', { apiKey: 'the key' });
    expect(ask(captcha, 'verify', { id: puzzle.id, chosen: [] })).toEqual({ status: 200, correct: false });
    expect(ask(captcha, 'verify', { id: puzzle.id, chosen: placesOf(puzzle) }).status).toBe(410);
  });

  test('expires after two minutes', () => {
    const captcha = service();
    const puzzle = ask(captcha, 'problem', { apiKey: 'the key' });
    now += 120_001;
    expect(ask(captcha, 'verify', { id: puzzle.id, chosen: placesOf(puzzle) }).status).toBe(410);
  });
});

describe('the CAPTCHA rule', () => {
  test.each([
    ['as cookie', (token: string) => ({ cookie: `a=b; aws-waf-token=${token}; c=d` })],
    ['as header', (token: string) => ({ 'x-aws-waf-token': token })],
  ])('lets a solved token through: %s', (_, headers) => {
    const captcha = service();
    expect(captcha.hasSolved(request('/api/', headers(solvedToken(captcha))), domains)).toBe(true);
  });

  test('lets no token for another domain through', () => {
    const captcha = service();
    const headers = { 'x-aws-waf-token': solvedToken(captcha) };
    const elsewhere = { ...request('/api/', headers), host: 'api.example.com' };
    expect(captcha.hasSolved(elsewhere, [])).toBe(false);
    expect(captcha.hasToken(elsewhere, [])).toBe(false);
    expect(captcha.hasSolved(elsewhere, domains)).toBe(true);
  });

  test('asks again when its time is over', () => {
    const captcha = service();
    const headers = { 'x-aws-waf-token': solvedToken(captcha) };
    now += 300_000;
    expect(captcha.hasSolved(request('/api/', headers), domains)).toBe(false);
  });

  test('asks for no token, an unknown one, and one without a puzzle', () => {
    const captcha = service();
    const { token } = ask(captcha, 'token', {});
    for (const headers of [{}, { 'x-aws-waf-token': 'unknown' }, { 'x-aws-waf-token': token }]) {
      expect(captcha.hasSolved(request('/api/', headers), domains)).toBe(false);
    }
  });

  test('differs from a Challenge, which asks for a token but no puzzle', () => {
    const captcha = service();
    const { token } = ask(captcha, 'token', {});
    expect(captcha.hasToken(request('/api/', { 'x-aws-waf-token': token }), domains)).toBe(true);
    expect(captcha.hasToken(request('/api/', { 'x-aws-waf-token': 'unknown' }), domains)).toBe(false);
  });
});

test.each(['/', '/jsapi.js', '/id//jsapi.js', '/id/other.js'])('there is nothing at %s', path => {
  expect(service().answer(request(path)).status).toBe(404);
});

test.each([
  [['example.com'], 'example.com', [], true],
  [['example.com'], 'blog.example.com', [], false],
  [['example.com'], 'blog.example.com', ['example.com'], true],
  [['example.com'], 'blog.example.com', ['.Blog.example.com'], true],
  [['example.com'], 'example.com', ['example.org'], false],
  [['blog.example.com'], 'example.com', ['example.com'], false],
  // only an apex domain stands for what is below it
  [['shop.example.com'], 'eu.shop.example.com', ['eu.shop.example.com'], false],
  [['shop.example.com'], 'eu.shop.example.com', ['shop.example.com'], true],
  [['example.co.uk'], 'eu.shop.example.co.uk', ['eu.shop.example.co.uk'], true],
])('a key for %j on %s with the list %j applies: %s', (keyDomains, host, list, expected) => {
  expect(keyApplies(keyDomains, host, list)).toBe(expected);
});

test.each([
  ['blog.example.com', [], 'blog.example.com'],
  ['blog.example.com', ['blog.example.com', '.example.com'], 'example.com'],
  ['blog.example.com', ['example.org', 'a.io'], 'blog.example.com'],
])('a page on %s with the list %j gets its token for %s', (host, list, expected) => {
  expect(tokenDomainOf(host, list)).toBe(expected);
});

test.each([
  ['example.com', 'example.com', [], true],
  ['example.com', 'api.example.com', [], false],
  ['example.com', 'api.example.com', ['example.com'], true],
  ['blog.example.com', 'api.example.com', ['example.com'], true],
  ['example.com', 'api.example.com', ['api.example.com'], false],
])('a token for %s at %s is accepted with the list %j: %s', (domain, host, list, expected) => {
  expect(webAclAccepts(domain, host, list)).toBe(expected);
});
