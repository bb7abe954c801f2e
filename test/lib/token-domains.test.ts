import { normalizeTokenDomains, sameTokenDomains } from '../../lib/token-domains';

const FIVE = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example'];

describe('normalizeTokenDomains', () => {
  test.each([
    ['white space around it goes', ' \texample.com\n', 'example.com'],
    ['upper case becomes lower case', 'Shop.EXAMPLE.com', 'shop.example.com'],
    ['an international name becomes punycode', 'münchen.de', 'xn--mnchen-3ya.de'],
    ['an international name in upper case does too', 'MÜNCHEN.DE', 'xn--mnchen-3ya.de'],
    ['a sharp s is kept apart from ss', 'faß.de', 'xn--fa-hia.de'],
    ['an ideographic full stop separates labels', 'example。com', 'example.com'],
    ['punycode stays as it is', 'XN--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['an underscore and digits are kept', '_a1.3com.example', '_a1.3com.example'],
    ['hyphens inside a label are kept', 'a--b.example', 'a--b.example'],
    ['a single label passes', 'localhost', 'localhost'],
    ['a label of 63 characters passes', `${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ])('%s', (_, given, normalized) => {
    expect(normalizeTokenDomains([given])).toEqual([normalized]);
  });

  test('a name of 253 characters passes', () => {
    const domain = longName(253);

    expect(normalizeTokenDomains([domain])).toEqual([domain]);
  });

  // the URL standard's parser would read the first two as IPv4 addresses and refuse the third
  test.each(['0x7f.1', '1.2.3', 'xn--a.example'])('a name in ASCII is not reinterpreted: %s', domain => {
    expect(normalizeTokenDomains([domain])).toEqual([domain]);
  });

  test('duplicates are dropped, and the order is kept', () => {
    expect(
      normalizeTokenDomains(['b.example', 'a.example', 'B.example ', 'ä.example', 'xn--4ca.example']),
    ).toEqual(['b.example', 'a.example', 'xn--4ca.example']);
  });

  test('names that are already normalised do not change', () => {
    const once = normalizeTokenDomains([' B.example', 'münchen.de', 'a.example']);

    expect(normalizeTokenDomains(once)).toEqual(once);
  });

  test('does not modify the given list', () => {
    const given = [' B.example', 'b.example'];

    normalizeTokenDomains(given);

    expect(given).toEqual([' B.example', 'b.example']);
  });
});

describe('the number of domains', () => {
  test('five pass', () => {
    expect(normalizeTokenDomains(FIVE)).toEqual(FIVE);
  });

  test('six of which two are equal pass', () => {
    expect(normalizeTokenDomains([...FIVE, ' A.Example'])).toEqual(FIVE);
  });

  test('six are refused', () => {
    expectRefusal(
      [...FIVE, 'f.example'],
      'tokenDomains: expected 1 to 5 different domains, got 6: a.example, b.example, c.example, d.example, e.example, f.example',
    );
  });

  test('an empty list is refused', () => {
    expectRefusal([], 'tokenDomains: expected 1 to 5 different domains, got 0');
  });
});

describe('a name that is not a bare host name is refused', () => {
  const label64 = 'a'.repeat(64);
  test.each([
    ['a scheme', 'https://example.com', 'it has a scheme'],
    ['a scheme in upper case', 'HTTPS://EXAMPLE.COM', 'it has a scheme'],
    ['a port', 'example.com:443', 'it has a port'],
    ['a path', 'example.com/shop', 'it has a path'],
    ['a slash at its end', 'example.com/', 'it has a path'],
    [
      'a wildcard',
      '*.example.com',
      'it has a wildcard; name the domain, whose key can serve its sub-domains',
    ],
    ['nothing', '', 'it is blank'],
    ['nothing but white space', ' \t ', 'it is blank'],
    ['a space inside', 'exam ple.com', 'it has white space'],
    ['a line break inside', 'example.com\nexample.org', 'it has white space'],
    ['a no-break space inside', 'exam\u00a0ple.com', 'it has white space'],
    ['a label of 64 characters', `${label64}.example`, `"${label64}" is not a valid label`],
    ['a hyphen at the start of a label', '-shop.example.com', '"-shop" is not a valid label'],
    ['a hyphen at the start of a later label', 'shop.-example.com', '"-example" is not a valid label'],
    ['a hyphen at the end of a label', 'shop-.example.com', '"shop-" is not a valid label'],
    ['a dot at its start', '.example.com', 'it begins with a dot'],
    ['a dot at its end', 'example.com.', 'it ends with a dot'],
    ['an ideographic full stop at its start', '。example.com', 'it begins with a dot'],
    ['an ideographic full stop at its end', 'example.com。', 'it ends with a dot'],
    ['two dots in a row', 'shop..example.com', '"" is not a valid label'],
    ['a user name', 'me@example.com', 'it has the character "@"'],
    ['a query', 'example.com?a=b', 'it has the character "?"'],
    ['a fragment', 'example.com#x', 'it has the character "#"'],
    ['a back slash', 'example.com\\x', 'it has the character "\\"'],
    ['a percent sign', 'shop%2eexample.com', 'it has the character "%"'],
    // the URL standard’s parser would cut these or decode them, and leave another name
    ['a fragment, international', 'ü.example.com#x', 'it has the character "#"'],
    ['a query, international', 'ü.example.com?x', 'it has the character "?"'],
    ['a back slash, international', 'ü.example.com\\x', 'it has the character "\\"'],
    ['a user name, international', 'ü.example.com@evil.com', 'it has the character "@"'],
    ['a percent sign, international', 'ü%2eexample.com', 'it has the character "%"'],
    ['a fragment in full width', 'ü.example.com＃x', 'it cannot be converted to punycode'],
    ['a percent sign in full width', 'ü％２ｅexample.com', 'it cannot be converted to punycode'],
    ['a slash in full width', 'münchen.de／shop', 'it cannot be converted to punycode'],
    ['254 characters', longName(254), 'it has 254 characters, at most 253 are allowed'],
    [
      'over 253 characters in punycode',
      `${'ü.'.repeat(31)}example`,
      'it has 255 characters, at most 253 are allowed',
    ],
  ])('with %s', (_, domain, problem) => {
    expectRefusal(
      [domain],
      `tokenDomains: expected a bare host name such as "example.com", got "${domain}": ${problem}`,
    );
  });

  test('all refused names are in one message', () => {
    expectRefusal(
      ['a:1', 'example.com', 'b/', 'a:1'],
      'tokenDomains: expected a bare host name such as "example.com", got "a:1": it has a port; "b/": it has a path; "a:1": it has a port',
    );
  });

  test('a refused name is quoted as written, even among valid names', () => {
    expectRefusal(
      ['example.com', ' Example.org:80 '],
      'tokenDomains: expected a bare host name such as "example.com", got " Example.org:80 ": it has a port',
    );
  });
});

describe('sameTokenDomains', () => {
  test.each([
    ['equal lists', ['a.example', 'b.example'], ['a.example', 'b.example']],
    ['another order', ['a.example', 'b.example'], ['b.example', 'a.example']],
    ['another letter case', ['A.example'], ['a.EXAMPLE']],
    ['repetitions', ['a.example', 'b.example', 'a.example'], ['b.example', 'A.example', 'a.example']],
    ['two empty lists', [], []],
  ])('%s are the same', (_, one, other) => {
    expect(sameTokenDomains(one, other)).toBe(true);
  });

  test.each([
    ['another name', ['a.example'], ['b.example']],
    ['one name more', ['a.example'], ['a.example', 'b.example']],
    ['one name less', ['a.example', 'b.example'], ['a.example']],
    ['as many names, not all equal', ['a.example', 'b.example'], ['a.example', 'c.example']],
    ['a repetition in place of a name', ['a.example', 'a.example'], ['a.example', 'b.example']],
    ['a sub-domain', ['example.com'], ['shop.example.com']],
    ['an empty list', ['a.example'], []],
  ])('%s is not the same', (_, one, other) => {
    expect(sameTokenDomains(one, other)).toBe(false);
  });
});

/** A well-formed name of so many characters. */
function longName(length: number): string {
  return `${'a.'.repeat(length).slice(0, length - 2)}bb`;
}

function expectRefusal(domains: string[], message: string): void {
  expect(() => normalizeTokenDomains(domains)).toThrow(new Error(message));
}
