import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface ExistingKeyStackProps extends StackProps {
  /** The existing key. Leave it out in the second deployment: then the stack owns the key. */
  readonly existingApiKey?: string;
}

/** Adopts an existing key without its pages ever losing it. */
export class ExistingKeyStack extends Stack {
  constructor(scope: Construct, id: string, { existingApiKey, ...props }: ExistingKeyStackProps = {}) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com', 'shop.example.com'],
      existingApiKey,
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
