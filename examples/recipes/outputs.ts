import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/** Publishes the key to people and pipelines as outputs, and to other stacks as exports. */
export class OutputsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
    });

    new CfnOutput(this, 'APIKey', { value: key.apiKey, exportName: 'shop-captcha-api-key' });
    new CfnOutput(this, 'ScriptUrl', { value: key.scriptUrl, exportName: 'shop-captcha-script-url' });
  }
}
