import {
  WAFInternalErrorException,
  WAFLimitsExceededException,
  WAFNonexistentItemException,
  WAFOptimisticLockException,
} from '@aws-sdk/client-wafv2';
import { Refusal, Verdict, verdictOn } from '../../lambda/aws-error';

const answered = (httpStatusCode: number | undefined, name = 'SomeException') =>
  Object.assign(new Error('answered'), { name, $metadata: { httpStatusCode } });
const waf = (status: number) => ({ message: 'no', $metadata: { httpStatusCode: status } });

test.each<[string, unknown, Verdict]>([
  ['a missing key', new WAFNonexistentItemException(waf(400)), Verdict.ABSENT],
  ['a conflict', new WAFOptimisticLockException(waf(400)), Verdict.CONFLICT],
  ['an internal error', new WAFInternalErrorException(waf(500)), Verdict.UNCLEAR],
  ['a limit', new WAFLimitsExceededException(waf(400)), Verdict.REFUSED],
  ['an unmodelled 400', answered(400), Verdict.REFUSED],
  ['an unmodelled 404', answered(404), Verdict.REFUSED],
  ['an unmodelled 499', answered(499), Verdict.REFUSED],
  ['an unmodelled 500', answered(500), Verdict.UNCLEAR],
  ['an unmodelled 503', answered(503), Verdict.UNCLEAR],
  ['an answer that could not be read', answered(200, 'SyntaxError'), Verdict.UNCLEAR],
  ['a 429', answered(429), Verdict.THROTTLED],
  ['an answer without a status', answered(undefined), Verdict.UNCLEAR],
  ['metadata of another kind', Object.assign(new Error(), { $metadata: null }), Verdict.UNCLEAR],
  ['metadata that is a text', Object.assign(new Error(), { $metadata: 'text' }), Verdict.UNCLEAR],
  ['metadata without a status', Object.assign(new Error(), { $metadata: {} }), Verdict.UNCLEAR],
  [
    'a status that is a text',
    Object.assign(new Error(), { $metadata: { httpStatusCode: '400' } }),
    Verdict.UNCLEAR,
  ],
  ['a broken connection', Object.assign(new Error(), { code: 'ECONNRESET' }), Verdict.UNCLEAR],
  ['a module that is missing', Object.assign(new Error(), { code: 'ERR_MODULE_NOT_FOUND' }), Verdict.REFUSED],
  ['a script that is missing', Object.assign(new Error(), { code: 'MODULE_NOT_FOUND' }), Verdict.REFUSED],
  ['missing credentials', Object.assign(new Error(), { name: 'CredentialsProviderError' }), Verdict.REFUSED],
  ['a refusal of our own', new Refusal('no'), Verdict.REFUSED],
  ['what is no error', 'text', Verdict.REFUSED],
])('%s', (_what, error, verdict) => {
  expect(Verdict[verdictOn(error)]).toBe(Verdict[verdict]);
});

test.each([
  'RequestLimitExceeded',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
])('%s is a throttle', name => {
  expect(verdictOn(answered(400, name))).toBe(Verdict.THROTTLED);
});

test.each(['AccessDenied', 'AccessDeniedException', 'UnrecognizedClientException'])(
  '%s is a denial',
  name => {
    expect(verdictOn(answered(403, name))).toBe(Verdict.DENIED);
  },
);
