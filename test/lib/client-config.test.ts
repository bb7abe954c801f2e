import { CfnOutput, CfnParameter, Fn, Lazy, type Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { StringListParameter } from 'aws-cdk-lib/aws-ssm';
import { WafCaptchaApiKey } from '../../lib';
import { addKey, newStack, problemsOf, resourcesOf, theOnly } from './synthesize';

const attributes = { apiKey: 'some+key/=_0_1', applicationIntegrationUrl: 'https://id.example/id/' };

describe('clientConfig', () => {
  test('holds the key, the script and the domains as the key has them', () => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: [' Shop.Example.com', 'bücher.example'] });

    expect(stack.resolve(key.clientConfig)).toEqual({
      apiKey: { 'Fn::GetAtt': ['Key961B73FD', 'APIKey'] },
      scriptUrl: { 'Fn::GetAtt': ['Key961B73FD', 'ScriptURL'] },
      tokenDomains: ['shop.example.com', 'xn--bcher-kva.example'],
    });
  });

  test('goes into an output as JSON', () => {
    const stack = newStack();
    const key = addKey(stack);
    new CfnOutput(stack, 'Config', { value: stack.toJsonString(key.clientConfig) });

    Template.fromStack(stack).hasOutput('Config', {
      Value: {
        'Fn::Join': [
          '',
          [
            '{"apiKey":"',
            { 'Fn::GetAtt': ['Key961B73FD', 'APIKey'] },
            '","scriptUrl":"',
            { 'Fn::GetAtt': ['Key961B73FD', 'ScriptURL'] },
            '","tokenDomains":["example.com"]}',
          ],
        ],
      },
    });
  });

  test('goes into a bucket deployment, which fills the attributes in', () => {
    const stack = newStack();
    const config = Source.jsonData('config.json', addKey(stack).clientConfig);
    new BucketDeployment(stack, 'Page', {
      sources: [config],
      destinationBucket: new Bucket(stack, 'Bucket'),
    });

    const { SourceMarkers } = theOnly('Custom::CDKBucketDeployment', stack).Properties;
    // older releases of aws-cdk-lib put quotation marks around each
    expect(SourceMarkers).toEqual([
      { '<<marker:0xbaba:0>>': expect.anything(), '<<marker:0xbaba:1>>': expect.anything() },
    ]);
    for (const name of ['APIKey', 'ScriptURL']) {
      expect(JSON.stringify(SourceMarkers)).toContain(`{"Fn::GetAtt":["Key961B73FD","${name}"]}`);
    }
  });

  test('passes on names that are known only at deployment', () => {
    const stack = newStack();
    const domain = new CfnParameter(stack, 'Domain').valueAsString;
    const key = addKey(stack, 'Key', { tokenDomains: ['example.com', domain] });

    expect(stack.resolve(key.clientConfig)).toMatchObject({
      tokenDomains: ['example.com', { Ref: 'Domain' }],
    });
  });

  test('has names that are produced late in their canonical form', () => {
    const stack = newStack();
    const late = (domain: string) => Lazy.string({ produce: () => domain });
    const key = addKey(stack, 'Key', { tokenDomains: [late('Shop.Example.com'), late('bücher.example')] });

    expect(stack.resolve(key.clientConfig)).toMatchObject({
      tokenDomains: ['shop.example.com', 'xn--bcher-kva.example'],
    });
  });

  test.each([
    [
      'a parameter',
      (stack: Stack) => new CfnParameter(stack, 'Domains', { type: 'CommaDelimitedList' }).valueAsList,
    ],
    [
      'a parameter of Systems Manager',
      (stack: Stack) => StringListParameter.valueForTypedListParameter(stack, '/domains'),
    ],
    ['a list that is split', () => Fn.split(',', Fn.importValue('domains'))],
    ['a list that is produced late', () => Lazy.list({ produce: () => ['example.com'] })],
  ])('has no domains if the list is a token, so that its JSON adds no function: %s', (_, domainsIn) => {
    const [stack, importing] = [newStack(), newStack()];
    const key = addKey(stack, 'Key', { tokenDomains: domainsIn(stack) });
    const tokenDomains = domainsIn(importing);
    const fromElsewhere = WafCaptchaApiKey.fromApiKeyAttributes(importing, 'Import', {
      ...attributes,
      tokenDomains,
    });
    new CfnOutput(stack, 'Config', { value: stack.toJsonString(key.clientConfig) });
    new CfnOutput(importing, 'Config', { value: importing.toJsonString(fromElsewhere.clientConfig) });

    expect(Object.keys(key.clientConfig)).toEqual(['apiKey', 'scriptUrl']);
    expect(Object.keys(fromElsewhere.clientConfig)).toEqual(['apiKey', 'scriptUrl']);
    theOnly('AWS::Lambda::Function', stack);
    expect(resourcesOf(importing)).toEqual({});
  });

  test('of a key from elsewhere whose attributes are tokens adds no function as JSON either', () => {
    const stack = newStack();
    const token = (id: string) => new CfnParameter(stack, id).valueAsString;
    const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', {
      apiKey: token('Key'),
      applicationIntegrationUrl: token('Url'),
      tokenDomains: ['example.com', token('Domain')],
    });
    new CfnOutput(stack, 'Config', { value: stack.toJsonString(key.clientConfig) });

    expect(resourcesOf(stack)).toEqual({});
    Template.fromStack(stack).hasOutput('Config', {
      Value: {
        'Fn::Join': [
          '',
          [
            '{"apiKey":"',
            { Ref: 'Key' },
            '","scriptUrl":"',
            { Ref: 'Url' },
            '/jsapi.js","tokenDomains":["example.com","',
            { Ref: 'Domain' },
            '"]}',
          ],
        ],
      },
    });
  });

  test('with names that are tokens adds no function as JSON either', () => {
    const stack = newStack();
    const domain = new CfnParameter(stack, 'Domain').valueAsString;
    const key = addKey(stack, 'Key', { tokenDomains: [domain, `shop.${domain}`, 'example.com'] });
    new CfnOutput(stack, 'Config', { value: stack.toJsonString(key.clientConfig) });

    theOnly('AWS::Lambda::Function', stack);
  });

  test('of a key from elsewhere has no domains if none were given', () => {
    const key = WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', attributes);

    expect(key.clientConfig).toEqual({
      apiKey: 'some+key/=_0_1',
      scriptUrl: 'https://id.example/id/jsapi.js',
    });
  });

  test('of a key from elsewhere has its domains in their canonical form, without warnings', () => {
    const stack = newStack();
    const late = Lazy.string({ produce: () => 'Localhost' });
    const tokenDomains = ['bücher.example', ' Example.COM', late];
    const key = WafCaptchaApiKey.fromApiKeyAttributes(stack, 'Import', { ...attributes, tokenDomains });

    expect(stack.resolve(key.clientConfig)).toMatchObject({
      tokenDomains: ['example.com', 'xn--bcher-kva.example', 'localhost'],
    });
    expect(problemsOf(stack)).toEqual([]);
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test.each([
    ['a URL', ['https://example.com'], 'expected a bare host name such as "example.com", got "https://exam'],
    [
      'a list token among names',
      [...Fn.split(',', Fn.importValue('domains')), 'example.com'],
      'expected either a list token or names, got a mix of both',
    ],
    ['no names', [], 'expected 1 to 5 different domains, got 0'],
  ])('of a key from elsewhere cannot have domains that no key has: %s', (_, tokenDomains, message) => {
    const call = () =>
      WafCaptchaApiKey.fromApiKeyAttributes(newStack(), 'Import', { ...attributes, tokenDomains });

    expect(call).toThrow(`Stack/Import: tokenDomains: ${message}`);
  });
});

test('CSP_SOURCES are those of AWS’s guide, and frozen', () => {
  const source = 'https://*.awswaf.com';

  expect(WafCaptchaApiKey.CSP_SOURCES).toEqual({
    'connect-src': source,
    'script-src': source,
    'script-src-elem': source,
  });
  expect(() => Object.assign(WafCaptchaApiKey.CSP_SOURCES, { 'script-src': '*' })).toThrow(TypeError);
});
