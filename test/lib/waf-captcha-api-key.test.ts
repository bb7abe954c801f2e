import {
  CfnDeletionPolicy,
  CfnOutput,
  CfnParameter,
  CfnResource,
  Lazy,
  NestedStack,
  RemovalPolicies,
  RemovalPolicy,
  Stack,
  Stage,
  Tags,
} from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { type IWafCaptchaApiKey, WafCaptchaApiKey, WafScope } from '../../lib';
import { addKey, newApp, newStack, problemsOf, resourcesOf, stackWithKey, theOnly } from './synthesize';

const KEY_TYPE = 'Custom::WafCaptchaApiKey';
const FIVE = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];

describe('the resource', () => {
  // what stands here is compared at every update: a hash, a version or a time would touch the keys at each upgrade
  test('holds scope and domains, and nothing that changes from release to release', () => {
    const stack = stackWithKey({ tokenDomains: ['example.com', 'shop.example.com'] });

    expect(theOnly(KEY_TYPE, stack)).toEqual({
      Type: KEY_TYPE,
      Properties: {
        ServiceToken: { 'Fn::GetAtt': ['WafCaptchaApiKeyProviderHandler3F6E30B9', 'Arn'] },
        ServiceTimeout: '3600',
        Scope: 'REGIONAL',
        TokenDomains: ['example.com', 'shop.example.com'],
      },
      DependsOn: ['WafCaptchaApiKeyProviderHandler3F6E30B9'],
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
    });
  });

  test('holds the scope CLOUDFRONT', () => {
    expect(propertiesOf(stackWithKey({ scope: WafScope.CLOUDFRONT }))).toMatchObject({ Scope: 'CLOUDFRONT' });
  });

  test('is all that a second key adds to the template, in less than 360 bytes', () => {
    const stack = stackWithKey();
    const two = stackWithKey();
    addKey(two, 'Other');

    const [alone, both] = [stack, two].map(each => resourcesOf(each));

    expect(Object.keys(both ?? {}).length).toBe(Object.keys(alone ?? {}).length + 1);
    expect(JSON.stringify(both).length - JSON.stringify(alone).length).toBeLessThan(360);
  });

  // CloudFormation takes a key under another logical id for another key: it would replace those of deployed stacks
  test('has a logical id that follows from its path alone', () => {
    const stack = newStack();
    addKey(stack, 'Key');
    addKey(stack, 'Other', { scope: WafScope.CLOUDFRONT, tokenDomains: FIVE });

    expect(keyIdsOf(stack)).toEqual(['Key961B73FD', 'Other34654A52']);
  });
});

describe('rotation and an existing key', () => {
  test('go into the properties as they are', () => {
    const stack = stackWithKey({ rotation: '2026-11', existingApiKey: 'some+key/=_0_1' });

    expect(propertiesOf(stack)).toMatchObject({ Rotation: '2026-11', ExistingApiKey: 'some+key/=_0_1' });
  });

  test('leave no trace if they are not given', () => {
    expect(Object.keys(propertiesOf(stackWithKey()))).toEqual([
      'ServiceToken',
      'ServiceTimeout',
      'Scope',
      'TokenDomains',
    ]);
  });

  test.each([
    [true, { KeepPreviousKey: true }],
    [false, {}],
    [undefined, {}],
  ])('keepPreviousKey: %p is written only when true', (keepPreviousKey, written) => {
    const { ServiceToken, ServiceTimeout, Scope, TokenDomains, ...rest } = propertiesOf(
      stackWithKey({ keepPreviousKey }),
    );

    expect(rest).toEqual(written);
  });

  describe('keepPreviousKey is left out where a replaced key is retained', () => {
    const keepPreviousKey = true;
    const isKept = (stack: Stack) => propertiesOf(stack).KeepPreviousKey;

    test.each([
      ['RETAIN', RemovalPolicy.RETAIN, undefined],
      ['RETAIN_ON_UPDATE_OR_DELETE', RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, undefined],
      ['DESTROY', RemovalPolicy.DESTROY, true],
    ])('%s, as a prop', (_, removalPolicy, written) => {
      expect(isKept(stackWithKey({ removalPolicy, keepPreviousKey }))).toBe(written);
    });

    test.each([
      [RemovalPolicy.DESTROY, RemovalPolicy.RETAIN, undefined],
      [RemovalPolicy.RETAIN, RemovalPolicy.DESTROY, true],
    ])('set on the construct, the last policy counts: %s, then %s', (removalPolicy, last, written) => {
      const stack = newStack();

      addKey(stack, 'Key', { keepPreviousKey, removalPolicy }).applyRemovalPolicy(last);

      expect(isKept(stack)).toBe(written);
    });

    test.each([
      ['by its policy for replacements', CfnDeletionPolicy.DELETE, CfnDeletionPolicy.RETAIN, undefined],
      ['but not by that for removals', CfnDeletionPolicy.RETAIN, CfnDeletionPolicy.DELETE, true],
    ])('set on the resource itself, %s', (_, deletionPolicy, updateReplacePolicy, written) => {
      const stack = newStack();
      const { defaultChild } = addKey(stack, 'Key', { keepPreviousKey }).node;
      if (!CfnResource.isCfnResource(defaultChild)) throw new Error('expected a resource, got none');

      Object.assign(defaultChild.cfnOptions, { deletionPolicy, updateReplacePolicy });

      expect(isKept(stack)).toBe(written);
    });

    test('set for the whole stack', () => {
      const stack = stackWithKey({ keepPreviousKey });

      RemovalPolicies.of(stack).retain();

      expect(isKept(stack)).toBeUndefined();
    });
  });

  test.each([{ rotation: ' ' }, { existingApiKey: '' }])('must not be blank: %p', props => {
    expect(() => stackWithKey(props)).toThrow(
      /^Stack\/Key: (rotation|existingApiKey): expected a text that is not blank, got "/,
    );
  });

  test.each([
    ['known', ' some+key/=_0_1\n'],
    ['produced late', Lazy.string({ produce: () => ' some+key/=_0_1\n' })],
  ])('an existing key is trimmed, since it was pasted: %s', (_, existingApiKey) => {
    const stack = stackWithKey({ existingApiKey });

    expect(propertiesOf(stack)).toMatchObject({ ExistingApiKey: 'some+key/=_0_1' });
  });

  test.each([
    ['rotation', ' '],
    ['existingApiKey', ''],
  ])('must not turn out blank at the end of synthesis: %s', (name, blank) => {
    const stack = stackWithKey({ [name]: Lazy.string({ produce: () => blank }) });

    expect(problemsOf(stack)).toEqual([`${name}: expected a text that is not blank, got "${blank}"`]);
  });

  test('may be tokens', () => {
    const stack = newStack();
    const key = new CfnParameter(stack, 'Existing').valueAsString;

    addKey(stack, 'Key', { existingApiKey: key });

    expect(propertiesOf(stack)).toMatchObject({ ExistingApiKey: { Ref: 'Existing' } });
  });
});

describe('attributes', () => {
  test.each([
    ['apiKey', 'APIKey'],
    ['applicationIntegrationUrl', 'ApplicationIntegrationURL'],
    ['scriptUrl', 'ScriptURL'],
  ] as const)('%s is read from %s', (member, name) => {
    const stack = newStack();
    const key = addKey(stack);
    new CfnOutput(stack, 'Output', { value: key[member] });

    Template.fromStack(stack).hasOutput('Output', { Value: { 'Fn::GetAtt': ['Key961B73FD', name] } });
  });
});

describe('scope CLOUDFRONT', () => {
  const props = { scope: WafScope.CLOUDFRONT };

  test.each([
    'cn-north-1',
    'cn-northwest-1',
    'us-gov-west-1',
    'us-gov-east-1',
    'eusc-de-east-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eu-isoe-west-1',
    // Regions that aws-cdk-lib does not know yet
    'cn-new-1',
    'us-gov-new-1',
    'us-isoz-new-1',
    'eu-isoz-new-1',
    'eusc-new-1',
  ])('is refused in %s, before anything is built', region => {
    const stack = newStack(region);

    expect(() => addKey(stack, 'Key', props)).toThrow(
      new Error(
        `Stack/Key: scope: expected REGIONAL in ${region}, got CLOUDFRONT, which only the partition aws has`,
      ),
    );
    expect(resourcesOf(stack)).toEqual({});
  });

  test('is refused in a stack whose stage is in China', () => {
    const stage = new Stage(newApp(), 'Stage', { env: { region: 'cn-north-1' } });

    expect(() => addKey(new Stack(stage, 'Stack'), 'Key', props)).toThrow(
      'scope: expected REGIONAL in cn-north-1',
    );
  });

  test('is refused in a nested stack in China', () => {
    const nested = new NestedStack(newStack('cn-north-1'), 'Nested');

    expect(() => addKey(nested, 'Key', props)).toThrow('scope: expected REGIONAL in cn-north-1');
  });

  test.each(['eu-west-1', 'us-east-1', 'eu-new-1', undefined])('passes in Region %s', region => {
    expect(propertiesOf(stackWithKey(props, region))).toMatchObject({ Scope: 'CLOUDFRONT' });
  });

  test.each(['cn-north-1', 'us-gov-west-1'])('is not checked for REGIONAL, which passes in %s', region => {
    expect(propertiesOf(stackWithKey({}, region))).toMatchObject({ Scope: 'REGIONAL' });
  });
});

describe('a scope that is not known yet', () => {
  test('passes if the CLI is still to look it up, or if it is a token', () => {
    const stack = newStack();
    const scopes = ['dummy-value-for-/captcha/scope', new CfnParameter(stack, 'Scope').valueAsString];
    for (const [index, scope] of scopes.entries()) {
      Reflect.construct(WafCaptchaApiKey, [stack, `Key${index}`, { scope, tokenDomains: ['example.com'] }]);
    }

    expect(problemsOf(stack)).toEqual([]);
  });

  test('is checked at the end of synthesis', () => {
    const stack = newStack();
    const scope = Lazy.string({ produce: () => 'GLOBAL' });
    Reflect.construct(WafCaptchaApiKey, [stack, 'Key', { scope, tokenDomains: ['example.com'] }]);

    expect(problemsOf(stack)).toEqual(['scope: expected REGIONAL or CLOUDFRONT, got "GLOBAL"']);
  });
});

describe('removal policy', () => {
  test.each([
    ['left out', undefined, 'Delete', 'Delete'],
    ['DESTROY', RemovalPolicy.DESTROY, 'Delete', 'Delete'],
    ['RETAIN', RemovalPolicy.RETAIN, 'Retain', 'Retain'],
    [
      'RETAIN_ON_UPDATE_OR_DELETE',
      RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      'RetainExceptOnCreate',
      'Retain',
    ],
  ])('%s governs removal and replacement', (_, removalPolicy, deletion, replacement) => {
    expect(theOnly(KEY_TYPE, stackWithKey({ removalPolicy }))).toMatchObject({
      DeletionPolicy: deletion,
      UpdateReplacePolicy: replacement,
    });
  });

  test('can be set afterwards', () => {
    const stack = newStack();

    addKey(stack).applyRemovalPolicy(RemovalPolicy.RETAIN);

    expect(theOnly(KEY_TYPE, stack)).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('refuses SNAPSHOT', () => {
    expect(() => stackWithKey({ removalPolicy: RemovalPolicy.SNAPSHOT })).toThrow(
      new Error(
        'Stack/Key: removalPolicy: expected DESTROY, RETAIN or RETAIN_ON_UPDATE_OR_DELETE, got SNAPSHOT',
      ),
    );
  });
});

describe('input that only a caller without types can give is refused', () => {
  const construct = (props: object) =>
    Reflect.construct(WafCaptchaApiKey, [
      newStack(),
      'Key',
      { scope: 'REGIONAL', tokenDomains: ['a.de'], ...props },
    ]);

  test.each([
    ['an unknown scope', { scope: 'GLOBAL' }, 'scope: expected REGIONAL or CLOUDFRONT, got "GLOBAL"'],
    ['no scope', { scope: undefined }, 'scope: expected REGIONAL or CLOUDFRONT, got undefined'],
    [
      'a text for a list',
      { tokenDomains: 'a.de' },
      'tokenDomains: expected a list of host names, got "a.de"',
    ],
    ['no list', { tokenDomains: undefined }, 'tokenDomains: expected a list of host names, got undefined'],
    ['null for a list', { tokenDomains: null }, 'tokenDomains: expected a list of host names, got null'],
    [
      'values that are no names, all of them named',
      { tokenDomains: [undefined, 'a.de', null, 1, ['b.de'], {}] },
      'tokenDomains: expected a bare host name such as "example.com", got undefined: it is not a string; ' +
        'null: it is not a string; 1: it is not a string; ["b.de"]: it is not a string; {}: it is not a string',
    ],
    ['a number as a label', { rotation: 1 }, 'rotation: expected a text that is not blank, got 1'],
    [
      'null for a key',
      { existingApiKey: null },
      'existingApiKey: expected a text that is not blank, got null',
    ],
    ['a text for true', { keepPreviousKey: 'false' }, 'keepPreviousKey: expected true or false, got "false"'],
  ])('%s', (_what, props, message) => {
    expect(() => construct(props)).toThrow(new Error(`Stack/Key: ${message}`));
  });

  test.each([undefined, null])('%p for the props', props => {
    expect(() => Reflect.construct(WafCaptchaApiKey, [newStack(), 'Key', props])).toThrow(
      new Error(`Stack/Key: scope: expected REGIONAL or CLOUDFRONT, got undefined`),
    );
  });

  test.each([undefined, {}, { apiKey: 1, applicationIntegrationUrl: 'https://id.example' }])(
    '%p for the attributes of a key from elsewhere',
    attrs => {
      const call = () =>
        Reflect.apply(WafCaptchaApiKey.fromApiKeyAttributes, undefined, [newStack(), 'Import', attrs]);

      expect(call).toThrow(/^Stack\/Import: apiKey: expected a text that is not blank, got (1|undefined)$/);
    },
  );
});

describe('a value that is shown in a message', () => {
  const zone = new HostedZone(newStack(), 'Zone', { zoneName: 'example.com' });
  const circular: unknown[] = [];
  circular.push(circular);

  test.each([
    ['a construct', zone, 'the construct Stack/Zone'],
    ['a construct within an object', { zone }, '{"zone":"the construct Stack/Zone"}'],
    ['a bigint', 1n, '1n'],
    ['a symbol', Symbol('name'), 'Symbol(name)'],
    ['a function', () => 'example.com', 'a function'],
    ['a number that JSON does not have', Number.NaN, 'NaN'],
    ['an object that contains itself', circular, 'an object'],
    ['an object that cannot be read', { toJSON: () => Promise.reject.call(undefined) }, 'an object'],
  ])('can be any: %s', (_, value, text) => {
    const construct = (props: object) =>
      Reflect.construct(WafCaptchaApiKey, [
        newStack(),
        'Key',
        { scope: 'REGIONAL', tokenDomains: ['a.de'], ...props },
      ]);

    for (const name of ['scope', 'rotation', 'existingApiKey', 'keepPreviousKey']) {
      expect(() => construct({ [name]: value })).toThrow(
        new RegExp(`^Stack/Key: ${name}: expected .*, got `),
      );
      expect(() => construct({ [name]: value })).toThrow(`, got ${text}`);
    }
    expect(() => construct({ tokenDomains: [value] })).toThrow(`, got ${text}: it is not a string`);
  });

  test('can be a construct in place of a list', () => {
    const call = () =>
      Reflect.construct(WafCaptchaApiKey, [newStack(), 'Key', { scope: 'REGIONAL', tokenDomains: zone }]);

    expect(call).toThrow(
      'Stack/Key: tokenDomains: expected a list of host names, got the construct Stack/Zone',
    );
  });
});

describe('an app around it', () => {
  test('gives the same template at each synthesis', () => {
    expect(templateOf(stackWithKey())).toEqual(templateOf(stackWithKey()));
  });

  test('changes nothing by the feature flags that CDK recommends', () => {
    const flagged = newStack('eu-west-1', recommendedFlags);
    addKey(flagged);

    expect(templateOf(flagged)).toEqual(templateOf(stackWithKey({}, 'eu-west-1')));
  });

  test('may put the stack into a stage', () => {
    const stage = new Stage(newApp(), 'Production', {
      env: { account: '111111111111', region: 'eu-west-1' },
    });
    const stack = new Stack(stage, 'Stack');
    addKey(stack);

    expect(stage.synth().getStackArtifact(stack.artifactId).template.Resources).toEqual(
      resourcesOf(stackWithKey({}, 'eu-west-1')),
    );
  });

  test('may tag it, which leaves the key alone', () => {
    const stack = stackWithKey();
    Tags.of(stack.node.root).add('team', 'web');

    expect(theOnly(KEY_TYPE, stack)).toEqual(theOnly(KEY_TYPE, stackWithKey()));
    for (const type of ['AWS::IAM::Role', 'AWS::Lambda::Function', 'AWS::Logs::LogGroup']) {
      expect(theOnly(type, stack).Properties.Tags).toEqual([{ Key: 'team', Value: 'web' }]);
    }
  });

  test('may bound the permissions of its role by an aspect, which leaves the key alone', () => {
    const stack = stackWithKey();
    PermissionsBoundary.of(stack).apply(
      ManagedPolicy.fromManagedPolicyArn(stack, 'Boundary', 'arn:of:boundary'),
    );

    expect(theOnly('AWS::IAM::Role', stack).Properties.PermissionsBoundary).toBe('arn:of:boundary');
    expect(theOnly(KEY_TYPE, stack)).toEqual(theOnly(KEY_TYPE, stackWithKey()));
  });
});

describe('fromApiKeyAttributes', () => {
  const attributes = { apiKey: 'some+key/=_0_1', applicationIntegrationUrl: 'https://id.example/id' };

  test('returns the attributes and creates nothing', () => {
    const stack = newStack();

    const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', attributes);

    expect(key.apiKey).toBe('some+key/=_0_1');
    expect(key.applicationIntegrationUrl).toBe('https://id.example/id');
    expect(key.scriptUrl).toBe('https://id.example/id/jsapi.js');
    expect(key.stack).toBe(stack);
    expect(resourcesOf(stack)).toEqual({});
  });

  test.each(['https://id.example/id/', 'https://id.example/id//'])('strips the end of %s', url => {
    const key = WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', {
      ...attributes,
      applicationIntegrationUrl: url,
    });

    expect(key.applicationIntegrationUrl).toBe('https://id.example/id');
    expect(key.scriptUrl).toBe('https://id.example/id/jsapi.js');
  });

  test('trims pasted values', () => {
    const key = WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', {
      apiKey: ' some+key/=_0_1\n',
      applicationIntegrationUrl: ' https://id.example/id/ ',
    });

    expect([key.apiKey, key.applicationIntegrationUrl]).toEqual(['some+key/=_0_1', 'https://id.example/id']);
  });

  test.each([
    'https://id.example/id/jsapi.js',
    'https://id.example/id/jsapi.js/',
    'https://id.example/id/jsapi.js?x',
    'https://id.example/id/jsapi.js#',
    ' HTTPS://ID.EXAMPLE/ID/JSAPI.JS',
    'https://id.example/id/challenge.js',
  ])('names the mistake when it is given the URL of a script: %s', url => {
    expect(() =>
      WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', {
        ...attributes,
        applicationIntegrationUrl: url,
      }),
    ).toThrow(
      new Error(
        `Stack/Import: applicationIntegrationUrl: expected the integration URL, got the URL of a script, "${url}"`,
      ),
    );
  });

  test.each([
    ['as it is', (key: IWafCaptchaApiKey) => key.scriptUrl],
    ['with a query', (key: IWafCaptchaApiKey) => `${key.scriptUrl}?x`],
    ['built by hand', (key: IWafCaptchaApiKey) => `${key.applicationIntegrationUrl}/jsapi.js`],
  ])('names the mistake when it is given the script’s URL of another key, %s', (_, urlOf) => {
    const app = newApp();
    const own = addKey(new Stack(app, 'Keys'));

    expect(() =>
      WafCaptchaApiKey.fromApiKeyAttributes(new Stack(app, 'Stack'), 'Import', {
        ...attributes,
        applicationIntegrationUrl: urlOf(own),
      }),
    ).toThrow(
      'Stack/Import: applicationIntegrationUrl: expected the integration URL, got the URL of a script',
    );
  });

  test('takes a parameter that the CLI is still to look up, whatever its name', () => {
    const stack = newStack();
    const applicationIntegrationUrl = 'dummy-value-for-/captcha/jsapi.js';
    WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', { ...attributes, applicationIntegrationUrl });

    expect(problemsOf(stack)).toEqual([]);
  });

  describe('with values that are known only at the end of synthesis', () => {
    const late = (text: string) => Lazy.string({ produce: () => text });

    test('returns them in the same form', () => {
      const stack = newStack();
      const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', {
        apiKey: late(' some+key/=_0_1\n'),
        applicationIntegrationUrl: late('https://id.example/id//'),
      });

      expect(problemsOf(stack)).toEqual([]);
      expect(stack.resolve([key.apiKey, key.applicationIntegrationUrl, key.scriptUrl])).toEqual([
        'some+key/=_0_1',
        'https://id.example/id',
        'https://id.example/id/jsapi.js',
      ]);
    });

    test.each([
      [{ apiKey: late(' ') }, 'apiKey: expected a text that is not blank, got " "'],
      [
        { applicationIntegrationUrl: late('') },
        'applicationIntegrationUrl: expected a text that is not blank, got ""',
      ],
      [
        { applicationIntegrationUrl: late('https://id.example/id/jsapi.js?x') },
        'applicationIntegrationUrl: expected the integration URL, got the URL of a script, "https://id.example/id/jsapi.js?x"',
      ],
      [
        { tokenDomains: ['example.com', late('a:1')] },
        'tokenDomains: expected a bare host name such as "example.com", got "a:1": it has a port',
      ],
    ])('finds the same mistakes: %#', (values, problem) => {
      const stack = newStack();
      WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', { ...attributes, ...values });

      expect(problemsOf(stack)).toEqual([problem]);
    });
  });

  test('strips a slash behind a token', () => {
    const stack = newStack();
    const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', {
      ...attributes,
      applicationIntegrationUrl: `${new CfnParameter(stack, 'Url').valueAsString}/`,
    });

    expect(stack.resolve(key.scriptUrl)).toEqual({ 'Fn::Join': ['', [{ Ref: 'Url' }, '/jsapi.js']] });
  });

  test('takes tokens, such as the attributes of another key', () => {
    const stack = newStack();
    const own = addKey(stack);
    const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', {
      apiKey: own.apiKey,
      applicationIntegrationUrl: own.applicationIntegrationUrl,
    });

    expect(stack.resolve([key.apiKey, key.scriptUrl])).toEqual([
      { 'Fn::GetAtt': ['Key961B73FD', 'APIKey'] },
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Key961B73FD', 'ApplicationIntegrationURL'] }, '/jsapi.js']] },
    ]);
  });

  test.each([
    ['apiKey', ''],
    ['apiKey', ' \n'],
    ['applicationIntegrationUrl', ''],
    ['applicationIntegrationUrl', '\t'],
  ])('refuses a blank %s: %j', (name, blank) => {
    expect(() =>
      WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', { ...attributes, [name]: blank }),
    ).toThrow(
      new Error(`Stack/Import: ${name}: expected a text that is not blank, got ${JSON.stringify(blank)}`),
    );
  });
});

function propertiesOf(stack: Stack): Record<string, unknown> {
  return theOnly(KEY_TYPE, stack).Properties;
}

function templateOf(stack: Stack): Record<string, unknown> {
  return Template.fromStack(stack).toJSON();
}

function keyIdsOf(stack: Stack): string[] {
  return Object.entries(resourcesOf(stack)).flatMap(([id, resource]) =>
    resource.Type === KEY_TYPE ? [id] : [],
  );
}
