import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface RotatingKeyStackProps extends StackProps {
  /** One label for each key that must work, the newest last. */
  readonly labels: readonly [string, ...string[]];
}

/**
 * Keeps the former key beside the new one until the pages have changed over. Deploy with labels `['spring']`, then with
 * `['spring', 'autumn']`, publish the pages with the key of the output, and deploy with `['autumn']`.
 */
export class RotatingKeyStack extends Stack {
  constructor(scope: Construct, id: string, { labels, ...props }: RotatingKeyStackProps) {
    super(scope, id, props);
    for (const label of labels) {
      const key = new WafCaptchaApiKey(this, `CaptchaKey-${label}`, {
        scope: WafScope.REGIONAL,
        tokenDomains: ['example.com'],
      });
      if (label === labels.at(-1)) new CfnOutput(this, 'APIKey', { value: key.apiKey });
    }
  }
}
