import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface RenamedResourceStackProps extends StackProps {
  /** The old resource's key. Leave it out in the next deployment: then the stack owns it again. */
  readonly existingApiKey?: string;
}

/** The key that was `CaptchaKey` before, now as `PageKey` with a new logical id. */
export class RenamedResourceStack extends Stack {
  constructor(scope: Construct, id: string, { existingApiKey, ...props }: RenamedResourceStackProps = {}) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'PageKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
      existingApiKey,
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
