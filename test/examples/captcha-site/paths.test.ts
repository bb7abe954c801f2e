import fc from 'fast-check';
import { handler } from '../../../examples/captcha-site/api';
import { CaptchaSite } from '../../../examples/captcha-site/captcha-site';
import { CaptchaService } from '../../../examples/captcha-site/local/captcha-service';
import { distributionOf, type Origin } from '../../../examples/captcha-site/local/distribution';
import type { Answers } from '../../../examples/captcha-site/local/http';
import { functionUrl, type LocalServer, serve } from '../../../examples/captcha-site/local/servers';
import { templateOf } from '../../../examples/captcha-site/local/template';
import { transformed } from '../../../examples/captcha-site/local/text-transformations';
import { newApp } from '../../lib/synthesize';

describe('no spelling of the API’s path evades the rule', () => {
  const servers: LocalServer[] = [];
  let distribution: Answers;
  let reached: string[] = [];

  beforeAll(async () => {
    const api = await serve(request => {
      reached.push(request.path);
      return functionUrl(handler)(request);
    });
    const bucket = await serve(() => ({ status: 404, headers: {}, body: '' }));
    servers.push(api, bucket);
    const captcha = new CaptchaService({ domainsOf: () => undefined, now: Date.now, random: Math.random });
    const portOf = (origin: Origin) => ('S3OriginConfig' in origin ? bucket.port : api.port);
    const stack = new CaptchaSite(newApp(), 'CaptchaSite', { env: { region: 'us-east-1' } });
    distribution = distributionOf(templateOf(stack), { captcha, portOf });
  });

  afterAll(() => Promise.all(servers.map(server => server.close())));

  async function statusOf(path: string): Promise<number> {
    const headers = { host: 'example.com' };
    const request = {
      method: 'GET',
      scheme: 'https',
      host: 'example.com',
      path,
      headers,
      body: Buffer.of(),
    } as const;
    return (await distribution(request)).status;
  }

  test.each([
    '/api/phone-number',
    '/api/..%2fapi/phone-number',
    '/api/..%2fphone-number',
    '/api/%2e%2e/api/phone-number',
    '/api/./phone-number',
    '/x/../api/phone-number',
    '/x/%2e%2e/api/phone-number',
  ])('%s', async path => {
    reached = [];
    expect(await statusOf(path)).toBe(405);
    expect(reached).toEqual([]);
  });

  test('no random one', async () => {
    const part = fc.constantFrom(
      'api',
      'phone-number',
      'x',
      '..',
      '.',
      '',
      '%2e%2e',
      '..%2f',
      '%2f',
      '%61pi',
      'API',
      '%252e',
    );
    const path = fc.array(part, { minLength: 1, maxLength: 6 }).map(parts => `/${parts.join('/')}`);
    await fc.assert(
      fc.asyncProperty(path, async tried => {
        reached = [];
        const status = await statusOf(tried);
        expect([tried, status === 200, reached.includes('/api/phone-number')]).toEqual([tried, false, false]);
      }),
      { numRuns: 300 },
    );
  });

  test.each(['/', '/index.html', '/apiary'])('and %s is not behind it', async path => {
    expect(await statusOf(path)).toBe(404);
  });
});

test.each(['/api/phone-number/', '/api/', '/api/..%2fapi/phone-number', '/API/phone-number'])(
  'the API does not know %s',
  async rawPath => {
    const { statusCode } = await handler({ rawPath, requestContext: { http: { method: 'GET' } } });
    expect(statusCode).toBe(404);
  },
);

test.each([
  ['URL_DECODE', '/api/..%2fx%2', '/api/../x%2'],
  ['URL_DECODE', '/%252e', '/%2e'],
  ['NORMALIZE_PATH', '//api/./x//y/../z', '/api/x/z'],
  ['NORMALIZE_PATH', '/../x', '/../x'],
  ['NORMALIZE_PATH', '/x/..', '/'],
  ['LOWERCASE', '/API', '/api'],
])('WAF’s %s makes of %s: %s', (type, text, expected) => {
  expect(transformed(text, type)).toBe(expected);
});
