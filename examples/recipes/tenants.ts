import { Stack, type StackProps } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as s3deploy from 'aws-cdk-lib/aws-s3-deployment';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface TenantsStackProps extends StackProps {
  /** The domain of each tenant. */
  readonly domains: string[];
}

/** A key for each tenant's domain, and a file from which a page takes the configuration for its host. */
export class TenantsStack extends Stack {
  constructor(scope: Construct, id: string, { domains, ...props }: TenantsStackProps) {
    super(scope, id, props);
    // named after the domain: when a tenant is added or removed, the other keys stay
    const configs = domains.map(domain => {
      const key = new WafCaptchaApiKey(this, `CaptchaKey-${domain}`, {
        scope: WafScope.CLOUDFRONT,
        tokenDomains: [domain],
      });
      return [domain, key.clientConfig];
    });
    new s3deploy.BucketDeployment(this, 'CaptchaConfigs', {
      destinationBucket: new s3.Bucket(this, 'Pages', { enforceSSL: true }),
      prune: false,
      sources: [s3deploy.Source.jsonData('captcha-configs.json', Object.fromEntries(configs))],
    });
  }
}
