import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';

const app = new App();
const stack = new Stack(app, 'CaptchaKeyStack');

const domains: string = app.node.tryGetContext('tokenDomains') ?? 'example.com,shop.example.com';
const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
  scope: WafScope.REGIONAL,
  tokenDomains: domains.split(','),
});
new CfnOutput(stack, 'APIKey', { value: key.apiKey });
new CfnOutput(stack, 'ScriptUrl', { value: key.scriptUrl });
