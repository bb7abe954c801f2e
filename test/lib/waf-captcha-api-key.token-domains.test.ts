import { Annotations, CfnParameter, Lazy, type Stack } from 'aws-cdk-lib';
import { Annotations as Findings, Match } from 'aws-cdk-lib/assertions';
import { addKey, newStack, resourcesOf, stackWithKey, theOnly } from './synthesize';

const FIVE = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];

describe('token domains', () => {
  test('are trimmed, in lower case and punycode, each once, in the order given', () => {
    const tokenDomains = [' Shop.Example.com', 'MÜNCHEN.de', 'example.com', 'shop.example.com '];

    expect(propertiesOf(stackWithKey({ tokenDomains }))).toMatchObject({
      TokenDomains: ['shop.example.com', 'xn--mnchen-3ya.de', 'example.com'],
    });
  });

  test('may be six of which two are equal', () => {
    expect(propertiesOf(stackWithKey({ tokenDomains: [...FIVE, 'E.example'] }))).toMatchObject({
      TokenDomains: FIVE,
    });
  });

  test.each([
    [
      'six different ones',
      [...FIVE, 'f.example'],
      'tokenDomains: expected 1 to 5 different domains, got 6: a.example, b.example, c.example, d.example, e.example, f.example',
    ],
    ['none', [], 'tokenDomains: expected 1 to 5 different domains, got 0'],
    [
      'a URL',
      ['example.com', 'https://example.org'],
      'tokenDomains: expected a bare host name such as "example.com", got "https://example.org": it has a scheme',
    ],
    [
      'an ICANN public suffix',
      ['example.com', 'co.uk'],
      'tokenDomains: expected a domain below a public suffix, got the public suffix "co.uk"',
    ],
    [
      'a top-level domain in upper case',
      ['COM'],
      'tokenDomains: expected a domain below a public suffix, got the public suffix "com"',
    ],
    [
      'a name under a wildcard rule',
      ['foo.ck'],
      'tokenDomains: expected a domain below a public suffix, got the public suffix "foo.ck"',
    ],
    [
      'an international public suffix',
      ['公司.cn'],
      'tokenDomains: expected a domain below a public suffix, got the public suffix "xn--55qx5d.cn"',
    ],
  ])('are refused before anything is built: %s', (_, tokenDomains, message) => {
    const stack = newStack();

    expect(() => addKey(stack, 'Key', { tokenDomains })).toThrow(new Error(message));
    expect(resourcesOf(stack)).toEqual({});
  });
});

describe('token domains that are tokens pass unexamined', () => {
  test('a whole list', () => {
    const stack = newStack();
    const parameter = new CfnParameter(stack, 'Domains', { type: 'CommaDelimitedList' });
    addKey(stack, 'Key', { tokenDomains: parameter.valueAsList });

    expect(propertiesOf(stack)).toMatchObject({ TokenDomains: { Ref: 'Domains' } });
  });

  test('a name among names that are checked', () => {
    const stack = newStack();
    const parameter = new CfnParameter(stack, 'Domain');
    addKey(stack, 'Key', { tokenDomains: [' Example.com', parameter.valueAsString, 'example.org'] });

    expect(propertiesOf(stack)).toMatchObject({
      TokenDomains: ['example.com', 'example.org', { Ref: 'Domain' }],
    });
  });

  test('a name with a token inside', () => {
    const stack = newStack();
    const parameter = new CfnParameter(stack, 'Stage');
    addKey(stack, 'Key', { tokenDomains: [`${parameter.valueAsString}.example.com`] });

    expect(propertiesOf(stack)).toMatchObject({
      TokenDomains: [{ 'Fn::Join': ['', [{ Ref: 'Stage' }, '.example.com']] }],
    });
  });

  test('a name that is only known later', () => {
    const stack = stackWithKey({ tokenDomains: [Lazy.string({ produce: () => 'https://Example.com' })] });

    expect(propertiesOf(stack)).toMatchObject({ TokenDomains: ['https://Example.com'] });
  });

  test('but count, and the names beside them are checked', () => {
    const stack = newStack();
    const token = new CfnParameter(stack, 'Domain').valueAsString;

    expect(() => addKey(stack, 'One', { tokenDomains: [...FIVE, token] })).toThrow(
      new Error('tokenDomains: expected 1 to 5 different domains, got 6'),
    );
    expect(() => addKey(stack, 'Two', { tokenDomains: ['co.uk', token] })).toThrow('public suffix "co.uk"');
    expect(() => addKey(stack, 'Three', { tokenDomains: ['a:1', token] })).toThrow('it has a port');
  });

  test('more than five are refused', () => {
    const stack = newStack();
    const tokenDomains = ['A', 'B', 'C', 'D', 'E', 'F'].map(id => new CfnParameter(stack, id).valueAsString);

    expect(() => addKey(stack, 'Key', { tokenDomains })).toThrow(
      new Error('tokenDomains: expected 1 to 5 different domains, got 6'),
    );
  });
});

describe('warnings', () => {
  const singleLabel = 'cdk-waf-captcha-api-key:singleLabel';
  const publicSuffix = 'cdk-waf-captcha-api-key:publicSuffix';
  const doubtful = [
    [
      'a single label',
      'localhost',
      singleLabel,
      'token domain "localhost" has a single label; AWS WAF may refuse it',
    ],
    [
      'a private suffix',
      'github.io',
      publicSuffix,
      'token domain "github.io" is a public suffix of the private section; AWS WAF may refuse it',
    ],
    [
      'an IP address',
      '192.0.2.1',
      'cdk-waf-captcha-api-key:ipAddress',
      'token domain "192.0.2.1" is an IP address; AWS WAF may refuse it',
    ],
  ] as const;

  test.each(doubtful)('%s is taken with a warning', (_, domain, id, message) => {
    const stack = stackWithKey({ tokenDomains: ['example.com', domain] });

    expect(warningsOf(stack)).toEqual([`${message} [ack: ${id}]`]);
    Findings.fromStack(stack).hasNoError('*', Match.anyValue());
    expect(propertiesOf(stack)).toMatchObject({ TokenDomains: ['example.com', domain] });
  });

  test.each(doubtful)('%s is taken in silence once acknowledged', (_, domain, id) => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: [domain] });
    Annotations.of(key).acknowledgeWarning(id);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('each doubtful domain has its own, and one acknowledgement leaves the other kind', () => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: ['localhost', 'intranet', 'github.io'] });
    Annotations.of(key).acknowledgeWarning(publicSuffix);

    expect(warningsOf(stack)).toEqual([
      `token domain "localhost" has a single label; AWS WAF may refuse it [ack: ${singleLabel}]`,
      `token domain "intranet" has a single label; AWS WAF may refuse it [ack: ${singleLabel}]`,
    ]);
  });

  test('there is none for ordinary domains, nor for a site below a private suffix', () => {
    const stack = stackWithKey({ tokenDomains: ['example.com', 'shop.example.co.uk', 'someone.github.io'] });

    expect(warningsOf(stack)).toEqual([]);
  });
});

function propertiesOf(stack: Stack): Record<string, unknown> {
  return theOnly('Custom::WafCaptchaApiKey', stack).Properties;
}

function warningsOf(stack: Stack): unknown[] {
  return Findings.fromStack(stack)
    .findWarning('/Stack/Key', Match.anyValue())
    .map(({ entry }) => entry.data);
}
