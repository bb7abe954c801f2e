import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';

/** Creates a key for CloudFront's web ACLs from a stack outside us-east-1. */
export function cloudFrontKey(app: App): Stack {
  const stack = new Stack(app, 'CloudFrontKey', { env: { region: 'eu-central-1' } });
  const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
    scope: WafScope.CLOUDFRONT,
    tokenDomains: ['example.com'],
  });
  new CfnOutput(stack, 'APIKey', { value: key.apiKey });
  new CfnOutput(stack, 'ScriptUrl', { value: key.scriptUrl });
  return stack;
}
