import type { Clock } from './clock';

export interface QuotaOptions {
  /** Calls a second for each action; an action that is not named has no limit. */
  readonly perSecond: Readonly<Record<string, number>>;
  /** How many calls a full bucket allows at once. @default - one second's worth */
  readonly burst?: number;
  /** Whether refused calls use up quota too, as they do behind some AWS services. @default false */
  readonly refusedCallsCount?: boolean;
}

/** One token bucket for each Region and action. */
export class Quota {
  private readonly buckets = new Map<string, { level: number; at: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly options: QuotaOptions,
  ) {}

  /** Whether the call may pass; takes its token. */
  allows(region: string, action: string): boolean {
    const rate = this.options.perSecond[action];
    if (rate === undefined) return true;
    const level = this.level(`${region} ${action}`, rate);
    // the refill is a floating point sum: five times a fifth of a second must make a token
    const allowed = level > 1 - 1e-9;
    const left = allowed ? level - 1 : this.options.refusedCallsCount ? 0 : level;
    this.buckets.set(`${region} ${action}`, { level: left, at: this.clock.now() });
    return allowed;
  }

  private level(bucket: string, rate: number): number {
    const capacity = Math.max(1, this.options.burst ?? rate);
    const { level, at } = this.buckets.get(bucket) ?? { level: capacity, at: this.clock.now() };
    return Math.min(capacity, level + (rate * (this.clock.now() - at)) / 1000);
  }
}
