import { PublicSuffix, publicSuffixOf } from '../../lib/public-suffix';

describe('publicSuffixOf', () => {
  test.each([
    ['a top-level domain', 'com'],
    ['a suffix of two labels', 'co.uk'],
    ['a government suffix', 'gov.au'],
    ['a name under a wildcard rule', 'foo.ck'],
    ['a wildcard rule below a country', 'foo.kawasaki.jp'],
    ['a top-level domain in punycode', 'xn--p1ai'],
    ['a suffix with a label in punycode', 'xn--55qx5d.cn'],
  ])('%s is in the ICANN section: %s', (_, domain) => {
    expect(publicSuffixOf(domain)).toBe(PublicSuffix.ICANN);
  });

  test.each([
    ['a hosting service', 'github.io'],
    ['a service of three labels', 's3.amazonaws.com'],
    ['a name under a wildcard rule', 'eu-west-1.compute.amazonaws.com'],
  ])('%s is in the private section: %s', (_, domain) => {
    expect(publicSuffixOf(domain)).toBe(PublicSuffix.PRIVATE);
  });

  test.each([
    ['a registrable domain', 'example.com'],
    ['a registrable domain below two labels', 'example.co.uk'],
    ['a host', 'shop.example.com'],
    ['an exception to a wildcard rule', 'www.ck'],
    ['an exception below a country', 'city.kawasaki.jp'],
    ['a site below a private suffix', 'someone.github.io'],
    ['a name in punycode', 'xn--mnchen-3ya.de'],
    ['a name with an underscore', '_preview.example.com'],
    ['a name under an unknown top-level domain', 'app.intranet'],
    ['a single label that is no top-level domain', 'localhost'],
    ['an address', '192.0.2.1'],
  ])('%s is not a suffix: %s', (_, domain) => {
    expect(publicSuffixOf(domain)).toBe(PublicSuffix.NONE);
  });
});
