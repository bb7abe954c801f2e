import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { WafCaptchaApiKey, WafCaptchaApiKeyProvider, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/** The stack of the examples before they rename or move its key. */
export class BeforeStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    addCaptchaKey(this);
  }
}

/** A provider under a role and with a log group of the app's own. */
export class OwnRoleStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    new WafCaptchaApiKeyProvider(this, 'WafCaptchaApiKeyProvider', {
      role: new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
      logGroup: new LogGroup(this, 'Log'),
      memorySize: 512,
    });
    addCaptchaKey(this);
  }
}

function addCaptchaKey(stack: Stack): void {
  const key = new WafCaptchaApiKey(stack, 'CaptchaKey', {
    scope: WafScope.REGIONAL,
    tokenDomains: ['example.com'],
  });
  new CfnOutput(stack, 'APIKey', { value: key.apiKey });
}
