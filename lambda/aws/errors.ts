/** What an error of a call says about its effect. */
export enum Verdict {
  /** refused for the quota: no effect */
  THROTTLED,
  /** refused for permissions, which may only not have arrived yet: no effect */
  DENIED,
  /** refused for good: no effect */
  REFUSED,
  /** no response, or one that does not tell: there may have been an effect */
  UNCLEAR,
}

/** A reason of the handler's own to stop: it is not tried again. */
export class Refusal extends Error {
  public override readonly name = 'Refusal';
}

/** The role may not make a call, and not only for a moment. */
export class Denial extends Error {
  public override readonly name = 'Denial';
}

const THROTTLED = /^(Throttl(ing|ingException|edException)|RequestLimitExceeded|TooManyRequestsException)$/;
const ACCESS_DENIED = /^AccessDenied(Exception)?$/;
const UNKNOWN_CREDENTIALS = /^(InvalidClientTokenId|UnrecognizedClientException)$/;
const REFUSED = /^(CredentialsProviderError|Refusal)$/;

export function verdictOn(error: unknown): Verdict {
  if (!(error instanceof Error) || REFUSED.test(error.name)) return Verdict.REFUSED;
  const status = statusOf(error);
  // guard: a quota is waited out
  if (THROTTLED.test(error.name) || status === 429) return Verdict.THROTTLED;
  // guard: permissions are waited for
  if (isAccessDenied(error) || UNKNOWN_CREDENTIALS.test(error.name)) return Verdict.DENIED;
  // another change came between: to be tried again like what is unclear
  // guard: a conflict is tried again
  if (error.name === 'WAFOptimisticLockException') return Verdict.UNCLEAR;
  const isRefused = status !== undefined && status >= 400 && status < 500 && status !== 408;
  return isRefused ? Verdict.REFUSED : Verdict.UNCLEAR;
}

/** The same error without its verdict: the call is tried again. */
export function repeatable({ name, message }: Error): Error {
  return Object.assign(new Error(message), { name });
}

export function isAccessDenied(error: unknown): boolean {
  return error instanceof Error && ACCESS_DENIED.test(error.name);
}

export function described(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The HTTP status of a service's response, which every error of the SDK's services carries. */
function statusOf(error: Error & { readonly $metadata?: { readonly httpStatusCode?: unknown } | null }) {
  const status = error.$metadata?.httpStatusCode;
  return typeof status === 'number' ? status : undefined;
}
