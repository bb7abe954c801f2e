import { Annotations, CfnParameter, Fn, Lazy, type Stack, Token } from 'aws-cdk-lib';
import { Annotations as Findings, Match } from 'aws-cdk-lib/assertions';
import { addKey, newStack, problemsOf, resourcesOf, stackWithKey, theOnly } from './synthesize';

/** What `StringParameter.valueFromLookup` gives before the CLI has looked. */
const dummy = 'dummy-value-for-/shop/domains';
const FIVE = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];

describe('token domains', () => {
  test('are trimmed, in lower case and punycode, deduplicated and sorted', () => {
    const tokenDomains = [' Shop.Example.com', 'MÜNCHEN.de', 'example.com', 'shop.example.com '];

    expect(propertiesOf(stackWithKey({ tokenDomains }))).toMatchObject({
      TokenDomains: ['example.com', 'shop.example.com', 'xn--mnchen-3ya.de'],
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
      'tokenDomains: expected a bare host name such as "example.com", got "co.uk": it is a public suffix',
    ],
    [
      'a top-level domain in upper case',
      ['COM'],
      'tokenDomains: expected a bare host name such as "example.com", got "COM": it is a public suffix',
    ],
    [
      'a name under a wildcard rule',
      ['foo.ck'],
      'tokenDomains: expected a bare host name such as "example.com", got "foo.ck": it is a public suffix',
    ],
    [
      'an international public suffix',
      ['公司.cn'],
      'tokenDomains: expected a bare host name such as "example.com", got "公司.cn": it is a public suffix',
    ],
  ])('are refused before anything is built: %s', (_, tokenDomains, message) => {
    const stack = newStack();

    expect(() => addKey(stack, 'Key', { tokenDomains })).toThrow(new Error(`Stack/Key: ${message}`));
    expect(resourcesOf(stack)).toEqual({});
  });
});

test('the order of the names makes no difference in the template', () => {
  const [one, other] = [FIVE, FIVE.toReversed()].map(tokenDomains =>
    resourcesOf(stackWithKey({ tokenDomains })),
  );

  expect(JSON.stringify(one)).toBe(JSON.stringify(other));
});

test('nor does the order of names that are produced late, nor their letter case or repetitions', () => {
  const late = (domain: string) => Lazy.string({ produce: () => domain });
  const lists = [
    Lazy.list({ produce: () => ['b.example', 'A.example'] }),
    Lazy.list({ produce: () => [' a.example', 'b.example', 'B.example'] }),
    [late('B.Example'), late('a.example')],
    ['b.example', late('A.example')],
    ['b.example', late('B.example'), 'a.example'],
  ];

  for (const tokenDomains of lists) {
    expect(propertiesOf(stackWithKey({ tokenDomains }))).toMatchObject({
      TokenDomains: ['a.example', 'b.example'],
    });
  }
});

test('names that are produced late are ahead of those known only at deployment', () => {
  const stack = newStack();
  const tokenDomains = [
    new CfnParameter(stack, 'Domain').valueAsString,
    Lazy.string({ produce: () => 'B.example' }),
  ];
  addKey(stack, 'Key', { tokenDomains });

  expect(propertiesOf(stack)).toMatchObject({ TokenDomains: ['b.example', { Ref: 'Domain' }] });
});

test('every wrong name is in the message, including public suffixes', () => {
  expect(() => stackWithKey({ tokenDomains: ['co.uk', 'example.com', 'a:1', '.example.org'] })).toThrow(
    new Error(
      'Stack/Key: tokenDomains: expected a bare host name such as "example.com", got "co.uk": it is a public suffix; ' +
        '"a:1": it has a port; ".example.org": it begins with a dot',
    ),
  );
});

describe('a list token', () => {
  const listToken = () => Fn.split(',', Fn.importValue('domains'));
  const mixed = 'Stack/Key: tokenDomains: expected either a list token or names, got a mix of both';

  test.each([
    ['spread before a name', () => [...listToken(), 'example.com']],
    ['spread after a name', () => ['example.com', ...listToken()]],
    ['spread beside a token', () => [...listToken(), Fn.importValue('domain')]],
    ['each name of which gets a label', () => listToken().map(domain => `shop.${domain}`)],
  ])('%s is refused', (_, tokenDomains) => {
    expect(() => stackWithKey({ tokenDomains: tokenDomains() })).toThrow(new Error(mixed));
  });

  test('that is spread alone is the list itself', () => {
    expect(propertiesOf(stackWithKey({ tokenDomains: [...listToken()] }))).toMatchObject({
      TokenDomains: { 'Fn::Split': [',', { 'Fn::ImportValue': 'domains' }] },
    });
  });
});

describe('names that are only known at the end of synthesis are checked there', () => {
  const late = (domain: string | undefined) => Lazy.string({ produce: () => domain });
  const lateList = (domains: string[] | undefined) =>
    Lazy.list({ produce: () => domains }, { omitEmpty: false });

  test.each([
    ['a wrong name', [late('https://example.com')], 'got "https://example.com": it has a scheme'],
    [
      'wrong names in a list',
      lateList(['a:1', 'co.uk']),
      'got "a:1": it has a port; "co.uk": it is a public suffix',
    ],
    ['too many in a list', lateList([...FIVE, 'f.example']), 'expected 1 to 5 different domains, got 6: '],
    ['none in a list', lateList([]), 'expected 1 to 5 different domains, got 0'],
    [
      'what is no name in a list',
      Lazy.any({ produce: () => [1, null, ['a'], {}, 'example.com'] }),
      'got 1: it is not a string; null: it is not a string; ["a"]: it is not a string; {}: it is not a string',
    ],
    ['no list', lateList(undefined), 'expected a list of host names, got undefined'],
  ])('%s', (_, domains, message) => {
    const tokenDomains = Array.isArray(domains) ? domains : Token.asList(domains);
    const problems = problemsOf(stackWithKey({ tokenDomains }));

    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems[0]).toMatch(/^tokenDomains: /);
  });

  test('too many with those known before', () => {
    const tokenDomains = ['a.example', 'b.example', 'c.example', late('d.example'), lazyIntrinsic('D')];

    expect(problemsOf(stackWithKey({ tokenDomains }))).toEqual([]);
    expect(problemsOf(stackWithKey({ tokenDomains: [...tokenDomains, late('e.example')] }))).toEqual([
      'tokenDomains: expected 1 to 5 different domains, got 6',
    ]);
  });

  test('six of which two are equal', () => {
    expect(problemsOf(stackWithKey({ tokenDomains: [...FIVE, late('E.example')] }))).toEqual([]);
  });

  test('valid names, and names that stay tokens', () => {
    for (const tokenDomains of [
      [late('Example.com')],
      lateList(FIVE),
      [late('a.example'), lazyIntrinsic('D')],
    ]) {
      const stack = stackWithKey({ tokenDomains });

      expect(problemsOf(stack)).toEqual([]);
      expect(warningsOf(stack)).toEqual([]);
    }
  });

  test('with the same warnings as known names, each once', () => {
    const stack = stackWithKey({ tokenDomains: ['localhost', late('github.io'), late('intranet')] });

    expect(problemsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([
      expect.stringContaining('"github.io" is a public suffix'),
      expect.stringContaining('"intranet" has a single label'),
      expect.stringContaining('"localhost" has a single label'),
    ]);
  });

  function lazyIntrinsic(id: string): string {
    return Lazy.string({ produce: () => Fn.ref(id) });
  }
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

  test.each([
    ['an element', [dummy]],
    ['split', dummy.split(',')],
    ['part of a name', [`shop.${dummy}`]],
    ['in upper case', [dummy.toUpperCase()]],
    ['among names', ['example.com', dummy]],
  ])('a parameter that the CLI is still to look up, %s', (_, tokenDomains) => {
    const stack = stackWithKey({ tokenDomains });

    expect(propertiesOf(stack)).toMatchObject({ TokenDomains: tokenDomains });
    expect(problemsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([]);
  });

  test('but are counted, and the other names are checked', () => {
    const stack = newStack();
    const token = new CfnParameter(stack, 'Domain').valueAsString;
    addKey(stack, 'One', { tokenDomains: [...FIVE, token] });

    expect(problemsOf(stack)).toEqual(['tokenDomains: expected 1 to 5 different domains, got 6']);
    expect(() => addKey(stack, 'Two', { tokenDomains: ['co.uk', token] })).toThrow(
      '"co.uk": it is a public suffix',
    );
    expect(() => addKey(stack, 'Three', { tokenDomains: ['a:1', token] })).toThrow('it has a port');
  });

  test('more than five are refused', () => {
    const stack = newStack();
    const tokenDomains = ['A', 'B', 'C', 'D', 'E', 'F'].map(id => new CfnParameter(stack, id).valueAsString);
    addKey(stack, 'Key', { tokenDomains });

    expect(problemsOf(stack)).toEqual(['tokenDomains: expected 1 to 5 different domains, got 6']);
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
      'token domain "github.io" is a public suffix in the private section; AWS WAF may refuse it',
    ],
    [
      'an IP address',
      '192.0.2.1',
      'cdk-waf-captcha-api-key:ipAddress',
      'token domain "192.0.2.1" is an IP address; AWS WAF may refuse it',
    ],
    [
      'an IP address in a short form',
      '127.1',
      'cdk-waf-captcha-api-key:ipAddress',
      'token domain "127.1" is an IP address; AWS WAF may refuse it',
    ],
    [
      'an IP address with a hexadecimal number',
      '0x7f.0x1',
      'cdk-waf-captcha-api-key:ipAddress',
      'token domain "0x7f.0x1" is an IP address; AWS WAF may refuse it',
    ],
  ] as const;

  test.each(doubtful)('%s is taken with a warning', (_, domain, id, message) => {
    const stack = stackWithKey({ tokenDomains: ['example.com', domain] });

    expect(warningsOf(stack)).toEqual([`${message} [ack: ${id}]`]);
    Findings.fromStack(stack).hasNoError('*', Match.anyValue());
    expect(propertiesOf(stack)).toMatchObject({ TokenDomains: ['example.com', domain].sort() });
  });

  test.each(doubtful)('%s is taken in silence once acknowledged', (_, domain, id) => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: [domain] });
    Annotations.of(key).acknowledgeWarning(id);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('a name that is produced late is taken in silence once acknowledged', () => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: [Lazy.string({ produce: () => 'intranet' })] });
    Annotations.of(key).acknowledgeWarning(singleLabel);

    expect(warningsOf(stack)).toEqual([]);
  });

  test('an IP address in full-width digits counts as one', () => {
    const stack = stackWithKey({ tokenDomains: ['１２７.1'] });

    expect(warningsOf(stack)).toEqual([expect.stringContaining('"127.0.0.1" is an IP address')]);
  });

  test('each doubtful domain gets its own, and acknowledging one kind leaves the other', () => {
    const stack = newStack();
    const key = addKey(stack, 'Key', { tokenDomains: ['localhost', 'intranet', 'github.io'] });
    Annotations.of(key).acknowledgeWarning(publicSuffix);

    expect(warningsOf(stack)).toEqual([
      `token domain "intranet" has a single label; AWS WAF may refuse it [ack: ${singleLabel}]`,
      `token domain "localhost" has a single label; AWS WAF may refuse it [ack: ${singleLabel}]`,
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

function warningsOf(stack: Stack): string[] {
  return Findings.fromStack(stack)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data))
    .filter(data => data.includes('cdk-waf-captcha-api-key:'));
}
