import { Annotations, Aspects, CfnParameter, CfnResource, Fn, Lazy, Stack, Stage } from 'aws-cdk-lib';
import { Match, Annotations as Warnings } from 'aws-cdk-lib/assertions';
import { CfnDistributionTenant, Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { WafScope } from '../../lib';
import { addKey, newApp, newStack, resourceOf } from './synthesize';

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
    .map(({ entry }) => entry.data)
    .filter(data => String(data).includes('cdk-waf-captcha-api-key:'));
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

  test('are found in any order of creation, and after an aspect has set the domains', () => {
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

  test('do not match merely because one name ends like the other', () => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains: ['myexample.com'] });
    addWebAcl(stack, ['example.com']);

    expect(warningsOf(stack)).toHaveLength(1);
  });

  test('are found even if a web ACL of the other scope accepts the domain', () => {
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

describe('a warning considers the direction in which tokens are accepted', () => {
  test('a web ACL that lists only a sub-domain refuses a token for the parent domain', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, ['blog.example.com']);

    expect(warningsOf(stack)).toEqual([
      expect.stringContaining('accepts tokens for example.com: found Stack/WebAcl (blog.example.com)'),
    ]);
  });

  test('each domain is checked, and only those that no web ACL accepts are named', () => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains: ['example.com', 'example.org', 'example.net'] });
    addWebAcl(stack, ['example.com'], 'REGIONAL', 'One');
    addWebAcl(stack, ['example.net'], 'REGIONAL', 'Other');

    expect(warningsOf(stack)).toEqual([expect.stringContaining('accepts tokens for example.org: found')]);
  });

  test('a web ACL without token domains refuses a token of the domain above the called host', () => {
    const stack = newStack();
    addKey(stack, 'Key', { tokenDomains: ['acme.com', 'app.acme.com'] });
    addWebAcl(stack);

    expect(warningsOf(stack)).toEqual([
      'Stack/WebAcl has no tokenDomains, so it refuses calls to app.acme.com with a token for acme.com ' +
        `[ack: ${ID}]`,
    ]);
  });

  test('and the warning is given despite an unrelated web ACL, but not if another accepts both', () => {
    const [one, other] = [newStack(), newStack()];
    for (const [stack, accepted] of [
      [one, 'example.org'],
      [other, 'acme.com'],
    ] as const) {
      addKey(stack, 'Key', { tokenDomains: ['acme.com', 'app.acme.com'] });
      addWebAcl(stack, undefined, 'REGIONAL', 'ByHost');
      addWebAcl(stack, [accepted]);
    }

    expect(warningsOf(one)).toEqual([expect.stringContaining('Stack/ByHost has no tokenDomains')]);
    expect(warningsOf(other)).toEqual([]);
  });
});

describe('a CLOUDFRONT key', () => {
  const env = { account: '111111111111', region: 'eu-west-1' };

  function stacks(): [Stack, Stack] {
    const app = newApp();
    const stack = new Stack(app, 'Stack', { env });
    addKey(stack, 'Key', { scope: WafScope.CLOUDFRONT });
    return [stack, new Stack(app, 'Elsewhere', { env: { ...env, region: 'eu-north-1' } })];
  }

  test('may serve a regional web ACL of any Region, despite an unrelated one of CloudFront', () => {
    const [stack, elsewhere] = stacks();
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');
    addWebAcl(elsewhere, ['example.com'], 'REGIONAL');

    expect(warningsOf(stack)).toEqual([]);
  });

  test('gives a warning if no regional web ACL fits either', () => {
    const [stack, elsewhere] = stacks();
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');
    addWebAcl(elsewhere, ['example.net'], 'REGIONAL');

    expect(warningsOf(stack)).toEqual([
      'no web ACL of scope CLOUDFRONT or REGIONAL accepts tokens for example.com: ' +
        `found Stack/WebAcl (example.org); Elsewhere/WebAcl (example.net) [ack: ${ID}]`,
    ]);
  });

  test('gives no warning if all web ACLs are regional', () => {
    const [stack, elsewhere] = stacks();
    addWebAcl(elsewhere, ['example.org'], 'REGIONAL');

    expect(warningsOf(stack)).toEqual([]);
  });
});

describe('the quota of token domains in a web ACL', () => {
  const domains = (count: number) => [
    'example.com',
    ...Array.from({ length: count - 1 }, (_, n) => `d${n}.test`),
  ];

  test('gives a warning on the web ACL when there are more than ten', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, domains(11));

    expect(Warnings.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([
      expect.objectContaining({ id: expect.stringMatching('^/Stack/WebAcl/') }),
    ]);
    expect(warningsOf(stack)).toEqual([
      'the web ACL has 11 token domains; the default quota is 10 [ack: cdk-waf-captcha-api-key:webAclQuota]',
    ]);
  });

  test('gives none once it is acknowledged', () => {
    const stack = newStack();
    addKey(stack);
    const webAcl = addWebAcl(stack, domains(11));
    Annotations.of(webAcl).acknowledgeWarning('cdk-waf-captcha-api-key:webAclQuota');

    expect(warningsOf(stack)).toEqual([]);
  });

  test('counts the domains that synthesis knows', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, [...domains(11), new CfnParameter(stack, 'Domain').valueAsString]);

    expect(warningsOf(stack)).toEqual([expect.stringContaining('the web ACL has 11 token domains')]);
  });

  test('gives no warning for ten, even with repetitions, or for a web ACL that the key does not serve', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, [...domains(10), 'Example.com']);
    addWebAcl(stack, domains(11), 'CLOUDFRONT', 'Edge');

    expect(warningsOf(stack)).toEqual([]);
  });
});

describe('what the template says counts', () => {
  test('domains that an override sets', () => {
    const [fitting, other] = [newStack(), newStack()];
    for (const [stack, before, after] of [
      [fitting, 'example.org', 'example.com'],
      [other, 'example.com', 'example.org'],
    ] as const) {
      addKey(stack);
      addWebAcl(stack, [before]).addPropertyOverride('TokenDomains', [after]);
    }

    expect(warningsOf(fitting)).toEqual([]);
    expect(warningsOf(other)).toHaveLength(1);
  });

  test('domains and the scope that an override sets on the key', () => {
    const [fitting, other, edge] = [newStack(), newStack(), newStack()];
    for (const [stack, accepted] of [
      [fitting, 'xn--bcher-kva.example'],
      [other, 'example.com'],
      [edge, 'example.com'],
    ] as const) {
      addWebAcl(stack, [accepted]);
      const resource = resourceOf(addKey(stack));
      resource.addPropertyOverride('TokenDomains', ['Bücher.example']);
      if (stack === edge) resource.addPropertyOverride('Scope', 'CLOUDFRONT');
    }

    expect(warningsOf(fitting)).toEqual([]);
    expect(warningsOf(other)).toEqual([
      expect.stringContaining('accepts tokens for xn--bcher-kva.example: found Stack/WebAcl (example.com)'),
    ]);
    expect(warningsOf(edge)).toEqual([]);
  });

  test('a web ACL that is a plain CfnResource', () => {
    const stack = newStack();
    addKey(stack);
    const properties = { Scope: 'REGIONAL', TokenDomains: ['example.org'] };
    new CfnResource(stack, 'WebAcl', { type: 'AWS::WAFv2::WebACL', properties });

    expect(warningsOf(stack)).toHaveLength(1);
  });
});

describe('with a web ACL that is not for the key', () => {
  const arn = 'arn:aws:wafv2:us-east-1:111111111111:global/webacl/name/id';

  function addDistribution(scope: Construct, webAclId?: string): void {
    new Distribution(scope, 'Distribution', {
      webAclId,
      defaultBehavior: { origin: new HttpOrigin('origin.example.com') },
    });
  }

  test('one known only by its ARN may be for it: a distribution’s', () => {
    const stack = newStack();
    addKey(stack, 'Key', { scope: WafScope.CLOUDFRONT });
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');
    addDistribution(stack, arn);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('one known only by its ARN may be for it: that of a distribution’s tenant', () => {
    const stack = newStack();
    addKey(stack, 'Key', { scope: WafScope.CLOUDFRONT });
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');
    new CfnDistributionTenant(stack, 'Tenant', {
      distributionId: 'id',
      domains: ['example.com'],
      name: 'tenant',
      customizations: { webAcl: { action: 'override', arn } },
    });

    expect(warningsOf(stack)).toEqual([]);
  });

  test('one known only by its ARN may be for it: an association’s', () => {
    const stack = newStack();
    addKey(stack);
    addWebAcl(stack, ['example.org']);
    const webAclArn = Fn.importValue('web-acl');
    new CfnWebACLAssociation(stack, 'Association', { webAclArn, resourceArn: 'arn:aws:x' });

    expect(warningsOf(stack)).toEqual([]);
  });

  test('one of this app is not counted twice, in the same stack or in another', () => {
    const app = newApp();
    const [stack, other] = [new Stack(app, 'Stack'), new Stack(app, 'Other')];
    addKey(stack, 'Edge', { scope: WafScope.CLOUDFRONT });
    addKey(stack, 'Regional');
    const regional = addWebAcl(stack, ['example.org']);
    const edge = addWebAcl(other, ['example.org'], 'CLOUDFRONT');
    addDistribution(stack, edge.attrArn);
    new CfnWebACLAssociation(stack, 'Association', { webAclArn: regional.attrArn, resourceArn: 'arn:aws:x' });

    expect(warningsOf(stack)).toHaveLength(2);
  });

  test('a distribution without a web ACL has no effect', () => {
    const stack = newStack();
    addKey(stack, 'Key', { scope: WafScope.CLOUDFRONT });
    addWebAcl(stack, ['example.org'], 'CLOUDFRONT');
    addDistribution(stack);

    expect(warningsOf(stack)).toHaveLength(1);
  });
});

describe('there is no warning', () => {
  test.each([
    ['of the same domain, in another letter case', ['example.com'], ['other.test', 'Example.COM']],
    ['of a sub-domain of the web ACL’s domain', ['shop.example.com'], ['example.com']],
    ['of a domain beside its sub-domain', ['example.com', 'shop.example.com'], ['example.com']],
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

  test('when a domain of the key or of the web ACL, or its scope, is known only at deployment', () => {
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

  test('when a domain of the key or of the web ACL, or its scope, is still to be looked up', () => {
    const [one, two, three] = [newStack(), newStack(), newStack()];
    const dummy = 'dummy-value-for-/shop/domain';
    addKey(one, 'Key', { tokenDomains: ['example.com', dummy] });
    addWebAcl(one, ['example.org']);
    addKey(two);
    addWebAcl(two, ['example.org', dummy]);
    addKey(three);
    addWebAcl(three, ['example.org']);
    addWebAcl(three, ['example.org'], dummy, 'Other');

    expect([one, two, three].flatMap(warningsOf)).toEqual([]);
  });

  test.each([
    ['CLOUDFRONT', { account: '111111111111', region: 'eu-west-1' }],
    ['REGIONAL', { account: '111111111111', region: 'eu-west-1' }],
    ['REGIONAL', { region: 'eu-west-1' }],
  ])(
    'when a web ACL accepts the domains that may be in the account and Region of the %s key: %j',
    (scope, env) => {
      const app = newApp();
      const stack = new Stack(app, 'Stack');
      addKey(stack, 'Key', { scope: scope === 'CLOUDFRONT' ? WafScope.CLOUDFRONT : WafScope.REGIONAL });
      addWebAcl(stack, ['example.org'], scope);
      addWebAcl(new Stack(app, 'Explicit', { env }), ['example.com']);

      expect(warningsOf(stack)).toEqual([]);
    },
  );

  test('when all web ACLs are in stacks that may be elsewhere', () => {
    const app = newApp();
    const stack = new Stack(app, 'Stack');
    addKey(stack);
    addWebAcl(new Stack(app, 'Explicit', { env: { region: 'eu-west-1' } }), ['example.org']);

    expect(warningsOf(stack)).toEqual([]);
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

test('a lazy list of domains is read at its final value', () => {
  const stack = newStack();
  const accepted = ['example.org'];
  addKey(stack);
  addWebAcl(stack, Lazy.list({ produce: () => accepted }));
  accepted.push('example.com');

  expect(warningsOf(stack)).toEqual([]);
});
