import { Refusal } from '../../../lambda/aws/errors';
import { Retry } from '../../../lambda/aws/retry';
import { leaving, type TimeLimit, timeLimit, within } from '../../../lambda/runtime/clock';
import { SLOT, SLOT_ADVANCE, SUCCESS_MEMORY } from '../../../lambda/timings';
import { Quota } from '../../../local-aws/quota';
import { seededRandom } from '../../virtual-account/seeded-random';
import { VirtualClock } from '../../virtual-account/virtual-clock';

const answered = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
const throttle = () => answered('ThrottlingException');
const denial = () => answered('AccessDenied', 403);
const outage = () => answered('InternalFailure', 500);

/** Attempts that fail as told, one after another, and then succeed. */
function setUp(random: () => number = () => 0.5) {
  const clock = new VirtualClock();
  const startedAt = clock.now();
  const abort = new AbortController();
  const retry = new Retry(clock, random);
  const limit = timeLimit(clock, 900_000, abort.signal);
  /** when the attempts were made, in milliseconds from the beginning */
  const times: number[] = [];
  const attempt = (error: () => Error | undefined) => async () => {
    times.push(clock.now() - startedAt);
    const failure = error();
    if (failure) throw failure;
    return 'done';
  };
  const untilDone = (error: () => Error | undefined, within: TimeLimit = limit, quota = 'quota') =>
    clock.run(retry.untilDone('SomeCall', quota, within, attempt(error)));
  /** the failure of attempts; an error where they do not fail */
  const failureOf = (error: () => Error | undefined, within: TimeLimit = limit): Promise<Error> =>
    untilDone(error, within).then(
      () => new Error('expected a failure, got none'),
      (failure: Error) => failure,
    );
  return { clock, startedAt, abort, retry, limit, times, untilDone, failureOf };
}

/** Gives these errors one after another, and none after the last. */
function inTurn(...errors: Error[]): () => Error | undefined {
  const left = [...errors];
  return () => left.shift();
}

describe('once', () => {
  const silent = ({ abortSignal }: { abortSignal: AbortSignal }) =>
    new Promise<never>((_, reject) => {
      if (abortSignal.aborted) reject(abortSignal.reason);
      abortSignal.addEventListener('abort', () => reject(abortSignal.reason));
    });

  test.each([
    [900_000, 10_000],
    [30_000, 5000],
  ])('of %d ms gives up a call after %d ms', async (total, expected) => {
    const { clock, startedAt, retry, abort } = setUp();

    const work = retry.once(timeLimit(clock, total, abort.signal), silent);

    await expect(clock.run(work)).rejects.toThrow(`expected a response within ${expected} ms, got none`);
    expect(clock.now() - startedAt).toBe(expected);
  });

  test('gives up a call that begins near the end in time to return', async () => {
    const { clock, retry, limit } = setUp();
    const rest = leaving(limit, limit.budget.toReturn);
    await clock.run(clock.sleep(rest.at - clock.now() - 700));

    await expect(clock.run(retry.once(rest, silent))).rejects.toThrow('expected a response within 700 ms');
    expect(clock.now()).toBe(rest.at);
  });

  test('gives up a call when the surrounding work is cut off', async () => {
    const { clock, startedAt, retry, abort, limit } = setUp();
    const stop = clock.sleep(700).then(() => abort.abort(new Error('the event is answered')));

    await expect(clock.run(retry.once(limit, silent))).rejects.toThrow('the event is answered');

    await stop;
    expect(clock.now() - startedAt).toBe(700);
  });
});

describe('until done', () => {
  test('gives the result of the first attempt that succeeds', async () => {
    const { untilDone, times } = setUp();

    await expect(untilDone(inTurn(outage()))).resolves.toBe('done');
    expect(times).toHaveLength(2);
  });

  test.each([
    [0, [500, 1000, 2000, 4000, 5000, 5000, 5000]],
    [0.5, [750, 1500, 3000, 6000, 7500, 7500, 7500]],
    [1, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]],
  ])('pauses longer after each error, up to ten seconds, with jitter %d', async (random, pauses) => {
    const { untilDone, times } = setUp(() => random);

    await untilDone(inTurn(...pauses.map(outage)));

    expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(pauses);
  });

  test('makes its last attempt when the time is up, and none later', async () => {
    const { failureOf, limit, startedAt, times } = setUp();

    await failureOf(outage);

    expect(times.at(-1)).toBe(limit.at - startedAt);
  });

  test('makes one attempt at the very limit', async () => {
    const { clock, untilDone, limit, times } = setUp();

    await expect(untilDone(() => undefined, { ...limit, at: clock.now() })).resolves.toBe('done');
    expect(times).toEqual([0]);
  });

  test('begins nothing after the limit', async () => {
    const { clock, failureOf, limit, times } = setUp();

    const failure = await failureOf(() => undefined, { ...limit, at: clock.now() - 1 });

    expect(failure.message).toBe('SomeCall: not begun, too little time is left');
    expect(times).toEqual([]);
    // the reason at the deadline is what was tried before
    expect(limit.progress.text).toBeUndefined();
  });

  test.each([
    ['left at the end', (_clock: VirtualClock, limit: TimeLimit) => leaving(limit, 850_000), 50_000],
    ['from now', (clock: VirtualClock, limit: TimeLimit) => within(clock, 7000, limit), 7000],
  ])('keeps to a limit that is %s', async (_what, limited, end) => {
    const { clock, failureOf, limit, times } = setUp();

    await failureOf(outage, limited(clock, limit));

    expect(times.at(-1)).toBe(end);
  });

  test('fails with what was called, the last error and the number of attempts, and its cause', async () => {
    const { failureOf, limit } = setUp();
    const errors = inTurn(throttle(), outage(), answered('ExpiredToken', 403));

    const failure = await failureOf(errors);

    expect(failure.message).toBe('SomeCall: ExpiredToken: no, after 3 attempts');
    expect(failure.cause).toMatchObject({ name: 'ExpiredToken' });
    expect(limit.progress.text).toBe(failure.message);
  });

  test.each<[string, Error]>([
    ['a refusal of AWS', answered('ValidationError')],
    ['expired credentials', answered('ExpiredToken', 403)],
    ['a reason of the handler’s own', new Refusal('no')],
  ])('fails at once for %s', async (_what, error) => {
    const { failureOf, times } = setUp();

    const failure = await failureOf(() => error);

    expect(failure.message).toMatch(/, after 1 attempt$/);
    expect(times).toEqual([0]);
  });

  test('reports what is being tried, before the first response and after each error', async () => {
    const { clock, retry, limit } = setUp();
    const texts: (string | undefined)[] = [];
    const errors = inTurn(throttle(), denial());
    const attempt = async () => {
      texts.push(limit.progress.text);
      const error = errors();
      if (error) throw error;
    };

    await clock.run(retry.untilDone('SomeCall', 'quota', limit, attempt));

    expect(texts).toEqual([
      'SomeCall: no response yet',
      'SomeCall: ThrottlingException: no, after 1 attempt',
      'SomeCall: AccessDenied: no, after 2 attempts',
    ]);
  });

  test('ends when the surrounding work is cut off, during a pause', async () => {
    const { clock, abort, failureOf, times } = setUp();
    const stop = clock.sleep(100).then(() => abort.abort(new Error('the event is answered')));

    const failure = await failureOf(outage);

    await stop;
    expect(failure.message).toBe('the event is answered');
    expect(times).toEqual([0]);
  });

  test('ends when the surrounding work is cut off, during an attempt', async () => {
    const { abort, failureOf, times } = setUp();

    const failure = await failureOf(() => {
      abort.abort();
      return outage();
    });

    expect(failure.message).toBe('SomeCall: InternalFailure: no, after 1 attempt');
    expect(times).toEqual([0]);
  });
});

describe('missing permissions', () => {
  test.each([
    [900_000, 60_000],
    [60_000, 15_000],
  ])('in an invocation of %d ms are waited for %d ms', async (total, expected) => {
    const { clock, abort, failureOf, times } = setUp();

    const failure = await failureOf(denial, timeLimit(clock, total, abort.signal));

    expect(failure.message).toMatch(/^SomeCall: AccessDenied: no, after \d+ attempts$/);
    expect(times.at(-1)).toBe(expected);
  });

  test('that arrive meanwhile are used', async () => {
    const { clock, startedAt, untilDone, times } = setUp();

    await untilDone(() => (clock.now() - startedAt < 59_000 ? denial() : undefined));

    expect(times.at(-1)).toBeLessThanOrEqual(60_000);
  });

  test('are waited for from the first denial on, whatever came before', async () => {
    const { clock, startedAt, failureOf, times } = setUp(() => 1);
    const outageUntil = 100_000;

    await failureOf(() => (clock.now() - startedAt < outageUntil ? outage() : denial()));

    const first = times.find(time => time >= outageUntil) ?? 0;
    expect(times.at(-1)).toBe(first + 60_000);
  });

  test('are waited for no longer than to the limit', async () => {
    const { clock, failureOf, limit, times } = setUp();

    await failureOf(denial, within(clock, 20_000, limit));

    expect(times.at(-1)).toBe(20_000);
  });
});

describe('refusals for a quota', () => {
  /** When an environment calls that starts after `delay` and is refused at first. */
  async function callsOf(clock: VirtualClock, refusals: number, random: () => number, delay = 0) {
    await clock.sleep(delay);
    const retry = new Retry(clock, random);
    const limit = timeLimit(clock, 900_000, new AbortController().signal);
    const calls: number[] = [];
    await retry.untilDone('SomeCall', 'quota', limit, async () => {
      await retry.untilSlot(limit);
      calls.push(clock.now());
      if (calls.length <= refusals) throw throttle();
    });
    return calls;
  }

  test('align the calls of independent environments to the same slots', async () => {
    const clock = new VirtualClock();

    const environments = [0, 333, 1999].map(delay => callsOf(clock, 5, () => 0, delay));
    const later = (await clock.run(Promise.all(environments))).flatMap(([, ...calls]) => calls);

    expect(later).toHaveLength(15);
    expect(new Set(later.map(time => time % SLOT)).size).toBe(1);
  });

  test('keep calls further apart than the second that WAF gives to each', async () => {
    const clock = new VirtualClock();

    const [, ...calls] = await clock.run(callsOf(clock, 10, () => 0));

    expect(calls.slice(1).map((time, index) => time - (calls[index] ?? 0))).toEqual(Array(9).fill(SLOT));
  });

  test('hold back the next call of the environment, for a minute', async () => {
    const { clock, retry, limit, untilDone } = setUp(() => 0);
    await clock.run(clock.sleep(300));
    await untilDone(inTurn(throttle()));
    const wait = async () => {
      const before = clock.now();
      await clock.run(retry.untilSlot(limit));
      return clock.now() - before;
    };

    expect(await wait()).toBeGreaterThan(0);
    await clock.run(clock.sleep(60_300));
    expect(await wait()).toBe(0);
  });

  test('of one quota do not slow down the calls of another', async () => {
    const { clock, startedAt, untilDone, times } = setUp(() => 0.99);
    const refusedUntil = (end: number) => () => (clock.now() - startedAt < end ? throttle() : undefined);
    await untilDone(refusedUntil(200_000));
    const before = times.length;

    await untilDone(inTurn(throttle()), undefined, 'another quota');

    const [first = 0, second = 0] = times.slice(before);
    expect(second - first).toBeLessThanOrEqual(SLOT);
  });

  test('let those go ahead who have got a call through', async () => {
    const { clock, startedAt, untilDone, times } = setUp(() => 0);
    const inSlot = () => (startedAt + (times.at(-1) ?? 0)) % SLOT;
    await untilDone(inTurn(throttle()));
    const ofAll = inSlot();

    await untilDone(inTurn(throttle()));

    expect(ofAll - inSlot()).toBe(SLOT_ADVANCE);
    await clock.run(clock.sleep(SUCCESS_MEMORY + 1));
    await untilDone(inTurn(throttle()));
    expect(inSlot()).toBe(ofAll);
  });

  test('leave environments to end one after another, not all in the end', async () => {
    const clock = new VirtualClock();
    const random = seededRandom(1);
    const quota = new Quota(clock, { perSecond: { SomeCall: 5 } });
    const latency = () => clock.sleep(30 + 30 * random());
    const fourCalls = async () => {
      const retry = new Retry(clock, random);
      const limit = timeLimit(clock, 900_000, new AbortController().signal);
      const call = async () => {
        await latency();
        if (!quota.allows('eu-west-1', 'SomeCall')) throw throttle();
        await latency();
      };
      for (let calls = 0; calls < 4; calls += 1) await retry.untilDone('SomeCall', 'quota', limit, call);
      return clock.now();
    };
    const startedAt = clock.now();

    const ends = await clock.run(Promise.all(Array.from({ length: 60 }, fourCalls)));

    const took = ends.map(end => end - startedAt).sort((one, other) => one - other);
    const [half = 0, all = 0] = [took[29], took.at(-1)];
    expect(all).toBeLessThan(1.15 * 60 * 4 * 200);
    expect(half).toBeLessThan(0.65 * all);
  });

  test('do not outlast the limit', async () => {
    const { failureOf, limit, startedAt, times } = setUp(() => 0.99);

    await failureOf(throttle);

    expect(times.at(-1)).toBe(limit.at - startedAt);
  });
});
