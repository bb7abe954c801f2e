import { setTimeout } from 'node:timers/promises';

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

/** Until when the work on one event may go on. */
export interface TimeLimit {
  /** on the clock: nothing that takes time begins after it */
  readonly at: number;
  /** aborted when the event has been answered without waiting for the work */
  readonly signal: AbortSignal;
}

/** The same limit, `ms` sooner. */
export function sooner(limit: TimeLimit, ms: number): TimeLimit {
  return { at: limit.at - ms, signal: limit.signal };
}

/** Makes one call whose signal is aborted with the given one, or after `ms` without an answer. */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const answered = new AbortController();
  const over = new AbortController();
  const end = () => over.abort(signal.reason);
  const watch = clock.sleep(ms, answered.signal).then(
    () => over.abort(new Error(`expected an answer within ${ms} ms, got none`)),
    () => undefined,
  );
  // not AbortSignal.any: Node 20 keeps such a signal for good when a listener stays behind on it
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  try {
    return await call(over.signal);
  } finally {
    signal.removeEventListener('abort', end);
    answered.abort();
    await watch;
  }
}
