import type { Clock } from '../../local-aws/clock';

/** A clock that stands until it is told to advance. */
export class ManualClock implements Clock {
  private sleepers: { readonly due: number; readonly wake: () => void }[] = [];
  private time = Date.UTC(2026, 0, 1);

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { due: this.time + ms, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.sleepers.length;
  }

  advance(ms: number): void {
    this.time += ms;
    const due = this.sleepers.filter(sleeper => sleeper.due <= this.time);
    this.sleepers = this.sleepers.filter(sleeper => sleeper.due > this.time);
    for (const sleeper of due) sleeper.wake();
  }
}
