import {
  WAFNonexistentItemException,
  WAFOptimisticLockException,
  WAFV2ServiceException,
} from '@aws-sdk/client-wafv2';

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

const THROTTLES = [
  'ThrottlingException',
  'ThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
];
const DENIALS = ['AccessDeniedException', 'UnrecognizedClientException'];

export function verdictOn(error: unknown): Verdict {
  if (error instanceof WAFNonexistentItemException) return Verdict.ABSENT;
  if (error instanceof WAFOptimisticLockException) return Verdict.CONFLICT;
  if (error instanceof WAFV2ServiceException) {
    if (THROTTLES.includes(error.name) || error.$metadata.httpStatusCode === 429) return Verdict.THROTTLED;
    if (DENIALS.includes(error.name)) return Verdict.DENIED;
    return isServerSide(error) ? Verdict.UNCLEAR : Verdict.REFUSED;
  }
  return error instanceof Error && error.name === 'CredentialsProviderError'
    ? Verdict.REFUSED
    : Verdict.UNCLEAR;
}

function isServerSide({ $fault, $metadata }: WAFV2ServiceException): boolean {
  return $fault === 'server' || ($metadata.httpStatusCode ?? 500) >= 500;
}
