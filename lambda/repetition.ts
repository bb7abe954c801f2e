import { Verdict, verdictOn } from './aws-error';
import { type Clock, type TimeLimit, withTimeout } from './clock';
import { type Rhythm, steps } from './rhythm';

const SECOND = 1000;
/** How long one call may take before it counts as lost. */
const CALL_TIMEOUT = 10 * SECOND;
/** How long a new role's permissions, or a new key, may take to arrive everywhere. */
const ARRIVAL_PATIENCE = 60 * SECOND;
/** Pauses after errors other than a refusal for the quota. */
const FIRST_PAUSE = SECOND;
const LONGEST_PAUSE = 10 * SECOND;
/** For how long a refusal for the quota tells that others are at work too. */
const REFUSAL_MEMORY = 60 * SECOND;

/** Makes calls of AWS, again and again where that is safe. Clients make one attempt each and leave the rest to this. */
export class Repetition {
  private refusedSince = 0;
  private refusedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    /** from 0 up to 1, for the jitter of the pauses */
    private readonly random: () => number,
    private readonly rhythm: Rhythm = steps,
  ) {}

  /** Makes one call, and gives it up when it takes too long. */
  public once<T>(limit: TimeLimit, call: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    return withTimeout(this.clock, CALL_TIMEOUT, limit.signal, abortSignal => call({ abortSignal }));
  }

  /** Waits for the turn of a call with a narrow quota, if the quota has refused this environment a moment ago. */
  public async inTurn(limit: TimeLimit): Promise<void> {
    const now = this.clock.now();
    if (now - this.refusedAt > REFUSAL_MEMORY) return;
    const wait = this.rhythm.untilTurn(now);
    if (wait > 0) await this.clock.sleep(wait, limit.signal);
  }

  /** Attempts something until it succeeds, is refused for good, or the time is up; `what` names it in the error. */
  public async untilDone<T>(what: string, limit: TimeLimit, attempt: () => Promise<T>): Promise<T> {
    const startedAt = this.clock.now();
    if (startedAt > limit.at) throw new Error(`${what}: not begun, too little time is left`);
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const verdict = verdictOn(error);
        const pause =
          verdict === Verdict.THROTTLED ? this.pauseAfterRefusal(attempts) : this.pauseAfter(attempts);
        // the last attempt is made when the time is up, not a pause before that
        const left = Math.min(limit.at, startedAt + patienceWith(verdict)) - this.clock.now();
        if (limit.signal.aborted || left <= 0) {
          throw new Error(`${what}: ${described(error)}, after ${counted(attempts)}`, { cause: error });
        }
        await this.clock.sleep(Math.min(pause, left), limit.signal);
      }
    }
  }

  private pauseAfterRefusal(attempts: number): number {
    const now = this.clock.now();
    if (now - this.refusedAt > REFUSAL_MEMORY) this.refusedSince = now;
    this.refusedAt = now;
    return this.rhythm.pauseAfter({ attempts, waited: now - this.refusedSince, now, random: this.random });
  }

  private pauseAfter(attempts: number): number {
    const ceiling = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
    return (ceiling / 2) * (1 + this.random());
  }
}

function patienceWith(verdict: Verdict): number {
  switch (verdict) {
    case Verdict.REFUSED:
      return 0;
    case Verdict.DENIED:
    case Verdict.ABSENT:
      return ARRIVAL_PATIENCE;
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function described(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function counted(attempts: number): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts`;
}
