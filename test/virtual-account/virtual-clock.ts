import { setImmediate } from 'node:timers/promises';

interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** A clock that stands still while anything can go on, and jumps to the next sleeper when nothing can. */
export class VirtualClock {
  private sleepers: Sleeper[] = [];
  private readonly holds = new Set<symbol>();

  constructor(private time = Date.UTC(2026, 0, 31, 12)) {}

  public now(): number {
    return this.time;
  }

  public sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.sleepers = this.sleepers.filter(other => other !== sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { at: this.time + ms, wake };
      const later = this.sleepers.findIndex(({ at }) => at > sleeper.at);
      this.sleepers.splice(later < 0 ? this.sleepers.length : later, 0, sleeper);
      signal?.addEventListener('abort', abort);
    });
  }

  /** Stops the time while something real goes on, such as a request over a socket; call the result to let it go on. */
  public hold(): () => void {
    const hold = Symbol();
    this.holds.add(hold);
    return () => this.holds.delete(hold);
  }

  /** Lets the time pass until the work is done. */
  public async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    while (true) {
      await setImmediate();
      if (settled) return work;
      if (this.holds.size > 0) continue;
      const next = this.sleepers.shift();
      if (!next) throw new Error('nothing is left to wait for, and the work is not done');
      this.time = Math.max(this.time, next.at);
      next.wake();
    }
  }
}
