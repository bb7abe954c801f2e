/** All time constants of the handler, in milliseconds. Tests assert what must hold between them. */

const SECOND = 1000;

/** How late a reading of CloudFormation's record may be. */
export const RECORD_LAG = 60 * SECOND;
/** How long a new key may take to be listed. */
export const LIST_LAG = 30 * SECOND;
/** Pauses before a key that seems absent is looked for again. */
export const ABSENCE_PAUSES = [2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND];
/** When the record is looked at, counted from the response. */
export const LOOKS = [4 * SECOND, 12 * SECOND, 30 * SECOND, RECORD_LAG];

/** How long CloudFormation waits for a response, from the signature of the response URL on. */
export const SERVICE_TIMEOUT = 3600 * SECOND;
/** How long the response URL is valid; needed if its signature gives only the expiry. */
export const RESPONSE_URL_LIFE = 7200 * SECOND;
/** How precise the signature's time is. */
export const SIGNATURE_PRECISION = SECOND;

/** How long a new role's permissions may take to arrive everywhere. AccessDenied for longer is a denial. */
export const PERMISSION_LAG = 60 * SECOND;
/** How long a request that was cancelled elsewhere keeps its role, so that it can clean up. */
export const CANCELLED_REQUEST_GRACE = 45 * SECOND;
/** How long a creation waits before it first checks whether its request still stands; doubled each time after that. */
export const FIRST_RECHECK = 20 * SECOND;

/** Pauses between readings that do not show the request yet. */
export const FIRST_READING_PAUSE = SECOND;
export const LONGEST_READING_PAUSE = 8 * SECOND;
/** Pauses between the attempts to send a response. */
export const FIRST_SENDING_PAUSE = 250;
export const LONGEST_SENDING_PAUSE = 8 * SECOND;
/** Pauses after errors of AWS other than a refusal for the quota. */
export const FIRST_RETRY_PAUSE = SECOND;
export const LONGEST_RETRY_PAUSE = 10 * SECOND;

/** How far WAF's clock may be from this one, including the truncation of its time stamps. */
export const CLOCK_SKEW = 2 * SECOND;

/** WAF's second per creation, plus how far apart the calls of one time slot may arrive. */
export const SLOT = 1050;
/** How long before its slot an attempt begins, so that the checks before the call do not make it late. */
export const SLOT_LEAD = 500;
/** By how much earlier the attempts of those begin who have got a call through: more than the way of calls varies. */
export const SLOT_ADVANCE = 100;
/** For how long they do. */
export const SUCCESS_MEMORY = 10 * SLOT;
/** How late a call may be and still belong to its slot. */
export const SLOT_TOLERANCE = 20;
/** How long a refusal for the quota indicates that others are creating keys too. */
export const REFUSAL_MEMORY = 60 * SECOND;

/** How one invocation's time is divided. */
export type TimeBudget = Readonly<ReturnType<typeof timeBudget>>;

/** The division of `total` milliseconds. Its parts shrink with it, since an aspect may cap the function's timeout. */
export function timeBudget(total: number) {
  const part = (full: number, share: number) => Math.min(full, total * share);
  const call = part(10 * SECOND, 1 / 6);
  const toUndo = part(12 * SECOND, 1 / 8);
  const toRespond = toUndo + part(12 * SECOND, 1 / 8);
  const absence = ABSENCE_PAUSES.reduce((sum, pause) => sum + pause);
  return {
    /** how long one call of AWS may take */
    call,
    /** what must be left when the function returns */
    toReturn: part(SECOND / 2, 1 / 60),
    /** what must be left when sending the response ends: time to look at the record and to undo a key */
    toUndo,
    /** what must be left when the work ends: time to send the response as well */
    toRespond,
    /** what must be left when CreateAPIKey is due: also time for the checks before it, the call and the last look */
    toCreate: toRespond + call + part(RECORD_LAG - toRespond + 18 * SECOND, 1 / 10),
    /** how long AccessDenied may last before it is a denial */
    denial: part(PERMISSION_LAG, 1 / 4),
    /** by how much the pauses before a key counts as absent shrink, from 0 to 1 */
    absenceScale: part(absence, 1 / 4) / absence,
    cancelledRequestGrace: part(CANCELLED_REQUEST_GRACE, 1 / 2),
  };
}
