import { Stack, type StackProps } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface ServerRenderedStackProps extends StackProps {
  /** The bundle of the function that renders the pages. */
  readonly code: lambda.Code;
}

/** Puts the pages' configuration into the environment of the server that renders them. */
export class ServerRenderedStack extends Stack {
  constructor(scope: Construct, id: string, { code, ...props }: ServerRenderedStackProps) {
    super(scope, id, props);
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.CLOUDFRONT,
      tokenDomains: ['example.com'],
    });
    new lambda.Function(this, 'Pages', {
      runtime: lambda.determineLatestNodeRuntime(this),
      handler: 'index.handler',
      code,
      environment: { CAPTCHA_CONFIG: this.toJsonString(key.clientConfig) },
    });
  }
}

/** For the server: the configuration as an element of the page, safe for any characters in it. */
export function configElement(config = process.env.CAPTCHA_CONFIG ?? ''): string {
  return `<script type="application/json" id="captcha-config">${config.replaceAll('<', '\\u003c')}</script>`;
}
