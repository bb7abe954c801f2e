import { parseDesiredKey } from '../../../lambda/decision/desired-key';
import { rotationOf } from '../../../lambda/decision/key-id';

const properties = { Scope: 'REGIONAL', TokenDomains: ['example.com'] };
const parse = (more: object = {}) => parseDesiredKey({ ...properties, ...more }, 'eu-west-1');

test('properties say which key is desired, and unknown ones are ignored', () => {
  expect(parse({ ServiceToken: 'arn', New: 1 })).toEqual({
    location: { scope: 'REGIONAL', region: 'eu-west-1' },
    tokenDomains: ['example.com'],
    rotation: '',
    existingApiKey: undefined,
    keepPreviousKey: false,
  });
  expect(parse({ Scope: 'CLOUDFRONT' }).location).toEqual({ scope: 'CLOUDFRONT', region: 'us-east-1' });
  expect(parse({ TokenDomains: [' Ü.example ', 'A.example', 'a.example'] }).tokenDomains).toEqual([
    'xn--tda.example',
    'a.example',
  ]);
  expect(parse({ Rotation: '2' }).rotation).toBe(rotationOf('2'));
  expect(parse({ ExistingApiKey: ' key \n' }).existingApiKey).toBe('key');
});

test.each([
  ['true', true],
  [true, true],
  ['false', false],
  [false, false],
])('KeepPreviousKey %j is %j', (value, expected) => {
  expect(parse({ KeepPreviousKey: value }).keepPreviousKey).toBe(expected);
});

test.each<[object | string | null, string]>([
  ['text', 'ResourceProperties: expected an object, got "text"'],
  [null, 'ResourceProperties: expected an object, got null'],
  [{ ...properties, Scope: 'GLOBAL' }, 'Scope: expected REGIONAL or CLOUDFRONT, got "GLOBAL"'],
  [{ TokenDomains: [] }, 'Scope: expected REGIONAL or CLOUDFRONT, got nothing'],
  [
    { ...properties, TokenDomains: 'example.com' },
    'TokenDomains: expected a list of host names, got "example.com"',
  ],
  [
    { ...properties, TokenDomains: ['a.example', 1] },
    'TokenDomains: expected a list of host names, got ["a.example",1]',
  ],
  [{ ...properties, TokenDomains: [] }, 'okenDomains: expected 1 to 5 different domains, got 0'],
  [{ ...properties, Rotation: ' ' }, 'Rotation: expected a text that is not blank, got " "'],
  [{ ...properties, Rotation: 1 }, 'Rotation: expected a text that is not blank, got 1'],
  [{ ...properties, ExistingApiKey: ' ' }, 'ExistingApiKey: expected a text that is not blank, got string'],
  [
    { ...properties, ExistingApiKey: ['a-key'] },
    'ExistingApiKey: expected a text that is not blank, got object',
  ],
  [{ ...properties, KeepPreviousKey: 'yes' }, 'KeepPreviousKey: expected true or false, got "yes"'],
])('%j is refused', (given, expected) => {
  expect(() => parseDesiredKey(given, 'eu-west-1')).toThrow(expected);
});

test('what came is cut in messages', () => {
  expect(() => parse({ Scope: 'x'.repeat(10_000) })).toThrow(/^.{0,300}$/);
});
