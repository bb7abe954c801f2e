import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

// groups by purpose, not slices of one list: there, a new domain would shift the others and replace their keys
const DOMAINS = {
  Shop: ['example.com', 'example.org', 'example.net'],
  Blog: ['blog.example', 'news.example'],
  Partners: ['partner-one.example', 'partner-two.example', 'partner-three.example'],
};

/** Covers more than five domains with several keys; each page takes the key of its group. */
export class ManyDomainsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    for (const [group, tokenDomains] of Object.entries(DOMAINS)) {
      const key = new WafCaptchaApiKey(this, `${group}Key`, { scope: WafScope.REGIONAL, tokenDomains });
      new CfnOutput(this, `${group}APIKey`, { value: key.apiKey });
    }
  }
}
