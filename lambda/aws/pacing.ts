import { REFUSAL_MEMORY, SLOT, SLOT_ADVANCE, SLOT_LEAD, SLOT_TOLERANCE, SUCCESS_MEMORY } from '../timings';

/** The part of the time waited so far over which the next attempt is spread. */
const SPREAD = 0.06;

/**
 * When to call again after a quota has refused a call. All results are milliseconds to wait.
 *
 * Calls go out at time slots of the wall clock, which environments share though they know nothing of each other: one
 * of a slot's calls gets through, and the others do not disturb the next slot, even where refused calls use up quota.
 * Attempts thin out with the time waited: the longer it took so far, the more others there must be. Who has got a call
 * through a moment ago goes ahead of the others in the slot, so that events end one after another, not all in the end.
 */
export class Pacing {
  private refusedSince = 0;
  private refusedAt = Number.NEGATIVE_INFINITY;
  private succeededAt = Number.NEGATIVE_INFINITY;

  /** `random` gives numbers from 0 up to 1. */
  constructor(private readonly random: () => number) {}

  public succeeded(now: number): void {
    this.succeededAt = now;
  }

  /** Until the next attempt begins, after a refusal. */
  public pauseAfterRefusal(now: number): number {
    if (now - this.refusedAt > REFUSAL_MEMORY) this.refusedSince = now;
    this.refusedAt = now;
    const waited = now - Math.max(this.refusedSince, this.succeededAt);
    const width = Math.max(1, (SPREAD * waited) / SLOT);
    const lead = SLOT_LEAD + (now - this.succeededAt > SUCCESS_MEMORY ? 0 : SLOT_ADVANCE);
    return SLOT - ((now + lead) % SLOT) + SLOT * Math.floor(this.random() * width);
  }

  /** Until a call may go out: until the next slot, if the quota has refused a call a moment ago. */
  public untilSlot(now: number): number {
    if (now - this.refusedAt > REFUSAL_MEMORY) return 0;
    const late = now % SLOT;
    return late <= SLOT_TOLERANCE ? 0 : SLOT - late;
  }
}
