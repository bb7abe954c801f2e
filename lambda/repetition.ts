import { Verdict, verdictOn } from './aws-error';
import { type Clock, type TimeLimit, withTimeout } from './clock';

const SECOND = 1000;
/** How long one call may take before it counts as lost. */
const CALL_TIMEOUT = 10 * SECOND;
/** How long a new role's permissions, or a new key, may take to arrive everywhere. */
const ARRIVAL_PATIENCE = 60 * SECOND;
/** WAF allows one creation a second. */
const FIRST_PAUSE = SECOND;
const LONGEST_PAUSE = 10 * SECOND;

/** Makes calls of AWS, again and again where that is safe. Clients make one attempt each and leave the rest to this. */
export class Repetition {
  constructor(
    private readonly clock: Clock,
    /** from 0 up to 1, for the jitter of the pauses */
    private readonly random: () => number,
  ) {}

  /** Makes one call, and gives it up when it takes too long. */
  public once<T>(limit: TimeLimit, call: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    return withTimeout(this.clock, CALL_TIMEOUT, limit.signal, abortSignal => call({ abortSignal }));
  }

  /** Attempts something until it succeeds, is refused for good, or the time is up; `what` names it in the error. */
  public async untilDone<T>(what: string, limit: TimeLimit, attempt: () => Promise<T>): Promise<T> {
    const startedAt = this.clock.now();
    if (startedAt > limit.at) throw new Error(`${what}: not begun, too little time is left`);
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt();
      } catch (error) {
        const pause = this.pauseAfter(attempts);
        const lastResumption = Math.min(limit.at, startedAt + patienceWith(verdictOn(error)));
        if (limit.signal.aborted || this.clock.now() + pause > lastResumption) {
          throw new Error(`${what}: ${described(error)}, after ${counted(attempts)}`, { cause: error });
        }
        await this.clock.sleep(pause, limit.signal);
      }
    }
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
