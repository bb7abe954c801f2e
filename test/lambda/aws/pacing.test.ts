import { Pacing } from '../../../lambda/aws/pacing';
import {
  REFUSAL_MEMORY,
  SLOT,
  SLOT_ADVANCE,
  SLOT_LEAD,
  SLOT_TOLERANCE,
  SUCCESS_MEMORY,
} from '../../../lambda/timings';

/** A whole number of slots, so that slots are easy to count from here. */
const START = SLOT * 1_000_000;
const always = (random: number) => new Pacing(() => random);

describe('after a refusal', () => {
  test.each([0, 1, 333, SLOT - SLOT_LEAD - 1, SLOT - SLOT_LEAD, 700, SLOT - 1])(
    'by %d ms after a slot, the next attempt begins ahead of a slot, at most one away',
    late => {
      const pause = always(0).pauseAfterRefusal(START + late);

      expect((late + pause + SLOT_LEAD) % SLOT).toBe(0);
      expect(pause).toBeGreaterThan(0);
      expect(pause).toBeLessThanOrEqual(SLOT);
    },
  );

  test('attempts thin out with the time waited', () => {
    const pacing = always(0.999);
    const pauses = [0, 20_000, 100_000, 300_000, 900_000].map(waited => {
      // every minute at the latest there is a refusal
      for (let at = START; at < START + waited; at += 50_000) pacing.pauseAfterRefusal(at);
      return pacing.pauseAfterRefusal(START + waited);
    });

    expect(pauses[0]).toBeLessThanOrEqual(SLOT);
    expect(pauses[1]).toBeLessThanOrEqual(2 * SLOT);
    expect(pauses[2]).toBeGreaterThan(5 * SLOT);
    expect(pauses[3]).toBeGreaterThan(15 * SLOT);
    expect(pauses[4]).toBeGreaterThan(45 * SLOT);
  });

  test('the spread is even', () => {
    const pacing = (random: number) => {
      const one = always(random);
      for (let at = START; at <= START + 350_000; at += 50_000) one.pauseAfterRefusal(at);
      return one.pauseAfterRefusal(START + 350_000);
    };

    expect(pacing(0)).toBeLessThanOrEqual(SLOT);
    expect(pacing(0.5) - pacing(0)).toBe(10 * SLOT);
    expect(pacing(0.999) - pacing(0)).toBe(19 * SLOT);
  });

  test('no pause of an invocation is as long as a refusal is remembered', () => {
    const pacing = always(0.999_999);
    for (let now = START; now < START + 900_000; ) {
      const pause = pacing.pauseAfterRefusal(now);
      expect(pause + SLOT_LEAD).toBeLessThan(REFUSAL_MEMORY);
      now += pause;
    }
  });

  test('the time waited starts again once the last refusal is forgotten', () => {
    const pacing = always(0.999);
    for (let at = START; at < START + 300_000; at += 50_000) pacing.pauseAfterRefusal(at);

    expect(pacing.pauseAfterRefusal(START + 250_000 + REFUSAL_MEMORY + 1)).toBeLessThanOrEqual(SLOT);
  });
});

describe('after a success', () => {
  const aheadOfSlot = (pacing: Pacing, now: number) => {
    const pause = pacing.pauseAfterRefusal(now);
    return SLOT - ((now + pause) % SLOT);
  };

  test.each([
    ['a moment ago, the next attempt goes ahead of others', 0, SLOT_LEAD + SLOT_ADVANCE],
    ['some slots ago, it still does', SUCCESS_MEMORY, SLOT_LEAD + SLOT_ADVANCE],
    ['longer ago, it goes with them', SUCCESS_MEMORY + 1, SLOT_LEAD],
  ])('%s', (_what, ago, expected) => {
    const pacing = always(0);
    pacing.succeeded(START);

    expect(aheadOfSlot(pacing, START + ago)).toBe(expected);
  });

  test('the time waited starts again', () => {
    const pacing = always(0.999);
    for (let at = START; at < START + 300_000; at += 50_000) pacing.pauseAfterRefusal(at);
    pacing.succeeded(START + 300_000);

    expect(pacing.pauseAfterRefusal(START + 300_100)).toBeLessThanOrEqual(SLOT);
  });
});

describe('a call', () => {
  const refused = () => {
    const pacing = always(0);
    pacing.pauseAfterRefusal(START);
    return pacing;
  };

  test('waits for no slot until the quota has refused a call', () => {
    expect(always(0).untilSlot(START + 300)).toBe(0);
  });

  test.each([
    ['in its slot goes out', 0, 0],
    ['a little late goes out', SLOT_TOLERANCE, 0],
    ['later than that waits for the next slot', SLOT_TOLERANCE + 1, SLOT - SLOT_TOLERANCE - 1],
    ['ahead of its slot waits for it', SLOT - SLOT_LEAD, SLOT_LEAD],
  ])('%s', (_what, late, wait) => {
    expect(refused().untilSlot(START + late)).toBe(wait);
  });

  test.each([
    ['still waits', -1, true],
    ['waits no more', 1, false],
  ])('%s about a minute after the refusal', (_what, more, waits) => {
    const time = START + REFUSAL_MEMORY + more;

    expect(time % SLOT).toBeGreaterThan(SLOT_TOLERANCE);
    expect(refused().untilSlot(time) > 0).toBe(waits);
  });
});
