import { withTimeout } from '../../lambda/clock';
import { Repetition } from '../../lambda/repetition';
import { steps } from '../../lambda/rhythm';
import { VirtualClock } from '../virtual-clock';

const throttle = () => Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });

/** An environment that starts at a time and is refused `refusals` times; tells when it called. */
async function callsOf(clock: VirtualClock, refusals: number, random: () => number): Promise<number[]> {
  const repetition = new Repetition(clock, random, steps);
  const limit = { at: clock.now() + 900_000, signal: new AbortController().signal };
  const calls: number[] = [];
  await repetition.untilDone('a call', limit, async () => {
    await repetition.inTurn(limit);
    calls.push(clock.now());
    if (calls.length <= refusals) throw throttle();
  });
  return calls;
}

describe('steps', () => {
  test('bring the calls of environments together that know nothing of each other', async () => {
    const clock = new VirtualClock();
    const one = callsOf(clock, 3, () => 0);
    const other = clock.sleep(333).then(() => callsOf(clock, 3, () => 0));

    const [[, ...first], [, ...second]] = await clock.run(Promise.all([one, other]));

    expect(first).toHaveLength(3);
    expect(second.map(time => time % 1050)).toEqual(first.map(time => time % 1050));
  });

  test('lie further apart than the second that a creation takes of the quota', async () => {
    const clock = new VirtualClock();

    const [, ...calls] = await clock.run(callsOf(clock, 10, () => 0));

    const gaps = calls.slice(1).map((time, index) => time - (calls[index] ?? 0));
    expect(gaps).toEqual(gaps.map(() => 1050));
  });

  test('come less often the longer the refusals have lasted', () => {
    const pauseAfter = (waited: number) =>
      steps.pauseAfter({ attempts: 9, waited, now: 0, random: () => 0.999 });

    expect(pauseAfter(10_000)).toBeLessThan(1050);
    expect(pauseAfter(100_000)).toBeGreaterThan(5 * 1050);
    expect(pauseAfter(500_000)).toBeGreaterThan(25 * 1050);
  });

  test('take a call that has become late to the next one', () => {
    expect(steps.untilTurn(1050 * 7)).toBe(0);
    expect(steps.untilTurn(1050 * 7 + 300)).toBe(750);
  });
});

test('an environment that was never refused does not wait for a turn', async () => {
  const clock = new VirtualClock();
  await clock.run(clock.sleep(300));
  const startedAt = clock.now();

  expect(await clock.run(callsOf(clock, 0, () => 0))).toEqual([startedAt]);
});

test('a refusal is forgotten after a minute', async () => {
  const clock = new VirtualClock();
  const repetition = new Repetition(clock, () => 0, steps);
  const limit = { at: clock.now() + 900_000, signal: new AbortController().signal };
  let refusals = 1;
  const attempt = async () => {
    refusals -= 1;
    if (refusals >= 0) throw throttle();
  };
  await clock.run(repetition.untilDone('a call', limit, attempt));
  await clock.run(clock.sleep(61_300));

  const before = clock.now();
  await clock.run(withTimeout(clock, 5000, limit.signal, () => repetition.inTurn(limit)));

  expect(clock.now()).toBe(before);
});
