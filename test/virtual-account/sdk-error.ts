import {
  WAFInvalidParameterException,
  WAFNonexistentItemException,
  WAFOptimisticLockException,
} from '@aws-sdk/client-wafv2';

/** An error as the SDK's clients throw it: with the service's name for it, and the status of the response. */
export function sdkError(name: string, message: string, httpStatusCode = 400): Error {
  const $metadata = { httpStatusCode };
  if (name === 'WAFNonexistentItemException') return new WAFNonexistentItemException({ message, $metadata });
  if (name === 'WAFOptimisticLockException') return new WAFOptimisticLockException({ message, $metadata });
  if (name === 'WAFInvalidParameterException')
    return new WAFInvalidParameterException({ message, $metadata });
  return Object.assign(new Error(message), { name, $metadata });
}
