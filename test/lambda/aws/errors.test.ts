import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { Denial, described, isAccessDenied, Refusal, Verdict, verdictOn } from '../../../lambda/aws/errors';
import { AwsError, jsonError, queryError } from '../../../local-aws/aws-error';
import { ConnectionFault } from '../../../local-aws/faults';
import type { Service } from '../../../local-aws/service';
import { inProcessSettings } from '../../virtual-account/in-process-settings';
import { VirtualClock } from '../../virtual-account/virtual-clock';

/** What the real client of WAF throws when this is the answer. */
function ofWaf(service: Service): Promise<unknown> {
  const client = new WAFV2Client(inProcessSettings('wafv2', 'eu-west-1', service, new VirtualClock()));
  return client.send(new ListAPIKeysCommand({ Scope: 'REGIONAL' })).catch((error: unknown) => error);
}

/** What the real client of CloudFormation throws when this is the answer. */
function ofCloudFormation(service: Service): Promise<unknown> {
  const settings = inProcessSettings('cloudformation', 'eu-west-1', service, new VirtualClock());
  const client = new CloudFormationClient(settings);
  return client.send(new DescribeStacksCommand({ StackName: 'shop' })).catch((error: unknown) => error);
}

type Answer = [code: string, status: number, verdict: keyof typeof Verdict];

const answers: Answer[] = [
  ['ThrottlingException', 400, 'THROTTLED'],
  ['ThrottledException', 400, 'THROTTLED'],
  ['Throttling', 400, 'THROTTLED'],
  ['RequestLimitExceeded', 503, 'THROTTLED'],
  ['TooManyRequestsException', 429, 'THROTTLED'],
  ['SomeException', 429, 'THROTTLED'],
  ['AccessDenied', 403, 'DENIED'],
  ['AccessDeniedException', 400, 'DENIED'],
  ['UnrecognizedClientException', 400, 'DENIED'],
  ['InvalidClientTokenId', 403, 'DENIED'],
  ['ExpiredToken', 403, 'REFUSED'],
  ['ExpiredTokenException', 400, 'REFUSED'],
  ['ValidationError', 400, 'REFUSED'],
  ['SomeException', 400, 'REFUSED'],
  ['SomeException', 404, 'REFUSED'],
  ['SomeException', 499, 'REFUSED'],
  ['RequestTimeoutException', 408, 'UNCLEAR'],
  ['SomeException', 500, 'UNCLEAR'],
  ['ServiceUnavailable', 503, 'UNCLEAR'],
];

test.each(answers)('%s with status %d is %s, from WAF', async (code, status, verdict) => {
  const error = await ofWaf(async () => jsonError(new AwsError(code, 'no', status)));

  expect(Verdict[verdictOn(error)]).toBe(verdict);
});

test.each(answers)('%s with status %d is %s, from CloudFormation', async (code, status, verdict) => {
  const error = await ofCloudFormation(async () => queryError(new AwsError(code, 'no', status)));

  expect(Verdict[verdictOn(error)]).toBe(verdict);
});

test.each<Answer>([
  ['WAFOptimisticLockException', 400, 'UNCLEAR'],
  ['WAFNonexistentItemException', 400, 'REFUSED'],
  ['WAFLimitsExceededException', 400, 'REFUSED'],
  ['WAFInvalidOperationException', 400, 'REFUSED'],
  ['WAFInternalErrorException', 500, 'UNCLEAR'],
])('%s of WAF with status %d is %s', async (code, status, verdict) => {
  const error = await ofWaf(async () => jsonError(new AwsError(code, 'no', status)));

  expect(Verdict[verdictOn(error)]).toBe(verdict);
});

test.each<[string, Service]>([
  ['cut off', () => Promise.reject(new ConnectionFault('cut'))],
  ['not in JSON', async () => ({ status: 200, body: '<html>' })],
  ['an error of a proxy', async () => ({ status: 502, body: '<html>' })],
  ['an error of no content', async () => ({ status: 500 })],
])('a response that is %s is unclear', async (_what, service) => {
  expect(verdictOn(await ofWaf(service))).toBe(Verdict.UNCLEAR);
});

test.each<[string, unknown, Verdict]>([
  ['an error of the connection', Object.assign(new Error(), { code: 'ECONNRESET' }), Verdict.UNCLEAR],
  ['metadata of nothing', Object.assign(new Error(), { $metadata: null }), Verdict.UNCLEAR],
  ['metadata that is a text', Object.assign(new Error(), { $metadata: 'text' }), Verdict.UNCLEAR],
  ['metadata without a status', Object.assign(new Error(), { $metadata: {} }), Verdict.UNCLEAR],
  [
    'a status in words',
    Object.assign(new Error(), { $metadata: { httpStatusCode: '400' } }),
    Verdict.UNCLEAR,
  ],
  ['no credentials', Object.assign(new Error(), { name: 'CredentialsProviderError' }), Verdict.REFUSED],
  ['a reason of the handler’s own', new Refusal('no'), Verdict.REFUSED],
  ['a text', 'text', Verdict.REFUSED],
])('%s', (_what, error, verdict) => {
  expect(Verdict[verdictOn(error)]).toBe(Verdict[verdict]);
});

test.each([
  ['AccessDenied', 403, true],
  ['AccessDeniedException', 400, true],
  ['ExpiredToken', 403, false],
  ['UnrecognizedClientException', 403, false],
  ['InvalidClientTokenId', 403, false],
  ['Throttling', 400, false],
  ['InternalFailure', 500, false],
])('whether %s with status %d means missing permissions: %p', async (code, status, expected) => {
  const error = await ofCloudFormation(async () => queryError(new AwsError(code, 'no', status)));

  expect(isAccessDenied(error)).toBe(expected);
});

test('is described with its name and message', () => {
  expect(described(new Denial('no'))).toBe('Denial: no');
  expect(described('text')).toBe('text');
});
