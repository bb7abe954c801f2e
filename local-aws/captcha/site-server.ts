import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { extname, join } from 'node:path';
import type { CaptchaService } from './captcha-service';
import { json, type SiteAnswer, type SiteRequest } from './exchange';

/** What a distribution and its origins would serve. */
export interface Site {
  /** The folder of the page's files. */
  readonly page: string;
  /** Further files, by name, that the deployment writes beside the page. */
  readonly written: Readonly<Record<string, string>>;
  readonly securityPolicy: string;
  /** `tokenDomains` of the web ACL that guards `/api/`. */
  readonly webAclDomains: readonly string[];
  readonly api: () => Promise<{
    statusCode: number;
    headers: Readonly<Record<string, string>>;
    body: string;
  }>;
}

export interface SiteServer {
  /** `http://localhost:<port>`, which browsers take for a secure context. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where the integration URLs of local keys point to, if they point to this server. */
export const integrationPath = '/aws-waf/';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
};

/** Serves a site, its guarded API and the CAPTCHA's script on loopback. `site` is asked at each request. */
export async function serveSite(captcha: CaptchaService, site: () => Site | undefined): Promise<SiteServer> {
  const server = createServer((incoming, outgoing) => {
    answer(captcha, site(), incoming)
      .catch(error => json(500, { message: String(error) }))
      .then(({ status, headers, body }) => outgoing.writeHead(status, headers).end(body));
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`expected a port, got ${address}`);
  return {
    url: `http://localhost:${address.port}`,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  captcha: CaptchaService,
  site: Site | undefined,
  incoming: IncomingMessage,
): Promise<SiteAnswer> {
  const request = await received(incoming);
  if (request.host.endsWith('.awswaf.com') || request.path.startsWith(integrationPath)) {
    return captcha.answer(request);
  }
  if (!site) return json(503, { message: 'the site is not deployed yet' });
  const { status, headers, body } = request.path.startsWith('/api/')
    ? await answerOfApi(captcha, site, request)
    : await file(site, request.path);
  return { status, headers: { ...headers, 'content-security-policy': site.securityPolicy }, body };
}

async function received(incoming: IncomingMessage): Promise<SiteRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method = '', url = '/', headers } = incoming;
  // a browser under test reaches hosts of any name through this one server
  const host = String(headers['x-forwarded-host'] ?? headers.host).replace(/:\d+$/, '');
  const path = url.replace(/\?.*$/, '');
  return { method, host, path, headers, body: Buffer.concat(chunks).toString() };
}

/** What a CAPTCHA rule does: let the request through, or answer it in the API's stead. */
async function answerOfApi(captcha: CaptchaService, site: Site, request: SiteRequest): Promise<SiteAnswer> {
  if (!captcha.hasSolved(request, site.webAclDomains)) {
    return {
      status: 405,
      headers: { 'x-amzn-waf-action': 'captcha', 'cache-control': 'no-store' },
      body: '',
    };
  }
  const { statusCode, headers, body } = await site.api();
  return { status: statusCode, headers, body };
}

async function file({ page, written }: Site, path: string): Promise<SiteAnswer> {
  const name = path === '/' ? 'index.html' : path.slice(1);
  const headers = { 'content-type': contentTypes[extname(name)] ?? '', 'cache-control': 'no-cache' };
  const text = written[name];
  if (text !== undefined) return { status: 200, headers, body: text };
  if (!(await readdir(page)).includes(name)) return json(404, { message: `no file ${name}` });
  return { status: 200, headers, body: await readFile(join(page, name)) };
}
