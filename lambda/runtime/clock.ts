import { setTimeout } from 'node:timers/promises';
import { type TimeBudget, timeBudget } from '../timings';

/** Time in milliseconds, given from outside so that tests and the simulation can run in virtual time. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`; rejects as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
};

/** How long the work of one invocation may continue. */
export interface TimeLimit {
  /** on the clock: nothing that takes time begins after it */
  readonly at: number;
  /** when Lambda stops the function, on the clock */
  readonly deadline: number;
  readonly budget: TimeBudget;
  /** aborted when the event has been answered without waiting for the work */
  readonly signal: AbortSignal;
  /** what is being tried, and AWS's last error: the failure reason at the deadline */
  readonly progress: { text?: string };
}

/** The limit of an invocation that has `total` milliseconds left; its work ends in time to respond. */
export function timeLimit(clock: Clock, total: number, signal: AbortSignal): TimeLimit {
  const deadline = clock.now() + total;
  const budget = timeBudget(total);
  return { at: deadline - budget.toRespond, deadline, budget, signal, progress: {} };
}

/** A limit that leaves `ms` at its end, even if the work before was cut off. */
export function leaving(limit: TimeLimit, ms: number): TimeLimit {
  return { ...limit, at: limit.deadline - ms, signal: new AbortController().signal };
}

/** The same limit, but at most `ms` from now. */
export function within(clock: Clock, ms: number, limit: TimeLimit): TimeLimit {
  return { ...limit, at: Math.min(limit.at, clock.now() + ms) };
}

/** Makes one call whose signal is aborted when the given one is, or after `ms` without a response. */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  const watch = clock.sleep(ms, ended.signal).then(
    () => over.abort(new Error(`expected a response within ${Math.round(ms)} ms, got none`)),
    () => undefined,
  );
  // not AbortSignal.any: Node 20 never frees such a signal if a listener stays on it
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  try {
    return await call(over.signal);
  } finally {
    signal.removeEventListener('abort', end);
    ended.abort(over);
    await watch;
  }
}
