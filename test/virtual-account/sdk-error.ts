import {
  WAFInvalidParameterException,
  WAFNonexistentItemException,
  WAFOptimisticLockException,
} from '@aws-sdk/client-wafv2';

/** The exceptions of WAF's model that the handler tells apart. */
const MODELLED = [WAFInvalidParameterException, WAFNonexistentItemException, WAFOptimisticLockException];

/** An error as the SDK's clients throw it: with the service's name for it, and the status of the response. */
export function sdkError(name: string, message: string, httpStatusCode = 400): Error {
  const $metadata = { httpStatusCode };
  const Modelled = MODELLED.find(exception => exception.name === name);
  return Modelled
    ? new Modelled({ message, $metadata })
    : Object.assign(new Error(message), { name, $metadata });
}
