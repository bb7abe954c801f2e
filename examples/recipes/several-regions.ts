import { type App, Stack } from 'aws-cdk-lib';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';

const tokenDomains = ['example.com'];

/** One key for the regional web ACLs of several Regions: a REGIONAL key works in its own Region only. */
export function severalRegions(app: App): Stack[] {
  const keyStack = new Stack(app, 'CaptchaKey', { env: { region: 'eu-west-1' } });
  new WafCaptchaApiKey(keyStack, 'CaptchaKey', { scope: WafScope.CLOUDFRONT, tokenDomains });

  const apiStacks = ['eu-west-1', 'us-west-2'].map(region => {
    const stack = new Stack(app, `Api-${region}`, { env: { region } });
    new CfnWebACL(stack, 'WebAcl', {
      scope: 'REGIONAL',
      tokenDomains,
      defaultAction: { allow: {} },
      visibilityConfig: { metricName: 'Api', cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true },
      rules: [], // the same rules in each, and an association with what is there
    });
    return stack;
  });
  return [keyStack, ...apiStacks];
}
