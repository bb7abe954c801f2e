import type { BrowserContextOptions } from 'playwright-core';
import { handler } from '../../examples/captcha-site/api';
import { bundledPage } from '../../examples/captcha-site/bundles';
import { CaptchaSite } from '../../examples/captcha-site/captcha-site';
import { distributionOf, type Origin } from '../../examples/captcha-site/local/distribution';
import type { Answers } from '../../examples/captcha-site/local/http';
import { files, functionUrl } from '../../examples/captcha-site/local/servers';
import { allOf, type Template, templateOf } from '../../examples/captcha-site/local/template';
import { CONFIG_FILE } from '../../examples/captcha-site/page-contract';
import type { WafCaptchaClientConfig } from '../../lib';
import { newApp } from '../lib/synthesize';
import { type Hosts, type Visit, Visitor } from './visitor';

export interface SiteProps {
  /** Of the key, and of the web ACL where `webAclDomains` does not say otherwise. */
  readonly tokenDomains: string[];
  readonly apiUrl?: string;
}

/** Changes of one visit to the site as it is deployed. */
export interface VisitOptions extends BrowserContextOptions {
  /** @default 'https' */
  readonly scheme?: 'http' | 'https';
  /** Files in place of those that the deployment writes, or further ones. */
  readonly written?: Readonly<Record<string, string>>;
  /** `tokenDomains` of the web ACL; none where this is null. */
  readonly webAclDomains?: readonly string[] | null;
  /** Changes each response of the site. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further hosts, or others in place of the site's. */
  readonly hosts?: Hosts;
}

const certificateArn = 'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000';

/** `examples/captcha-site` as its template has it, at every host, for one visitor. */
export class ExampleSite {
  private served: Answers | undefined;
  private written: Readonly<Record<string, string>> = {};

  private constructor(
    readonly visitor: Visitor,
    /** Where the page's files are. */
    readonly page: string,
    readonly config: WafCaptchaClientConfig & { readonly apiUrl?: string },
    private readonly template: Template,
    private readonly portOf: (origin: Origin) => number,
  ) {}

  static async open({ tokenDomains, apiUrl }: SiteProps): Promise<ExampleSite> {
    const visitor = await Visitor.open();
    const env = { account: '111111111111', region: 'us-east-1' };
    const stack = new CaptchaSite(newApp(), 'Site', { env, domains: tokenDomains, certificateArn, apiUrl });
    const page = bundledPage(await visitor.folder());
    const filesPort = await visitor.serve(request => files(page, () => site.written)(request));
    const functionPort = await visitor.serve(functionUrl(handler));
    const portOf = (origin: Origin) => ('S3OriginConfig' in origin ? filesPort : functionPort);
    const config = { ...visitor.key(tokenDomains), apiUrl };
    const site: ExampleSite = new ExampleSite(visitor, page, config, templateOf(stack), portOf);
    return site;
  }

  close(): Promise<void> {
    return this.visitor.close();
  }

  /** Opens the page at a host as somebody who was never there before. */
  async visit(host: string, options: VisitOptions = {}): Promise<Visit> {
    const { scheme = 'https', written, webAclDomains, headers, hosts, ...contextOptions } = options;
    this.written = { [CONFIG_FILE]: JSON.stringify(this.config), ...written };
    const { captcha } = this.visitor;
    const template = withWebAclDomains(this.template, webAclDomains);
    const distribution = distributionOf(template, { captcha, portOf: this.portOf });
    this.served = async request => {
      // the example sends everybody to HTTPS; the page is to be seen without it too
      const response = await distribution({ ...request, scheme: 'https' });
      return { ...response, headers: { ...response.headers, ...headers } };
    };
    return this.visitor.visit(`${scheme}://${host}/`, { [host]: this.served, ...hosts }, contextOptions);
  }

  /** The content security policy with one directive changed. */
  policyWith(directive: string, sources: string): string {
    const [policy] = allOf<{ ResponseHeadersPolicyConfig: Policy }>(
      this.template,
      'AWS::CloudFront::ResponseHeadersPolicy',
    );
    const text =
      policy?.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy;
    return (text ?? '')
      .split('; ')
      .map(part => (part.startsWith(directive) ? `${part.split(' ')[0]} ${sources}` : part))
      .join('; ');
  }
}

interface Policy {
  readonly SecurityHeadersConfig: {
    readonly ContentSecurityPolicy: { readonly ContentSecurityPolicy: string };
  };
}

function withWebAclDomains(template: Template, domains: readonly string[] | null | undefined): Template {
  if (domains === undefined) return template;
  const Resources = Object.entries(template.Resources).map(([id, { Type, Properties }]) => [
    id,
    Type === 'AWS::WAFv2::WebACL'
      ? { Type, Properties: { ...(Properties as object), TokenDomains: domains ?? undefined } }
      : { Type, Properties },
  ]);
  return { Resources: Object.fromEntries(Resources) };
}
