import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface FormerStackProps extends StackProps {
  /** @default - the key is still here */
  readonly keyHasMoved?: boolean;
}

/** The stack that the key moves from. It retains the key, which therefore survives its removal from here. */
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
  /** The old stack's key. Leave it out once that stack has released it: then this stack owns it. */
  readonly existingApiKey?: string;
}

/** The stack that the key moves to. */
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
