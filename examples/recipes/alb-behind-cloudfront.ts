import { Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';

export interface AlbBehindCloudFrontStackProps extends StackProps {
  readonly alb: IApplicationLoadBalancer;
  /** The host names that visitors use for the distribution. */
  readonly domains: string[];
}

/** A load balancer with its own web ACL, behind a CloudFront distribution. */
export class AlbBehindCloudFrontStack extends Stack {
  constructor(scope: Construct, id: string, { alb, domains, ...props }: AlbBehindCloudFrontStackProps) {
    super(scope, id, props);
    new WafCaptchaApiKey(this, 'CaptchaKey', { scope: WafScope.REGIONAL, tokenDomains: domains });

    const webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'REGIONAL',
      // requests arrive for the load balancer's own host: without this list, the web ACL refuses every token
      tokenDomains: domains,
      defaultAction: { allow: {} },
      visibilityConfig: visibility('Alb'),
      rules: [
        {
          name: 'CaptchaForApi',
          priority: 0,
          action: { captcha: {} },
          statement: {
            byteMatchStatement: {
              fieldToMatch: { uriPath: {} },
              positionalConstraint: 'STARTS_WITH',
              searchString: '/api/',
              textTransformations: [{ priority: 0, type: 'NONE' }],
            },
          },
          visibilityConfig: visibility('AlbCaptcha'),
        },
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      webAclArn: webAcl.attrArn,
      resourceArn: alb.loadBalancerArn,
    });

    // CloudFront removes cookies from requests unless a policy forwards them
    const forwardToken = new cloudfront.OriginRequestPolicy(this, 'ForwardToken', {
      cookieBehavior: cloudfront.OriginRequestCookieBehavior.allowList('aws-waf-token'),
      headerBehavior: cloudfront.OriginRequestHeaderBehavior.allowList('x-aws-waf-token'),
    });
    new cloudfront.Distribution(this, 'Distribution', {
      defaultBehavior: {
        origin: VpcOrigin.withApplicationLoadBalancer(alb),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        originRequestPolicy: forwardToken,
      },
    });
  }
}

function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}
