import { getEventListeners } from 'node:events';
import { leaving, systemClock, timeLimit, within, withTimeout } from '../../../lambda/runtime/clock';
import { timeBudget } from '../../../lambda/timings';
import { VirtualClock } from '../../virtual-account/virtual-clock';

const never = new AbortController().signal;

describe('the system clock', () => {
  test('tells the time of this machine, in milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();

    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  test('ends a sleep by itself', async () => {
    await expect(systemClock.sleep(1)).resolves.toBeUndefined();
  });

  test('ends a sleep when its signal is aborted', async () => {
    const abort = new AbortController();
    const sleep = systemClock.sleep(60_000, abort.signal);

    abort.abort();

    await expect(sleep).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a limit', () => {
  test('ends in time to respond', () => {
    const clock = new VirtualClock();
    const limit = timeLimit(clock, 900_000, never);

    expect(limit.deadline).toBe(clock.now() + 900_000);
    expect(limit.budget).toEqual(timeBudget(900_000));
    expect(limit.at).toBe(limit.deadline - limit.budget.toRespond);
    expect(limit.signal).toBe(never);
  });

  test('may leave a different time at its end, for work after a cut-off', () => {
    const abort = new AbortController();
    const limit = timeLimit(new VirtualClock(), 900_000, abort.signal);
    const rest = leaving(limit, 500);

    abort.abort();

    expect(rest).toMatchObject({ at: limit.deadline - 500, deadline: limit.deadline, budget: limit.budget });
    expect(rest.signal.aborted).toBe(false);
  });

  test('may end some time from now, but no later than before', () => {
    const clock = new VirtualClock();
    const limit = timeLimit(clock, 900_000, never);

    expect(within(clock, 7000, limit)).toEqual({ ...limit, at: clock.now() + 7000 });
    expect(within(clock, 900_000, limit)).toEqual(limit);
  });

  test('shares its progress with limits derived from it', () => {
    const clock = new VirtualClock();
    const limit = timeLimit(clock, 900_000, never);

    leaving(within(clock, 7000, limit), 500).progress.text = 'SomeCall: no response yet';

    expect(limit.progress.text).toBe('SomeCall: no response yet');
  });
});

describe('withTimeout', () => {
  const silent = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });

  test('aborts the call after the time, and says so', async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();

    await expect(clock.run(withTimeout(clock, 700.4, never, silent))).rejects.toThrow(
      'expected a response within 700 ms, got none',
    );
    expect(clock.now() - startedAt).toBeCloseTo(700.4);
  });

  test('gives the result and leaves no sleep behind', async () => {
    const clock = new VirtualClock();
    const startedAt = clock.now();

    await expect(clock.run(withTimeout(clock, 700, never, async () => 'done'))).resolves.toBe('done');

    await clock.run(clock.sleep(1));
    expect(clock.now() - startedAt).toBe(1);
  });

  test('passes on the error of the call', async () => {
    const clock = new VirtualClock();
    const failing = async () => {
      throw new Error('no');
    };

    await expect(clock.run(withTimeout(clock, 700, never, failing))).rejects.toThrow('no');
  });

  test.each([
    ['before', 0],
    ['during', 300],
  ])('aborts the call with the reason of a signal that is aborted %s it', async (_when, ms) => {
    const clock = new VirtualClock();
    const startedAt = clock.now();
    const outer = new AbortController();
    const abort = () => outer.abort(new Error('the event is answered'));
    const aborted = ms > 0 ? clock.sleep(ms).then(abort) : abort();

    await expect(clock.run(withTimeout(clock, 700, outer.signal, silent))).rejects.toThrow(
      'the event is answered',
    );
    await aborted;
    expect(clock.now() - startedAt).toBe(ms);
  });

  test.each([
    ['succeeded', async () => 'done'],
    ['failed', () => Promise.reject(new Error('no'))],
    ['timed out', silent],
  ])('leaves nothing behind on the signal of a call that %s', async (_how, call) => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();

    await clock.run(withTimeout<unknown>(clock, 700, signal, call).catch(() => undefined));

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
