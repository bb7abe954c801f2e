import { type App, Validations } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { CaptchaSite, type CaptchaSiteProps } from '../../../examples/captcha-site/captcha-site';
import { WafCaptchaApiKey } from '../../../lib';
import { newApp } from '../../lib/synthesize';

const env = { account: '111111111111', region: 'us-east-1' };
const domains = ['example.com', 'www.example.com'];
const certificateArn = 'arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-0000-0000-000000000000';

function site(props: CaptchaSiteProps = {}): { app: App; stack: CaptchaSite } {
  const app = newApp();
  return { app, stack: new CaptchaSite(app, 'CaptchaSite', { env, ...props }) };
}

/** The one resource of a type. */
function theOnly(template: Template, type: string): Record<string, unknown> {
  const [found, ...more] = Object.values(template.findResources(type));
  expect(more).toEqual([]);
  return found?.Properties;
}

describe('on its own domains', () => {
  const { stack } = site({ domains, certificateArn });
  const template = Template.fromStack(stack);

  test('key and web ACL have the same list, for CloudFront', () => {
    expect(theOnly(template, 'Custom::WafCaptchaApiKey')).toMatchObject({
      Scope: 'CLOUDFRONT',
      TokenDomains: domains,
    });
    expect(theOnly(template, 'AWS::WAFv2::WebACL')).toMatchObject({
      Scope: 'CLOUDFRONT',
      TokenDomains: domains,
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('the distribution has the domains, the certificate and the web ACL, and speaks HTTPS only', () => {
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        Aliases: domains,
        WebACLId: { 'Fn::GetAtt': ['WebAcl', 'Arn'] },
        ViewerCertificate: { AcmCertificateArn: certificateArn, MinimumProtocolVersion: 'TLSv1.2_2021' },
        DefaultCacheBehavior: { ViewerProtocolPolicy: 'redirect-to-https' },
        CacheBehaviors: [
          {
            PathPattern: '/api/*',
            ViewerProtocolPolicy: 'https-only',
            // the managed policy CachingDisabled
            CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          },
        ],
      },
    });
  });

  test('bucket and function respond only to the distribution', () => {
    const controls = Object.values(template.findResources('AWS::CloudFront::OriginAccessControl'));
    const origins = controls.map(
      ({ Properties }) => Properties.OriginAccessControlConfig.OriginAccessControlOriginType,
    );
    expect(origins.sort()).toEqual(['lambda', 's3']);
    expect(theOnly(template, 'AWS::Lambda::Url')).toMatchObject({ AuthType: 'AWS_IAM' });
    expect(theOnly(template, 'AWS::S3::Bucket')).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
  });

  test('the page has a content security policy with the sources that AWS names', () => {
    const csp = JSON.stringify(theOnly(template, 'AWS::CloudFront::ResponseHeadersPolicy'));
    for (const directive of Object.keys(WafCaptchaApiKey.CSP_SOURCES)) {
      expect(csp).toContain(`${directive} 'self' https://*.awswaf.com;`);
    }
    expect(csp).not.toContain('unsafe');
  });

  test('the API has none, because it would block AWS WAF’s own page', () => {
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        DefaultCacheBehavior: { ResponseHeadersPolicyId: { Ref: Match.anyValue() } },
        // the managed policy SecurityHeadersPolicy
        CacheBehaviors: [{ ResponseHeadersPolicyId: '67f7725c-6f97-4210-82d7-5512b31e9d03' }],
      },
    });
  });

  test('the page’s configuration is written at deployment, from the key’s attributes', () => {
    const [key] = Object.keys(template.findResources('Custom::WafCaptchaApiKey'));
    expect(theOnly(template, 'Custom::CDKBucketDeployment')).toMatchObject({
      SourceMarkers: [
        {},
        {
          '<<marker:0xbaba:0>>': { 'Fn::GetAtt': [key, 'APIKey'] },
          '<<marker:0xbaba:1>>': { 'Fn::GetAtt': [key, 'ScriptURL'] },
        },
      ],
      SystemMetadata: { 'cache-control': 'no-cache' },
    });
  });
});

describe('on CloudFront’s own domain name', () => {
  test('the key is for that name, and the web ACL accepts it', () => {
    const { stack } = site();
    const template = Template.fromStack(stack);

    const [distribution] = Object.keys(template.findResources('AWS::CloudFront::Distribution'));
    expect(theOnly(template, 'Custom::WafCaptchaApiKey')).toMatchObject({
      TokenDomains: [{ 'Fn::GetAtt': [distribution, 'DomainName'] }],
    });
    expect(theOnly(template, 'AWS::WAFv2::WebACL')).not.toHaveProperty('TokenDomains');
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  // findings fail a synthesis, those that only warn too
  test('cdk-nag finds nothing that is not explained', () => {
    expect(() => synthesizeWithNag(site().app)).not.toThrow();
  });

  test('cdk-nag would find a bucket that takes requests without TLS', () => {
    const { app, stack } = site();
    new Bucket(stack, 'Unexplained');

    expect(() => synthesizeWithNag(app)).toThrow('AwsSolutions-S10');
  });
});

describe('with an API elsewhere', () => {
  const template = Template.fromStack(
    site({ domains, certificateArn, apiUrl: 'https://api.example.com/v1' }).stack,
  );

  test('the site has no API, and the page may call the other', () => {
    template.resourceCountIs('AWS::WAFv2::WebACL', 0);
    template.resourceCountIs('AWS::Lambda::Url', 0);
    const csp = JSON.stringify(theOnly(template, 'AWS::CloudFront::ResponseHeadersPolicy'));
    expect(csp).toContain("connect-src 'self' https://api.example.com https://*.awswaf.com;");
    expect(csp).toContain("script-src 'self' https://*.awswaf.com;");
  });
});

test.each([{ domains }, { certificateArn }])('domains and certificate go together: %j', props => {
  expect(() => site(props)).toThrow('expected both domains and certificateArn, or neither');
});

function synthesizeWithNag(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}
