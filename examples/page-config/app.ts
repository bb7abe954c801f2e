import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';

// a key for a page that is served in another way: its configuration is the stack's output
const app = new App();
const stack = new Stack(app, 'PageConfig');
const domains: string = app.node.tryGetContext('tokenDomains') ?? 'example.com';
const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
  scope: WafScope.CLOUDFRONT,
  tokenDomains: domains.split(','),
});
new CfnOutput(stack, 'ClientConfig', { value: stack.toJsonString(key.clientConfig) });
