import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page, type Route } from 'playwright-core';
import { handler } from '../../examples/captcha-site/api';
import { bundledPage } from '../../examples/captcha-site/bundles';
import { CONFIG_FILE, CONTENT_SECURITY_POLICY } from '../../examples/captcha-site/page-contract';
import { CaptchaService } from '../../local-aws/captcha/captcha-service';
import { deployConfig } from '../../local-aws/captcha/deployed-config';
import { type Site, type SiteServer, serveSite } from '../../local-aws/captcha/site-server';
import { type LocalAws, startLocalAws } from '../../local-aws/local-aws';
import { chromiumArguments, chromiumPath } from './chromium';

/** What a visit may have otherwise than the site as it was deployed. */
export interface VisitOptions extends BrowserContextOptions {
  readonly site?: Partial<Site>;
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
}

/** A page that somebody has opened, and what was seen of it. */
export interface Visit {
  readonly page: Page;
  /** What the page said to the developer. */
  readonly errors: string[];
  /** Every request, as method and URL. */
  readonly requests: string[];
  /** Answers requests whose URL ends so, until it is called with `undefined`. */
  interfere(end: string, answer: ((route: Route) => Promise<void>) | undefined): void;
}

/** The site of the example with a key that the real CLI deployed, and a real browser, which reaches nothing else. */
export class Visitor {
  private constructor(
    private readonly aws: LocalAws,
    private readonly server: SiteServer,
    private readonly browser: Browser,
    private readonly folder: string,
    private readonly serve: (site: Site) => void,
    /** As the deployment made it. */
    readonly site: Site,
  ) {}

  static async open(tokenDomains: readonly string[]): Promise<Visitor> {
    const folder = await mkdtemp(join(tmpdir(), 'captcha-site-'));
    const aws = await startLocalAws();
    const captcha = new CaptchaService({
      domainsOf: apiKey => aws.waf.keys().find(key => key.apiKey === apiKey)?.tokenDomains,
      now: Date.now,
      random: Math.random,
    });
    const site: Site = {
      page: bundledPage(folder),
      written: { [CONFIG_FILE]: await deployConfig(aws, { tokenDomains, quick: true }) },
      securityPolicy: CONTENT_SECURITY_POLICY,
      webAclDomains: tokenDomains,
      api: handler,
    };
    let served = site;
    const server = await serveSite(captcha, () => served);
    const serve = (other: Site) => {
      served = other;
    };
    const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
    return new Visitor(aws, server, browser, folder, serve, site);
  }

  async close(): Promise<void> {
    await this.leave();
    await this.browser.close();
    await this.server.close();
    await this.aws.close();
    await rm(this.folder, { recursive: true });
  }

  /** Opens a page as somebody who was never there before. */
  async visit(host: string, options: VisitOptions = {}): Promise<Visit> {
    const { site, scheme = 'https', ...contextOptions } = options;
    this.serve({ ...this.site, ...site });
    await this.leave();
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...contextOptions,
    });
    const page = await context.newPage();
    const [errors, requests]: [string[], string[]] = [[], []];
    const interferences = new Map<string, (route: Route) => Promise<void>>();
    page.on('console', message => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', error => errors.push(String(error)));
    await context.route('**/*', async route => {
      const request = route.request();
      requests.push(`${request.method()} ${request.url()}`);
      const end = [...interferences.keys()].find(key => request.url().endsWith(key));
      const interference = end === undefined ? undefined : interferences.get(end);
      await (interference ? interference(route) : this.forward(route));
    });
    await page.goto(`${scheme}://${host}/`);
    const interfere: Visit['interfere'] = (end, answer) => {
      if (answer) interferences.set(end, answer);
      else interferences.delete(end);
    };
    return { page, errors, requests, interfere };
  }

  /** Closes the pages, whatever they still wait for. */
  private async leave(): Promise<void> {
    for (const context of this.browser.contexts()) {
      await context.unrouteAll({ behavior: 'ignoreErrors' });
      await context.close();
    }
  }

  /** Every host is this one server's: nothing that the browser asks for leaves the machine. */
  private async forward(route: Route): Promise<void> {
    const request = route.request();
    const { hostname, pathname } = new URL(request.url());
    const { cookie, origin, 'x-aws-waf-token': token } = await request.allHeaders();
    const headers = { cookie, origin, 'x-aws-waf-token': token, 'x-forwarded-host': hostname };
    const response = await fetch(`${this.server.url}${pathname}`, {
      method: request.method(),
      headers: Object.entries(headers).flatMap(([name, value]) => (value ? [[name, value]] : [])) as [
        string,
        string,
      ][],
      body: request.postData() ?? undefined,
    });
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  }
}
