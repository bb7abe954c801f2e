import { type App, CfnOutput, Stack, Stage } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

const DOMAINS = {
  Dev: ['dev.example.com'],
  Prod: ['example.com', 'example.org'],
};

/** One key for each stage, deployed and deleted with it. */
export function stages(app: App): Stage[] {
  return Object.entries(DOMAINS).map(([name, domains]) => new ShopStage(app, name, domains));
}

class ShopStage extends Stage {
  constructor(scope: Construct, id: string, tokenDomains: string[]) {
    super(scope, id);
    const stack = new Stack(this, 'Captcha');
    const key = new WafCaptchaApiKey(stack, 'CaptchaKey', { scope: WafScope.REGIONAL, tokenDomains });
    new CfnOutput(stack, 'APIKey', { value: key.apiKey });
    new CfnOutput(stack, 'ScriptUrl', { value: key.scriptUrl });
  }
}
