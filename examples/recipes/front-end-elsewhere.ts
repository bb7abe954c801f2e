import { Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as s3deploy from 'aws-cdk-lib/aws-s3-deployment';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

/**
 * A front end's stack in another repository. At each of its own deployments, it reads the parameters that
 * `ssm-parameters.ts` writes and publishes them next to the pages, in the file that the page module reads.
 */
export class FrontEndStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const key = WafCaptchaApiKey.fromApiKeyAttributes(this, 'CaptchaKey', {
      apiKey: ssm.StringParameter.valueForStringParameter(this, '/shop/captcha/api-key'),
      applicationIntegrationUrl: ssm.StringParameter.valueForStringParameter(
        this,
        '/shop/captcha/integration-url',
      ),
      // the key's domains: pages on their sub-domains need them
      tokenDomains: ['example.com'],
    });

    const pages = new s3.Bucket(this, 'Pages', { enforceSSL: true });
    new s3deploy.BucketDeployment(this, 'CaptchaConfig', {
      destinationBucket: pages,
      prune: false,
      sources: [s3deploy.Source.jsonData('captcha-config.json', key.clientConfig)],
    });
  }
}
