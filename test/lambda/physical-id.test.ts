import {
  existingIdOf,
  failedCreateId,
  isFailedCreateId,
  isKeyOf,
  locationOf,
  parsePhysicalId,
  physicalIdOf,
  referenceIn,
  sameLocation,
} from '../../lambda/physical-id';

const location = locationOf('REGIONAL', 'eu-west-1');

test('the id of a key never changes: deployed stacks hold it', () => {
  expect(physicalIdOf(location, 'AbC+/=_0_1')).toBe(
    'WafCaptchaApiKey/REGIONAL/eu-west-1/aa8002e3b8d4ec733275881a0b7ca0c4802309ce1c7c1163bee7d5782dcc8500',
  );
});

test('the id of a key made elsewhere never changes, and says so', () => {
  const id = existingIdOf(location, 'AbC+/=_0_1');
  expect(id).toBe(
    'WafCaptchaApiKey/REGIONAL/eu-west-1/existing/aa8002e3b8d4ec733275881a0b7ca0c4802309ce1c7c1163bee7d5782dcc8500',
  );
  expect(parsePhysicalId(id)?.isExisting).toBe(true);
  expect(parsePhysicalId(physicalIdOf(location, 'key'))?.isExisting).toBe(false);
});

test('an id is read in its own location only', () => {
  const id = physicalIdOf(location, 'key');
  expect(isKeyOf(referenceIn(location, id))('key')).toBe(true);
  expect(referenceIn(locationOf('CLOUDFRONT', 'eu-west-1'), id)).toBeUndefined();
  expect(referenceIn(location, 'shop-CaptchaKey-1A2B3C4D5E6F7')).toBeUndefined();
});

test('the id of the longest key is within the 1 KB that CloudFormation allows', () => {
  expect(physicalIdOf(locationOf('CLOUDFRONT', 'ap-southeast-7'), 'k'.repeat(2048)).length).toBeLessThan(
    1024,
  );
});

test.each([physicalIdOf, existingIdOf])('an id leads back to its key, and to no other', idOf => {
  const reference = parsePhysicalId(idOf(location, 'key'));

  expect(reference?.location).toEqual({ scope: 'REGIONAL', region: 'eu-west-1' });
  expect(isKeyOf(reference)('key')).toBe(true);
  expect(isKeyOf(reference)('Key')).toBe(false);
});

test.each([
  failedCreateId('request'),
  'shop-CaptchaKey-1A2B3C4D5E6F7',
  'WafCaptchaApiKey/REGIONAL/eu-west-1/abc',
  `WafCaptchaApiKey/GLOBAL/eu-west-1/${'0'.repeat(64)}`,
  `WafCaptchaApiKey/REGIONAL/eu-west-1/other/${'0'.repeat(64)}`,
  `x/WafCaptchaApiKey/REGIONAL/eu-west-1/${'0'.repeat(64)}`,
  `WafCaptchaApiKey/REGIONAL/eu-west-1/${'0'.repeat(64)}/x`,
  `WafCaptchaApiKey/REGIONAL/eu-west-1/${'0'.repeat(65)}`,
  '',
])('%p names no key', id => {
  const reference = parsePhysicalId(id);

  expect(reference).toBeUndefined();
  expect(isKeyOf(reference)('key')).toBe(false);
});

test('a key of scope CLOUDFRONT lives in us-east-1', () => {
  expect(locationOf('CLOUDFRONT', 'eu-west-1')).toEqual({ scope: 'CLOUDFRONT', region: 'us-east-1' });
});

test('a location is the same in scope and Region, or another', () => {
  const northern = locationOf('REGIONAL', 'eu-north-1');
  const virginian = locationOf('REGIONAL', 'us-east-1');
  expect(sameLocation(location, locationOf('REGIONAL', 'eu-west-1'))).toBe(true);
  expect(sameLocation(location, northern)).toBe(false);
  expect(sameLocation(virginian, locationOf('CLOUDFRONT', 'eu-west-1'))).toBe(false);
});

test('the id of a failed Create is told apart from an invented one', () => {
  expect(failedCreateId('request')).toBe('WafCaptchaApiKey/create-failed/request');
  expect(isFailedCreateId(failedCreateId('request'))).toBe(true);
  expect(isFailedCreateId('shop-CaptchaKey-1A2B3C4D5E6F7')).toBe(false);
  expect(isFailedCreateId(`x${failedCreateId('request')}`)).toBe(false);
});
