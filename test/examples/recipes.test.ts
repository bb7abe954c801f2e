import type { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { cloudFrontKey } from '../../examples/recipes/cloudfront-key';
import { ExistingKeyStack } from '../../examples/recipes/existing-key';
import { FrontEndStack } from '../../examples/recipes/front-end-elsewhere';
import { ManyDomainsStack } from '../../examples/recipes/many-domains';
import { OutputsStack } from '../../examples/recipes/outputs';
import { RetainedKeyStack } from '../../examples/recipes/retained-key';
import { RotatingKeyStack } from '../../examples/recipes/rotation-without-gap';
import { SsmParametersStack } from '../../examples/recipes/ssm-parameters';
import { stages } from '../../examples/recipes/stages';
import { newApp } from '../lib/synthesize';

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

test('CLOUDFRONT key: stands in a stack outside us-east-1, whose function may call us-east-1', () => {
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

test('stages: each has a key of its own for its own domains', () => {
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

test('many domains: a key for each, behind one function, and an output that has them by domain', () => {
  const template = templateOf(app => new ManyDomainsStack(app, 'Stack'));

  const domains = domainsIn(template);
  expect(domains.length).toBeGreaterThan(5);
  for (const each of domains) expect(each).toHaveLength(1);
  const output = JSON.stringify(template.findOutputs('APIKeys'));
  for (const [domain] of domains) expect(output).toContain(domain);
  template.resourceCountIs('AWS::Lambda::Function', 1);
});

describe('rotation without a gap', () => {
  const [before, during, after] = ([['spring'], ['spring', 'autumn'], ['autumn']] as const).map(labels =>
    templateOf(app => new RotatingKeyStack(app, 'Stack', { labels })),
  );

  test('adds the new key, leaves the former untouched, and puts the new one in the output', () => {
    const former = before?.findResources(KEY_TYPE);
    expect(during?.findResources(KEY_TYPE)).toMatchObject(former ?? {});
    expect(Object.keys(during?.findResources(KEY_TYPE) ?? {})).toHaveLength(2);
    expect(during?.findOutputs('APIKey')).not.toEqual(before?.findOutputs('APIKey'));
  });

  test('then takes the former away and leaves the new one and the output untouched', () => {
    expect(Object.keys(after?.findResources(KEY_TYPE) ?? {})).toHaveLength(1);
    expect(during?.findResources(KEY_TYPE)).toMatchObject(after?.findResources(KEY_TYPE) ?? {});
    expect(after?.findOutputs('APIKey')).toEqual(during?.findOutputs('APIKey'));
  });
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
