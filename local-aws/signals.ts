import { fstatSync } from 'node:fs';

const parentLookMs = 200;

/**
 * A signal that is aborted when this process is asked to end: by a signal, by the death of its parent, who may have
 * been told alone, or because nobody reads any more what it writes.
 */
export function endRequested(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => controller.abort(new Error(`ended by ${name}`)));
  }
  process.stdout.on('error', error => controller.abort(error));
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    controller.abort(new Error('ended with its parent'));
  }, parentLookMs);
  look.unref();
  return controller.signal;
}

/** Resolves when the process is asked to end, or when the pipe on its standard input closes. */
export function ended(): Promise<void> {
  const signal = endRequested();
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve());
    // a terminal must not be read in the background, and /dev/null is at its end from the start
    if (isPipe(0)) process.stdin.on('end', resolve).on('error', resolve).resume();
  });
}

function isPipe(descriptor: number): boolean {
  try {
    const kind = fstatSync(descriptor);
    return kind.isFIFO() || kind.isSocket();
  } catch {
    return false;
  }
}
