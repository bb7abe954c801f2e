import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import { ApiElsewhereStack } from './api-elsewhere';

const LAPTOP = 'local.dev.example.com';

/** A key for pages on a developer's machine, and the development stage's API that accepts their tokens. */
export function laptop(app: App): Stack[] {
  const env = { region: 'us-east-1' };
  const stack = new Stack(app, 'LaptopKey', { env });
  const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
    scope: WafScope.CLOUDFRONT,
    tokenDomains: [LAPTOP],
  });
  new CfnOutput(stack, 'ClientConfig', { value: stack.toJsonString(key.clientConfig) });

  const api = new ApiElsewhereStack(app, 'DevApi', {
    env,
    // the web ACL accepts tokens for sub-domains too
    tokenDomains: ['dev.example.com'],
    pageOrigins: ['https://dev.example.com', `https://${LAPTOP}:5173`],
    apiHost: 'dev-origin.example.com',
  });
  return [stack, api];
}
