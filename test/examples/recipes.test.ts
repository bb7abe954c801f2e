import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Match, Template, Annotations as Warnings } from 'aws-cdk-lib/assertions';
import { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { CONFIG_FILE } from '../../examples/captcha-site/page-contract';
import { AlbBehindCloudFrontStack } from '../../examples/recipes/alb-behind-cloudfront';
import { ApiElsewhereStack } from '../../examples/recipes/api-elsewhere';
import { cloudFrontKey } from '../../examples/recipes/cloudfront-key';
import { envLine } from '../../examples/recipes/env-from-outputs';
import { ExistingKeyStack } from '../../examples/recipes/existing-key';
import { FrontEndStack } from '../../examples/recipes/front-end-elsewhere';
import { laptop } from '../../examples/recipes/laptop';
import { ManyDomainsStack } from '../../examples/recipes/many-domains';
import { OutputsStack } from '../../examples/recipes/outputs';
import { RetainedKeyStack } from '../../examples/recipes/retained-key';
import { configElement, ServerRenderedStack } from '../../examples/recipes/server-rendered';
import { severalRegions } from '../../examples/recipes/several-regions';
import { SsmParametersStack } from '../../examples/recipes/ssm-parameters';
import { stages } from '../../examples/recipes/stages';
import { TenantsStack } from '../../examples/recipes/tenants';
import { newApp, newStack } from '../lib/synthesize';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';

test('outputs: the key and its script are outputs with export names', () => {
  const template = templateOf(app => new OutputsStack(app, 'Stack'));

  expect(template.findOutputs('*')).toEqual({
    APIKey: { Value: ofTheKey(template, 'APIKey'), Export: { Name: 'shop-captcha-api-key' } },
    ScriptUrl: { Value: ofTheKey(template, 'ScriptURL'), Export: { Name: 'shop-captcha-script-url' } },
  });
});

test('SSM parameters: the key and its URL are plain strings under fixed names', () => {
  const template = templateOf(app => new SsmParametersStack(app, 'Stack'));

  for (const [Name, attribute] of [
    ['/shop/captcha/api-key', 'APIKey'],
    ['/shop/captcha/integration-url', 'ApplicationIntegrationURL'],
  ] as const) {
    template.hasResourceProperties('AWS::SSM::Parameter', {
      Name,
      Type: 'String',
      Value: ofTheKey(template, attribute),
    });
  }
});

test('front end elsewhere: publishes the file and the fields that the page module reads', () => {
  expect(publishedFile('captcha-config.json', app => new FrontEndStack(app, 'Stack'))).toEqual({
    apiKey: expect.stringMatching(/marker/),
    scriptUrl: expect.stringMatching(/marker.*\/jsapi\.js$/),
    tokenDomains: ['example.com'],
  });
  expect(CONFIG_FILE).toBe('captcha-config.json');
});

test('front end elsewhere: owns no key, and publishes what the SSM recipe writes', () => {
  const written = templateOf(app => new SsmParametersStack(app, 'Stack')).findResources(
    'AWS::SSM::Parameter',
  );
  const template = templateOf(app => new FrontEndStack(app, 'Stack'));

  template.resourceCountIs(KEY_TYPE, 0);
  const deployment = Object.values(template.findResources('Custom::CDKBucketDeployment'))[0]?.Properties;
  const published = Object.values<{ Ref: string }>(deployment.SourceMarkers[0]).map(({ Ref }) => Ref);
  const read = published.map(id => template.findParameters(id)[id]?.Default);
  expect(read).toEqual(Object.values(written).map(({ Properties }) => Properties.Name));
});

test('CLOUDFRONT key: is in a stack outside us-east-1, whose function may call us-east-1', () => {
  const template = templateOf(cloudFrontKey);

  template.hasResourceProperties(KEY_TYPE, { Scope: 'CLOUDFRONT' });
  template.hasResourceProperties('AWS::IAM::Role', {
    Policies: [
      Match.objectLike({
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Condition: { StringEquals: { 'aws:RequestedRegion': ['eu-central-1', 'us-east-1'] } },
            }),
          ]),
        },
      }),
    ],
  });
});

test('stages: each has its own key for its own domains', () => {
  const app = newApp();
  stages(app);

  const domains = app
    .synth()
    .nestedAssemblies.flatMap(({ nestedAssembly }) => nestedAssembly.stacks)
    .map(({ stackName, template }) => [stackName, domainsIn(Template.fromJSON(template))]);

  expect(domains).toEqual([
    ['Dev-Captcha', [['dev.example.com']]],
    ['Prod-Captcha', [['example.com', 'example.org']]],
  ]);
});

test('many domains: one key for each, behind one function, and an output that lists them by domain', () => {
  const template = templateOf(app => new ManyDomainsStack(app, 'Stack'));

  const domains = domainsIn(template);
  expect(domains.length).toBeGreaterThan(5);
  for (const each of domains) expect(each).toHaveLength(1);
  const output = JSON.stringify(template.findOutputs('APIKeys'));
  for (const [domain] of domains) expect(output).toContain(domain);
  template.resourceCountIs('AWS::Lambda::Function', 1);
});

test('existing key: is named in the first deployment, and nothing else changes in the second', () => {
  const [first, second] = ['existing-key', undefined].map(existingApiKey => {
    const template = templateOf(app => new ExistingKeyStack(app, 'Stack', { existingApiKey }));
    return Object.values(template.findResources(KEY_TYPE))[0]?.Properties;
  });

  expect(first).toEqual({ ...second, ExistingApiKey: 'existing-key' });
});

test('retained key: stays when it is replaced or removed', () => {
  templateOf(app => new RetainedKeyStack(app, 'Stack')).hasResource(KEY_TYPE, {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  });
});

describe('several Regions', () => {
  const [keyStack, ...apiStacks] = severalRegions(newApp());

  test('share one CLOUDFRONT key, which fits the web ACL of each', () => {
    const template = Template.fromStack(keyStack ?? newStack());
    template.hasResourceProperties(KEY_TYPE, { Scope: 'CLOUDFRONT', TokenDomains: ['example.com'] });
    Warnings.fromStack(keyStack ?? newStack()).hasNoWarning('*', Match.anyValue());
    expect(apiStacks.map(({ region }) => region)).toEqual(['eu-west-1', 'us-west-2']);
    for (const stack of apiStacks) {
      Template.fromStack(stack).hasResourceProperties('AWS::WAFv2::WebACL', {
        Scope: 'REGIONAL',
        TokenDomains: ['example.com'],
      });
    }
  });
});

test('API elsewhere: the CORS headers are for the pages, and name both of AWS WAF’s headers', () => {
  const template = templateOf(
    app =>
      new ApiElsewhereStack(app, 'Stack', {
        tokenDomains: ['example.com'],
        pageOrigins: ['https://www.example.com'],
        apiHost: 'origin.example.com',
      }),
  );

  template.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
    ResponseHeadersPolicyConfig: {
      CorsConfig: {
        AccessControlAllowOrigins: { Items: ['https://www.example.com'] },
        AccessControlAllowHeaders: { Items: Match.arrayWith(['x-aws-waf-token']) },
        AccessControlExposeHeaders: { Items: ['x-amzn-waf-action'] },
      },
    },
  });
});

test('ALB behind CloudFront: the web ACL is the load balancer’s, and its token is forwarded', () => {
  const template = templateOf(app => albBehindCloudFront(app));

  template.hasResourceProperties('AWS::WAFv2::WebACL', { Scope: 'REGIONAL', TokenDomains: ['example.com'] });
  template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
  template.hasResourceProperties('AWS::CloudFront::OriginRequestPolicy', {
    OriginRequestPolicyConfig: { CookiesConfig: { CookieBehavior: 'whitelist', Cookies: ['aws-waf-token'] } },
  });
});

describe('tenants', () => {
  const withTenants = (domains: string[]) => (app: App) => new TenantsStack(app, 'Stack', { domains });

  test('have one key each, and one file lists the configurations by domain', () => {
    const published = publishedFile('captcha-configs.json', withTenants(['one.example', 'two.example']));

    expect(Object.keys(published)).toEqual(['one.example', 'two.example']);
    expect(published['one.example']).toMatchObject({ tokenDomains: ['one.example'] });
  });

  test('do not affect each other’s keys when one is added', () => {
    const before = templateOf(withTenants(['two.example'])).findResources(KEY_TYPE);
    const after = templateOf(withTenants(['one.example', 'two.example'])).findResources(KEY_TYPE);

    expect(after).toMatchObject(before);
    expect(Object.keys(after)).toHaveLength(2);
  });
});

test('laptop: it has a separate key, and the API of the development stage accepts its tokens', () => {
  const [keyStack, apiStack] = laptop(newApp());

  expect(domainsIn(Template.fromStack(keyStack ?? newStack()))).toEqual([['local.dev.example.com']]);
  Template.fromStack(apiStack ?? newStack()).hasResourceProperties('AWS::WAFv2::WebACL', {
    TokenDomains: ['dev.example.com'],
  });
  Warnings.fromStack(keyStack ?? newStack()).hasNoWarning('*', Match.anyValue());
});

describe('the configuration for a build', () => {
  const config = '{"apiKey":"a+/=_0_1","scriptUrl":"https://x/jsapi.js"}';

  test('is one line of a .env file that dotenv can read', () => {
    const outputs = JSON.stringify({ PageConfig: { ClientConfig: config } });

    expect(envLine(outputs, 'PageConfig', 'VITE_CAPTCHA_CONFIG')).toBe(`VITE_CAPTCHA_CONFIG='${config}'`);
  });

  test('fails with its name if it is missing', () => {
    expect(() => envLine('{}', 'PageConfig', 'X')).toThrow(
      'expected an output ClientConfig of PageConfig, got undefined',
    );
  });
});

describe('server-rendered pages', () => {
  test('get the configuration from their function’s environment', () => {
    const code = Code.fromInline('exports.handler = async () => ({})');
    const template = templateOf(app => new ServerRenderedStack(app, 'Stack', { code }));

    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { CAPTCHA_CONFIG: { 'Fn::Join': ['', Match.arrayWith(['{"apiKey":"'])] } } },
    });
  });

  test('embed it so that nothing in it ends the element', () => {
    const element = configElement('{"apiKey":"</script>"}');

    expect(element.match(/<\/script>/g)).toHaveLength(1);
    expect(JSON.parse(/>(.*)<\/script>$/.exec(element)?.[1] ?? '')).toEqual({ apiKey: '</script>' });
  });
});

/** The recipe with a load balancer from elsewhere. */
function albBehindCloudFront(app: App): Stack {
  const alb = ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(new Stack(app, 'Alb'), 'Alb', {
    loadBalancerArn: 'arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/name/id',
    loadBalancerDnsName: 'internal-name.eu-west-1.elb.amazonaws.com',
    securityGroupId: 'sg-0',
  });
  return new AlbBehindCloudFrontStack(app, 'Stack', { alb, domains: ['example.com'] });
}

/** The content of a file that a recipe publishes, with markers for what the deployment fills in. */
function publishedFile(name: string, recipe: (app: App) => Stack): Record<string, unknown> {
  const app = newApp();
  recipe(app);
  const { directory } = app.synth();
  const [path] = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith(name),
  );
  return JSON.parse(readFileSync(join(directory, path ?? ''), 'utf8'));
}

function templateOf(recipe: (app: App) => Stack): Template {
  return Template.fromStack(recipe(newApp()));
}

/** `Fn::GetAtt` of the template's only key. */
function ofTheKey(template: Template, attribute: string): unknown {
  const [logicalId, ...more] = Object.keys(template.findResources(KEY_TYPE));
  expect(more).toEqual([]);
  return { 'Fn::GetAtt': [logicalId, attribute] };
}

function domainsIn(template: Template): string[][] {
  return Object.values(template.findResources(KEY_TYPE)).map(({ Properties }) => Properties.TokenDomains);
}
