import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { CaptchaService } from '../../examples/captcha-site/local/captcha-service';
import { type Answers, type HttpRequest, json } from '../../examples/captcha-site/local/http';
import {
  type Certificate,
  ConnectionCut,
  type LocalServer,
  serve,
} from '../../examples/captcha-site/local/servers';
import type { WafCaptchaClientConfig } from '../../lib';
import { chromiumArguments, chromiumPath, hostsOnLoopback } from './chromium';

/** What answers at each host name. */
export type Hosts = Readonly<Record<string, Answers>>;

/** A page that somebody has opened, and what was seen of it. */
export interface Visit {
  readonly page: Page;
  /** What the page said to the developer. */
  readonly errors: string[];
  /** Every request that arrived, as method and URL. */
  readonly requests: string[];
  /** Answers requests whose URL ends so in place of the host, until it is called with `undefined`. */
  interfere(end: string, answers: Answers | undefined): void;
}

/** For `interfere`: the connection ends without a response. */
export const cut: Answers = () => {
  throw new ConnectionCut();
};

/**
 * A real browser on a network of its own: every host name leads over real sockets to servers on loopback, and CloudFront
 * and AWS WAF's script have their stand-ins there.
 */
export class Visitor {
  private hosts: Hosts = {};
  private readonly keys = new Map<string, readonly string[]>();
  private readonly servers: LocalServer[] = [];
  private readonly interferences = new Map<string, Answers>();
  private readonly folders: string[] = [];
  private requests: string[] = [];
  private browser: Browser | undefined;

  /** The token service behind keys and puzzles. */
  readonly captcha = new CaptchaService({
    domainsOf: apiKey => this.keys.get(apiKey),
    now: Date.now,
    random: Math.random,
  });

  static async open(): Promise<Visitor> {
    const visitor = new Visitor();
    const answers: Answers = request => visitor.answer(request);
    const https = await visitor.serve(answers, await selfSigned());
    const http = await visitor.serve(answers);
    visitor.browser = await chromium.launch({
      executablePath: chromiumPath,
      args: [...chromiumArguments, hostsOnLoopback({ https, http })],
    });
    return visitor;
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await Promise.all(this.servers.map(server => server.close()));
    await Promise.all(this.folders.map(folder => rm(folder, { recursive: true })));
  }

  /** Serves on a port of loopback until the visitor closes, which is given. */
  async serve(answers: Answers, certificate?: Certificate): Promise<number> {
    const server = await serve(answers, certificate);
    this.servers.push(server);
    return server.port;
  }

  /** A folder that goes with the visitor. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'captcha-page-'));
    this.folders.push(folder);
    return folder;
  }

  /** The configuration of a key for these domains. */
  key(tokenDomains: string[]): Required<WafCaptchaClientConfig> {
    const apiKey = `key+for/${tokenDomains.join('/')}_0_1`;
    this.keys.set(apiKey, tokenDomains);
    return { apiKey, scriptUrl: 'https://id.edge.captcha-sdk.awswaf.com/id/jsapi.js', tokenDomains };
  }

  /** Opens a page as somebody who was never there before. */
  async visit(url: string, hosts: Hosts, options: BrowserContextOptions = {}): Promise<Visit> {
    await this.leave();
    this.hosts = hosts;
    const requests: string[] = [];
    this.requests = requests;
    if (!this.browser) throw new Error('expected an open browser');
    const viewport = { width: 1280, height: 800 };
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport, ...options });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', message => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', error => errors.push(String(error)));
    await page.goto(url);
    const interfere: Visit['interfere'] = (end, answers) => {
      if (answers) this.interferences.set(end, answers);
      else this.interferences.delete(end);
    };
    return { page, errors, requests, interfere };
  }

  private async leave(): Promise<void> {
    for (const context of this.browser?.contexts() ?? []) await context.close();
    this.interferences.clear();
  }

  private answer(request: HttpRequest): ReturnType<Answers> {
    const { method, scheme, host, path } = request;
    const url = `${scheme}://${host}${path}`;
    this.requests.push(`${method} ${url}`);
    const end = [...this.interferences.keys()].find(key => url.endsWith(key));
    const answers =
      (end === undefined ? undefined : this.interferences.get(end)) ??
      (host.endsWith('.awswaf.com') ? (of: HttpRequest) => this.captcha.answer(of) : this.hosts[host]);
    return answers ? answers(request) : json(404, { message: `no host ${host}` });
  }
}

/** A certificate that nobody trusts, which the browser is told to ignore. */
async function selfSigned(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'captcha-tls-'));
  try {
    const file = join(folder, 'key.pem');
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const names = ['-subj', '/CN=localhost', '-days', '2', '-keyout', file];
    const cert = execFileSync('openssl', ['req', '-x509', ...curve, ...names], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { key: await readFile(file, 'utf8'), cert };
  } finally {
    await rm(folder, { recursive: true });
  }
}
