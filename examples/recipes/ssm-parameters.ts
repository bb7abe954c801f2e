import { Stack, type StackProps } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/** Keeps the key in SSM parameters, which may change while others read them. */
export class SsmParametersStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
    });

    // plain text, not a SecureString: the key is public by design
    new ssm.StringParameter(this, 'APIKeyParameter', {
      parameterName: '/shop/captcha/api-key',
      stringValue: key.apiKey,
    });
    new ssm.StringParameter(this, 'IntegrationUrlParameter', {
      parameterName: '/shop/captcha/integration-url',
      stringValue: key.applicationIntegrationUrl,
    });
  }
}
