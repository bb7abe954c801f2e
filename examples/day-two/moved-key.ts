import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface FormerStackProps extends StackProps {
  /** @default - the key is still here */
  readonly keyHasMoved?: boolean;
}

/** Where the key was before: it is retained, so that it outlives its removal from here. */
export class FormerStack extends Stack {
  constructor(scope: Construct, id: string, { keyHasMoved, ...props }: FormerStackProps = {}) {
    super(scope, id, props);
    new ssm.StringParameter(this, 'Shop', { parameterName: `/${id}/shop`, stringValue: 'open' });
    if (keyHasMoved) return;
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}

export interface NewStackProps extends StackProps {
  /** The key of the former stack. Leave it out once that has let go of it: then this stack owns it. */
  readonly existingApiKey?: string;
}

/** Where the key is from now on. */
export class NewStack extends Stack {
  constructor(scope: Construct, id: string, { existingApiKey, ...props }: NewStackProps = {}) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.REGIONAL,
      tokenDomains: ['example.com'],
      existingApiKey,
    });
    new CfnOutput(this, 'APIKey', { value: key.apiKey });
  }
}
