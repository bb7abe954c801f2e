import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';

export interface ApiElsewhereStackProps extends StackProps {
  /** The domains of the pages: those of the key. */
  readonly tokenDomains: string[];
  /** The origins of the pages, such as `https://www.example.com`. */
  readonly pageOrigins: string[];
  /** The host name of the API's origin, such as an API Gateway's. */
  readonly apiHost: string;
}

/** An API behind CloudFront, for pages on another host. In us-east-1, where CloudFront's web ACLs are. */
export class ApiElsewhereStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { tokenDomains, pageOrigins, apiHost, ...props }: ApiElsewhereStackProps,
  ) {
    super(scope, id, props);

    const webAcl = new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      // calls go to the API's host: only this list makes the web ACL accept the pages' tokens
      tokenDomains,
      defaultAction: { allow: {} },
      visibilityConfig: visibility('Api'),
      rules: [
        {
          name: 'Captcha',
          priority: 0,
          action: { captcha: {} },
          statement: { notStatement: { statement: methodIs('OPTIONS') } },
          visibilityConfig: visibility('ApiCaptcha'),
        },
      ],
    });

    // CloudFront adds these to AWS WAF's responses too, which have no CORS headers otherwise
    const cors = new cloudfront.ResponseHeadersPolicy(this, 'Cors', {
      corsBehavior: {
        accessControlAllowOrigins: pageOrigins,
        accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'],
        accessControlAllowHeaders: ['content-type', 'x-aws-waf-token'],
        accessControlExposeHeaders: ['x-amzn-waf-action'],
        accessControlAllowCredentials: false,
        accessControlMaxAge: Duration.hours(1),
        originOverride: true,
      },
    });

    new cloudfront.Distribution(this, 'Api', {
      webAclId: webAcl.attrArn,
      defaultBehavior: {
        origin: new HttpOrigin(apiHost),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        // OPTIONS reaches the origin, which must respond with a status of 200 to 299
        allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        responseHeadersPolicy: cors,
      },
    });
  }
}

function methodIs(method: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { method: {} },
      positionalConstraint: 'EXACTLY',
      searchString: method,
      textTransformations: [{ priority: 0, type: 'NONE' }],
    },
  };
}

function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}
