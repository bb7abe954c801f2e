/** Longer than the second that WAF gives to a creation by what calls of one step may arrive apart. */
const STEP = 1050;
/** How long before its step an attempt begins, so that what it has to ask first does not make it late. */
const LEAD = 500;
/** How late a call may be and still belong to its step. */
const TOLERANCE = 20;
/** The part of the time waited so far over which the next attempt is spread. */
const SPREAD = 0.06;

/** A call that the quota has refused. */
export interface QuotaRefusal {
  /** how often this call has been attempted */
  readonly attempts: number;
  /** how long this environment has been refused calls, in milliseconds */
  readonly waited: number;
  /** on the clock, in milliseconds */
  readonly now: number;
  /** from 0 up to 1 */
  readonly random: () => number;
}

/** When to call again after the quota has refused a call. All results are milliseconds to wait. */
export interface Rhythm {
  /** Until the next attempt begins. */
  pauseAfter(refusal: QuotaRefusal): number;
  /** Until a call may go out. */
  untilTurn(now: number): number;
}

/**
 * Calls go out at steps of the wall clock, which environments share though they know nothing of each other: one of a
 * step's calls gets through, and the others do not disturb the next step, even where refused calls use up quota.
 *
 * Attempts thin out with the time waited: the longer it took so far, the more others there must be.
 */
export const steps: Rhythm = {
  pauseAfter({ waited, now, random }) {
    const width = Math.max(1, (SPREAD * waited) / STEP);
    return STEP - ((now + LEAD) % STEP) + STEP * Math.floor(random() * width);
  },
  untilTurn(now) {
    const late = now % STEP;
    return late <= TOLERANCE ? 0 : STEP - late;
  },
};
