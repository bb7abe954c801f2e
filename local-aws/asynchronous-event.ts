import type { Clock } from './clock';
import type { EventInvokeConfiguration } from './lambda-function';

export interface AsynchronousEvent {
  readonly clock: Clock;
  /** Ends the wait for another attempt. */
  readonly signal?: AbortSignal;
  /** The function's event invoke config when it is asked for; Lambda's defaults where it is silent. */
  readonly config?: () => EventInvokeConfiguration | undefined;
  /** Runs the event once, the first time with 0; resolves to whether it failed, and may be tried again. */
  readonly run: (attempt: number) => Promise<boolean>;
}

/** How often a function that failed is tried again. */
export const defaultRetries = 2;
const defaultMaximumAgeSeconds = 6 * 3600;

/**
 * Lambda's queue for one event: a failed attempt is followed by another one a minute later, and by a third one two
 * minutes after that (AWS Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation").
 */
export async function deliver({ clock, signal, config, run }: AsynchronousEvent): Promise<void> {
  const queuedAt = clock.now();
  for (let attempt = 0; await run(attempt); attempt += 1) {
    const { maximumRetryAttempts = defaultRetries } = config?.() ?? {};
    if (attempt >= maximumRetryAttempts) return;
    await clock.sleep((attempt + 1) * 60_000, signal);
    const { maximumEventAgeSeconds = defaultMaximumAgeSeconds } = config?.() ?? {};
    if (clock.now() - queuedAt > maximumEventAgeSeconds * 1000) return;
  }
}
