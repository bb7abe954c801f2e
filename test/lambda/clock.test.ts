import { getEventListeners } from 'node:events';
import { sooner, systemClock, withTimeout } from '../../lambda/clock';
import { VirtualClock } from '../virtual-clock';

test('the system clock tells the time of this machine, in milliseconds', () => {
  const before = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  expect(systemClock.now()).toBeLessThanOrEqual(Date.now());
});

test('a sleep of the system clock ends when its signal is aborted', async () => {
  const abort = new AbortController();
  const sleep = systemClock.sleep(60_000, abort.signal);
  abort.abort();
  await expect(sleep).rejects.toMatchObject({ name: 'AbortError' });
});

test('a sleep of the system clock ends by itself', async () => {
  await expect(systemClock.sleep(1)).resolves.toBeUndefined();
});

test('a limit can be made to end sooner', () => {
  const { signal } = new AbortController();
  expect(sooner({ at: 5000, signal }, 2000)).toEqual({ at: 3000, signal });
});

describe('withTimeout', () => {
  const never = new AbortController().signal;

  test('aborts the call after the time, and says so', async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();
    const call = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

    await expect(clock.run(withTimeout(clock, 700, never, call))).rejects.toThrow(
      'expected an answer within 700 ms, got none',
    );
    expect(clock.now() - startedAt).toBe(700);
  });

  test('gives the result and leaves no sleep behind', async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();

    await expect(clock.run(withTimeout(clock, 700, never, async () => 'done'))).resolves.toBe('done');
    expect(clock.now()).toBe(startedAt);
  });

  test.each([
    ['before', 0],
    ['during', 300],
  ])('aborts the call with the reason of a signal that is aborted %s it', async (_when, ms) => {
    const clock = new VirtualClock();
    const outer = new AbortController();
    const abort = async () => {
      if (ms > 0) await clock.sleep(ms);
      outer.abort(new Error('the event is answered'));
    };
    const aborted = abort();
    const call = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      });

    await expect(clock.run(withTimeout(clock, 700, outer.signal, call))).rejects.toThrow(
      'the event is answered',
    );
    await aborted;
  });

  test('leaves nothing behind on the signal', async () => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();
    await clock.run(withTimeout(clock, 700, signal, async () => 'done'));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
