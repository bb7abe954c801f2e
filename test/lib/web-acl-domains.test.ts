import { Annotations, Aspects, CfnParameter, Lazy, Stack, Stage } from 'aws-cdk-lib';
import { Match, Annotations as Warnings } from 'aws-cdk-lib/assertions';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { WafScope } from '../../lib';
import { addKey, newApp, newStack } from './synthesize';

const ID = 'cdk-waf-captcha-api-key:webAclTokenDomains';

function addWebAcl(scope: Construct, tokenDomains?: string[], webAclScope = 'REGIONAL', id = 'WebAcl') {
  const visibility = { cloudWatchMetricsEnabled: true, metricName: id, sampledRequestsEnabled: true };
  return new CfnWebACL(scope, id, {
    scope: webAclScope,
    tokenDomains,
    defaultAction: { allow: {} },
    visibilityConfig: visibility,
  });
}

function warningsOf(stack: Stack): unknown[] {
  return Warnings.fromStack(stack)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => entry.data);
}

describe('a key and a web ACL that have no domain in common', () => {
  test('give a warning on the key that names both', () => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains: ['example.com', 'shop.test'] });
    addWebAcl(stack, ['example.org', 'example.net']);

    expect(Warnings.fromStack(stack).findWarning('/Stack/Key/Resource', Match.anyValue())).toHaveLength(1);
    expect(warningsOf(stack)).toEqual([
      'no web ACL of scope REGIONAL accepts tokens for example.com, shop.test: ' +
        'found Stack/WebAcl (example.org, example.net) ' +
        `[ack: ${ID}]`,
    ]);
  });

  test('are found whatever was added first, and after an aspect has set the domains', () => {
    const stack = newStack();
    const webAcl = addWebAcl(stack, ['example.com']);
    addKey(stack);
    Aspects.of(stack).add(
      {
        visit: node => {
          if (node === webAcl) webAcl.tokenDomains = ['example.org'];
        },
      },
      { priority: 2000 },
    );

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('are not taken for related where one merely ends like the other', () => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains: ['myexample.com'] });
    addWebAcl(stack, ['example.com']);

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('are found beside a web ACL of the other scope, whatever that accepts', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, ['example.com'], 'CLOUDFRONT', 'Edge');
    addWebAcl(stack, ['example.org']);

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('are found within a stage', () => {
    const stack = new Stack(new Stage(newApp(), 'Production'), 'Stack');
    addKey(stack);
    addWebAcl(stack, ['example.org']);

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('give one warning however often the app is synthesized', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, ['example.org']);
    Stage.of(stack)?.synth();
    Stage.of(stack)?.synth({ force: true });

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('give none once it is acknowledged', () => {
    const stack = newStack();
    addWebAcl(stack, ['example.org']);
    Annotations.of(addKey(stack)).acknowledgeWarning(ID, 'page and API have the same host');

    expect(warningsOf(stack)).toEqual([]);
  });

  test('are found across stacks, for CLOUDFRONT across Regions too', () => {
    const app = newApp();
    const inRegion = (id: string, region: string) =>
      new Stack(app, id, { env: { account: '111111111111', region } });
    const stack = inRegion('Keys', 'eu-west-1');
    addKey(stack, 'Regional');
    addKey(stack, 'Edge', { scope: WafScope.CLOUDFRONT });
    addWebAcl(inRegion('WebAcls', 'us-east-1'), ['example.org'], 'CLOUDFRONT');

    expect(warningsOf(stack)).toEqual([expect.stringContaining('no web ACL of scope CLOUDFRONT')]);
  });
});

describe('nothing is said', () => {
  test.each([
    ['of the same domain, in another letter case', ['example.com'], ['other.test', 'Example.COM']],
    ['of a sub-domain of the web ACL’s domain', ['shop.example.com'], ['example.com']],
    ['of the domain above the web ACL’s', ['example.com'], ['shop.example.com']],
  ])('%s', (_, tokenDomains, accepted) => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains });
    addWebAcl(stack, accepted);

    expect(warningsOf(stack)).toEqual([]);
  });

  test.each([
    ['the web ACL goes by the host of what it protects', undefined],
    ['the web ACL has an empty list', []],
  ])('when %s', (_, accepted) => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, accepted);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('when there is no web ACL', () => {
    const stack = newStack();
    addKey(stack);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('when another web ACL accepts the key’s domains, or may', () => {
    const [one, other] = [newStack(), newStack()];
    for (const [stack, accepted] of [
      [one, ['example.com']],
      [other, undefined],
    ] as const) {
      addKey(stack);
      addWebAcl(stack, ['example.org']);
      addWebAcl(stack, accepted && [...accepted], 'REGIONAL', 'Another');
    }

    expect([...warningsOf(one), ...warningsOf(other)]).toEqual([]);
  });

  test('when a domain of the key or of the web ACL, or its scope, is known at deployment only', () => {
    const [one, two, three] = [newStack(), newStack(), newStack()];
    const parameter = (stack: Stack) => new CfnParameter(stack, 'Parameter').valueAsString;
    addKey(one, 'Key', { tokenDomains: ['example.com', parameter(one)] });
    addWebAcl(one, ['example.org']);
    addKey(two);
    addWebAcl(two, ['example.org', parameter(two)]);
    addKey(three);
    addWebAcl(three, ['example.org'], parameter(three));

    expect([one, two, three].flatMap(warningsOf)).toEqual([]);
  });

  test('when the web ACL is of another scope', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');

    expect(warningsOf(stack)).toEqual([]);
  });

  test('when the web ACL is in another stage, account or Region', () => {
    const app = newApp();
    const env = { account: '111111111111', region: 'eu-west-1' };
    const stack = new Stack(app, 'Stack', { env });
    addKey(stack);
    addWebAcl(new Stack(new Stage(app, 'Production', { env }), 'Stack'), ['example.org']);
    addWebAcl(new Stack(app, 'Elsewhere', { env: { ...env, region: 'eu-north-1' } }), ['example.org']);
    addWebAcl(new Stack(app, 'Foreign', { env: { ...env, account: '222222222222' } }), ['example.org']);

    expect(warningsOf(stack)).toEqual([]);
  });
});

test('a lazy list of domains is read as it is in the end', () => {
  const stack = newStack();
  const accepted = ['example.org'];
  addKey(stack);
  addWebAcl(stack, Lazy.list({ produce: () => accepted }));
  accepted.push('example.com');

  expect(warningsOf(stack)).toEqual([]);
});
