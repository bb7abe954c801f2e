import { WAFNonexistentItemException, WAFOptimisticLockException } from '@aws-sdk/client-wafv2';

/** What an error of a call says about its effect. */
export enum Verdict {
  /** refused for the quota: no effect */
  THROTTLED,
  /** refused for permissions, which may only not have arrived yet: no effect */
  DENIED,
  /** refused because another change came between: no effect */
  CONFLICT,
  /** there is no such key */
  ABSENT,
  /** refused for good: no effect */
  REFUSED,
  /** no answer, or one that does not tell: there may have been an effect */
  UNCLEAR,
}

/** A reason of our own to stop: it is not tried again. */
export class Refusal extends Error {
  public override readonly name = 'Refusal';
}

const THROTTLES = [
  'RequestLimitExceeded',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
];
const DENIALS = ['AccessDenied', 'AccessDeniedException', 'UnrecognizedClientException'];
const REFUSALS = ['CredentialsProviderError', 'Refusal'];
const LOADING_FAILURES = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

export function verdictOn(error: unknown): Verdict {
  if (error instanceof WAFNonexistentItemException) return Verdict.ABSENT;
  if (error instanceof WAFOptimisticLockException) return Verdict.CONFLICT;
  if (!(error instanceof Error) || REFUSALS.includes(error.name)) return Verdict.REFUSED;
  if ('code' in error && LOADING_FAILURES.some(code => code === error.code)) return Verdict.REFUSED;
  const status = statusOf(error);
  if (THROTTLES.includes(error.name) || status === 429) return Verdict.THROTTLED;
  if (DENIALS.includes(error.name)) return Verdict.DENIED;
  return status !== undefined && status >= 400 && status < 500 ? Verdict.REFUSED : Verdict.UNCLEAR;
}

/** The HTTP status of a service's answer; every error that a service of the SDK answers carries it. */
function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const { $metadata } = error;
  if (typeof $metadata !== 'object' || $metadata === null || !('httpStatusCode' in $metadata))
    return undefined;
  return typeof $metadata.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}
