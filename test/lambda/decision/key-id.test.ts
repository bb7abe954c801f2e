import {
  adopted,
  digestOf,
  digestsIn,
  failedCreateId,
  failedRequestOf,
  locationOf,
  newKeyId,
  parseKeyId,
  returned,
  rotationOf,
  sameLocation,
} from '../../../lambda/decision/key-id';

const REGION = 'eu-west-1';
const digest = digestOf('key');
const regional = { location: locationOf('REGIONAL', REGION), digest };
const cloudfront = { location: locationOf('CLOUDFRONT', REGION), digest: digestOf('other') };
const base = `WafCaptchaApiKey/REGIONAL/eu-west-1/${digest}`;

test('an id has its segments in the order of the contract', () => {
  const label = rotationOf('2026');
  expect(newKeyId(regional)).toBe(base);
  expect(newKeyId(regional, label, { isImported: true, after: cloudfront })).toBe(
    `${base}/imported/rotation-${label}/after-c-${cloudfront.digest}`,
  );
  expect(newKeyId(cloudfront, '', { after: regional })).toBe(
    `WafCaptchaApiKey/CLOUDFRONT/us-east-1/${cloudfront.digest}/after-r-${digest}`,
  );
  expect(label).toMatch(/^[0-9a-f]{16}$/);
  expect(rotationOf(undefined)).toBe('');
  expect(rotationOf('2026')).not.toBe(rotationOf('2027'));
});

test('an id is read back, whatever a newer release adds', () => {
  const text = `${base}/new/adopted/rotation-0123456789abcdef/after-c-${cloudfront.digest}/returned-0/x`;
  expect(parseKeyId(text, REGION)).toEqual({
    ...regional,
    text,
    origin: 'adopted',
    rotation: '0123456789abcdef',
    after: cloudfront,
  });
  expect(parseKeyId(base, REGION)).toMatchObject({ origin: 'created', rotation: '', after: undefined });
  expect(parseKeyId(`${base}/imported`, REGION)).toMatchObject({ origin: 'imported' });
  expect(parseKeyId(newKeyId(cloudfront, '', { after: regional }), REGION)?.after).toEqual(regional);
});

test.each([
  'shop-CaptchaKey-1ABCDEFGHIJKL',
  'WafCaptchaApiKey/create-failed/request',
  `WafCaptchaApiKey/GLOBAL/eu-west-1/${digest}`,
  `WafCaptchaApiKey/REGIONAL/evil.example//${digest}`,
  `WafCaptchaApiKey/REGIONAL/eu-west-1/${digest.slice(1)}`,
  `WafCaptchaApiKey/REGIONAL/eu-west-1/${digest}0`,
  ` ${base}`,
  '',
])('%j names no key', text => {
  expect(parseKeyId(text, REGION)).toBeUndefined();
  expect(digestsIn(parseKeyId(text, REGION))).toEqual([]);
});

test('an adopted or returned id keeps the rest', () => {
  const id = parseKeyId(`${base}/imported/rotation-1/after-r-${digest}/returned-old`, REGION);
  if (!id) throw new Error('expected an id');
  expect(adopted(id)).toBe(`${base}/adopted/rotation-1/after-r-${digest}/returned-old`);
  expect(returned(id.text, 'request')).toBe(
    `${base}/imported/rotation-1/after-r-${digest}/returned-${digestOf('request').slice(0, 16)}`,
  );
  expect(digestsIn(id)).toEqual([digest, digest]);
});

test('the id of a failed Create gives its request back', () => {
  expect(failedRequestOf(failedCreateId('a/b'))).toBe('a/b');
  expect(failedRequestOf(base)).toBeUndefined();
});

test('a location is a scope in a Region', () => {
  const here = locationOf('REGIONAL', 'us-east-1');
  expect(sameLocation(here, { ...here })).toBe(true);
  expect(sameLocation(here, locationOf('CLOUDFRONT', 'eu-west-1'))).toBe(false);
  expect(sameLocation(here, locationOf('REGIONAL', 'eu-west-1'))).toBe(false);
});

test('a segment that only contains the form of another is unknown', () => {
  const id = parseKeyId(`${base}/x-after-r-${digest}/after-r-${digest}0`, REGION);
  expect(id?.after).toBeUndefined();
});
