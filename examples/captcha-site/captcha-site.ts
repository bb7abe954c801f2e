import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { FunctionUrlOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as s3deploy from 'aws-cdk-lib/aws-s3-deployment';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { WafCaptchaApiKey, WafScope } from 'cdk-waf-captcha-api-key';
import type { Construct } from 'constructs';
import { acknowledgeFindings } from './acknowledgments';
import { bundledApi, pageSource } from './bundles';
import { CONFIG_FILE, contentSecurityPolicy } from './page-contract';

export interface CaptchaSiteProps extends StackProps {
  /**
   * One to five host names of the site. You create the DNS records that point them to the distribution.
   *
   * @default - the site is on CloudFront's own domain name
   */
  readonly domains?: string[];

  /** The certificate for `domains`, in us-east-1. Required with them. */
  readonly certificateArn?: string;

  /**
   * The URL of an API on another host, behind its own web ACL (`examples/recipes/api-elsewhere.ts`).
   *
   * @default - the site has the API, the web ACL and the rule itself, under `/api/`
   */
  readonly apiUrl?: string;
}

/** A page on S3 and CloudFront whose `/api/*` requires a solved CAPTCHA. */
export class CaptchaSite extends Stack {
  constructor(scope: Construct, id: string, props: CaptchaSiteProps) {
    super(scope, id, props);
    const { domains, certificateArn, apiUrl } = props;
    if ((domains === undefined) !== (certificateArn === undefined)) {
      throw new Error('expected both domains and certificateArn, or neither');
    }

    const bucket = new s3.Bucket(this, 'Bucket', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // the deployment below deletes its files first
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const distribution = this.distribution(bucket, props);

    // one list for the key and the web ACL; without it, the web ACL accepts tokens for the distribution's own host name
    const key = new WafCaptchaApiKey(this, 'CaptchaKey', {
      scope: WafScope.CLOUDFRONT,
      tokenDomains: domains ?? [distribution.distributionDomainName],
    });

    new s3deploy.BucketDeployment(this, 'Page', {
      destinationBucket: bucket,
      // the page is the same in every stage; the deployment writes what differs next to it
      sources: [pageSource(), s3deploy.Source.jsonData(CONFIG_FILE, { ...key.clientConfig, apiUrl })],
      cacheControl: [s3deploy.CacheControl.noCache()],
      distribution,
      retainOnDelete: false,
      logGroup: this.logGroup('PageLogs'),
    });
    new CfnOutput(this, 'Url', { value: `https://${domains?.[0] ?? distribution.distributionDomainName}` });
    acknowledgeFindings(this, domains === undefined);
  }

  private webAcl(tokenDomains: string[] | undefined): CfnWebACL {
    const visibility = (metricName: string) => ({
      metricName,
      cloudWatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
    });
    return new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      tokenDomains,
      defaultAction: { allow: {} },
      visibilityConfig: visibility('CaptchaSite'),
      rules: [
        {
          name: 'CaptchaForApi',
          priority: 0,
          action: { captcha: {} },
          // how long a solved puzzle counts
          captchaConfig: { immunityTimeProperty: { immunityTime: Duration.minutes(5).toSeconds() } },
          // also the path as requested: `/api/..%2fx` is not under /api/ once decoded, but CloudFront sends it there
          statement: {
            orStatement: {
              statements: [startsWithApi(['NONE']), startsWithApi(['URL_DECODE', 'NORMALIZE_PATH'])],
            },
          },
          visibilityConfig: visibility('CaptchaForApi'),
        },
      ],
    });
  }

  private distribution(bucket: s3.IBucket, props: CaptchaSiteProps): cloudfront.Distribution {
    const { domains, certificateArn, apiUrl } = props;
    return new cloudfront.Distribution(this, 'Distribution', {
      ...(certificateArn && {
        domainNames: domains,
        certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
      defaultRootObject: 'index.html',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket),
        // a CAPTCHA needs a secure context
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        responseHeadersPolicy: this.securityHeaders(apiUrl),
      },
      ...(apiUrl === undefined && {
        webAclId: this.webAcl(domains).attrArn,
        additionalBehaviors: {
          '/api/*': {
            origin: FunctionUrlOrigin.withOriginAccessControl(this.api()),
            viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
            // without the page's content security policy, which would block AWS WAF's own page
            responseHeadersPolicy: cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
          },
        },
      }),
    });
  }

  private securityHeaders(apiUrl?: string): cloudfront.ResponseHeadersPolicy {
    return new cloudfront.ResponseHeadersPolicy(this, 'SecurityHeaders', {
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          contentSecurityPolicy: contentSecurityPolicy(apiUrl),
          override: true,
        },
        contentTypeOptions: { override: true },
        referrerPolicy: {
          referrerPolicy: cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN,
          override: true,
        },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
      },
    });
  }

  private api(): lambda.FunctionUrl {
    const handler = new lambda.Function(this, 'Api', {
      runtime: lambda.determineLatestNodeRuntime(this),
      handler: 'index.handler',
      code: lambda.Code.fromInline(bundledApi()),
      logGroup: this.logGroup('ApiLogs'),
    });
    return handler.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
  }

  private logGroup(id: string): logs.LogGroup {
    return new logs.LogGroup(this, id, {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

function startsWithApi(transformations: readonly string[]): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: '/api/',
      textTransformations: transformations.map((type, priority) => ({ priority, type })),
    },
  };
}
