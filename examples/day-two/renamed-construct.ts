import { CfnOutput, CfnResource, Stack, type StackProps } from 'aws-cdk-lib';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import { Construct } from 'constructs';

/**
 * The key that was `new WafCaptchaApiKey(this, 'CaptchaKey', …)` before, now under another name and in another
 * construct. It keeps its logical id, so it is the same resource to CloudFormation.
 */
export class RenamedConstructStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(new Construct(this, 'Shop'), 'PageKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
    });
    const resource = key.node.defaultChild;
    if (CfnResource.isCfnResource(resource)) resource.overrideLogicalId('CaptchaKeyDB65507E');
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
