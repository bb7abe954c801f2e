import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

const DOMAINS = [
  'example.com',
  'example.org',
  'example.net',
  'blog.example',
  'news.example',
  'partner.example',
];

/** Covers any number of domains with one key each, so that a new domain replaces no key. */
export class ManyDomainsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const keys: Record<string, string> = {};
    for (const domain of DOMAINS) {
      const key = new WafCaptchaApiKey(this, `Key-${domain}`, {
        scope: WafScope.REGIONAL,
        tokenDomains: [domain],
      });
      keys[domain] = key.apiKey;
    }
    // each page looks up the key for its host
    new CfnOutput(this, 'APIKeys', { value: this.toJsonString(keys) });
  }
}
