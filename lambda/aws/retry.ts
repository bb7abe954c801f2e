import { type Clock, type TimeLimit, withTimeout } from '../runtime/clock';
import { FIRST_RETRY_PAUSE, LONGEST_RETRY_PAUSE } from '../timings';
import { described, Verdict, verdictOn } from './errors';
import { Pacing } from './pacing';

export type CallOptions = { readonly abortSignal: AbortSignal };

/** Calls AWS, retrying where that is safe. The SDK's clients make one attempt each and leave the rest to this. */
export class Retry {
  private readonly pacings = new Map<string, Pacing>();

  constructor(
    private readonly clock: Clock,
    /** from 0 up to 1, for the jitter of the pauses */
    private readonly random: () => number,
  ) {}

  /** Makes one call, and gives it up when it takes too long, in time to return. */
  public once<T>(limit: TimeLimit, call: (options: CallOptions) => Promise<T>): Promise<T> {
    const left = limit.deadline - limit.budget.toReturn - this.clock.now();
    const timeout = Math.min(limit.budget.call, left);
    return withTimeout(this.clock, timeout, limit.signal, abortSignal => call({ abortSignal }));
  }

  /** Waits for the time slot of a call with a narrow quota, if any quota has refused this environment a moment ago. */
  public async untilSlot(limit: TimeLimit): Promise<void> {
    const now = this.clock.now();
    const wait = Math.max(0, ...[...this.pacings.values()].map(pacing => pacing.untilSlot(now)));
    if (wait > 0) await this.clock.sleep(wait, limit.signal);
  }

  /**
   * Attempts something until it succeeds, is refused for good, or the time is up.
   *
   * `what` names the call in the error; `quota` is what its refusals are counted under.
   */
  public async untilDone<T>(
    what: string,
    quota: string,
    limit: TimeLimit,
    attempt: () => Promise<T>,
  ): Promise<T> {
    if (this.clock.now() > limit.at) throw new Error(`${what}: not begun, too little time is left`);
    limit.progress.text = `${what}: no response yet`;
    let deniedSince = Number.POSITIVE_INFINITY;
    for (let attempts = 1; ; attempts += 1) {
      try {
        const result = await attempt();
        this.pacingOf(quota).succeeded(this.clock.now());
        return result;
      } catch (error) {
        const message = `${what}: ${described(error)}, after ${attempts} attempt${attempts === 1 ? '' : 's'}`;
        limit.progress.text = message;
        const verdict = verdictOn(error);
        const now = this.clock.now();
        deniedSince = verdict === Verdict.DENIED ? Math.min(deniedSince, now) : Number.POSITIVE_INFINITY;
        const end = Math.min(limit.at, deniedSince + limit.budget.denial);
        // the last attempt is made when the time is up, not a pause before that
        const left = verdict === Verdict.REFUSED ? 0 : end - now;
        if (limit.signal.aborted || left <= 0) throw new Error(message, { cause: error });
        const ceiling = Math.min(LONGEST_RETRY_PAUSE, FIRST_RETRY_PAUSE * 2 ** (attempts - 1));
        const pause =
          verdict === Verdict.THROTTLED
            ? this.pacingOf(quota).pauseAfterRefusal(now)
            : (ceiling / 2) * (1 + this.random());
        await this.clock.sleep(Math.min(pause, left), limit.signal);
      }
    }
  }

  private pacingOf(quota: string): Pacing {
    const pacing = this.pacings.get(quota) ?? new Pacing(this.random);
    this.pacings.set(quota, pacing);
    return pacing;
  }
}
