import { setImmediate, setTimeout } from 'node:timers/promises';

/** Lets everything else go on until the condition holds. Give a pause where looking costs time. */
export async function until(condition: () => boolean, pauseMs?: number): Promise<void> {
  while (!condition()) await (pauseMs === undefined ? setImmediate() : setTimeout(pauseMs));
}

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
