import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/** Keeps the key when it is replaced, when it is removed from the stack and when the stack is deleted. */
export class RetainedKeyStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
