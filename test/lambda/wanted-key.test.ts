import {
  existingApiKeyIn,
  MalformedProperties,
  parseWantedKey,
  readWantedKey,
  requestOf,
  sameButForOrigin,
  sameWantedKey,
} from '../../lambda/wanted-key';
import { properties } from './event';

const wanted = parseWantedKey(properties());
const request = {
  type: 'Create',
  requestId: 'request',
  requestedAt: undefined,
  stackId: 'stack',
  stackRegion: 'eu-west-1',
  logicalResourceId: 'CaptchaKey',
  properties: properties(),
} as const;
const { asksFor } = requestOf(request);
const with_ = (more: object) => parseWantedKey({ ...properties(), ...more });

test.each([[undefined], [null], ['text'], [['list']], [7]])('%p is no properties', value => {
  expect(() => parseWantedKey(value)).toThrow(
    new MalformedProperties(
      `ResourceProperties: expected an object, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
    ),
  );
});

test('an error shows no more than the beginning of a long value', () => {
  const scope = 'x'.repeat(1000);
  expect(() => parseWantedKey(properties(['a.de'], scope))).toThrow(/got "x{199}$/);
});

test('an error of the domains names the property, once', () => {
  expect(() => parseWantedKey(properties(['tokenDomains:1']))).toThrow(
    'TokenDomains: expected a bare host name such as "example.com", got "tokenDomains:1": it has a port',
  );
  expect(() => parseWantedKey(properties([]))).toThrow(MalformedProperties);
});

test.each(['Rotation', 'ExistingApiKey'])('%s is a text that is not empty', name => {
  for (const value of ['', 7, null, {}]) {
    expect(() => with_({ [name]: value })).toThrow(
      `${name}: expected a text that is not empty, got ${JSON.stringify(value)}`,
    );
  }
  expect(with_({ [name]: 'text' })).not.toEqual(wanted);
});

test('a malformed wish is read as none, and other faults are thrown', () => {
  expect(readWantedKey(properties([]))).toBeUndefined();
  expect(readWantedKey(properties())).toEqual(wanted);
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new RangeError('trap');
      },
    },
  );
  expect(() => readWantedKey(trap)).toThrow(RangeError);
});

test.each<[string, object, boolean, boolean]>([
  ['the same', {}, true, true],
  ['another letter case', { TokenDomains: ['EXAMPLE.com'] }, true, true],
  ['other domains', { TokenDomains: ['example.org'] }, false, false],
  ['another scope', { Scope: 'CLOUDFRONT' }, false, false],
  ['a rotation', { Rotation: '1' }, false, false],
  ['an existing key', { ExistingApiKey: 'k' }, false, true],
])('%s: the same key or the same but for its origin', (_what, more, same, sameButOrigin) => {
  expect(sameWantedKey(with_(more), wanted)).toBe(same);
  expect(sameButForOrigin(with_(more), wanted)).toBe(sameButOrigin);
});

test.each<[string, object, boolean]>([
  ['the same', {}, true],
  ['the same of a newer version', { Novelty: '1', ServiceTimeout: 3600 }, true],
  ['the same in other words', { TokenDomains: ['EXAMPLE.com'] }, false],
  ['other domains', { TokenDomains: ['example.org'] }, false],
  ['another scope', { Scope: 'CLOUDFRONT' }, false],
  ['a rotation', { Rotation: '1' }, false],
  ['an existing key', { ExistingApiKey: 'k' }, false],
])('%s: the properties of a request or of another', (_what, more, isOwn) => {
  expect(asksFor({ ...properties(), ...more })).toBe(isOwn);
});

test('properties that cannot be read may ask for the same', () => {
  expect(asksFor(properties([]))).toBe(true);
});

describe('properties of which a word is hidden', () => {
  const labelled = { ...properties(), Rotation: 'spring' };
  const { asksFor: asksForLabelled } = requestOf({ ...request, properties: labelled });

  test.each(['****', 'v-*****', '{{resolve:ssm:/rotation:1}}'])('may ask for the same: %s', shown => {
    expect(asksForLabelled({ ...labelled, Rotation: shown })).toBe(true);
  });

  test('do not ask for the same where another word differs', () => {
    expect(asksForLabelled({ ...labelled, Rotation: '****', Scope: 'CLOUDFRONT' })).toBe(false);
  });

  test('do not ask for the same as ones that lack the word', () => {
    expect(asksFor({ ...labelled, Rotation: '****' })).toBe(false);
    expect(asksForLabelled(properties())).toBe(false);
  });
});

test.each([
  [{ ExistingApiKey: 'k', Scope: 'nonsense' }, 'k'],
  [{ ExistingApiKey: 7 }, undefined],
  [{}, undefined],
  [null, undefined],
  [undefined, undefined],
  ['text', undefined],
])('the existing key in %p is %p', (value, expected) => {
  expect(existingApiKeyIn(value)).toBe(expected);
});
