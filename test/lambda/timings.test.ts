import {
  ABSENCE_PAUSES,
  CANCELLED_REQUEST_GRACE,
  CLOCK_SKEW,
  FIRST_READING_PAUSE,
  FIRST_RECHECK,
  FIRST_RETRY_PAUSE,
  FIRST_SENDING_PAUSE,
  LIST_LAG,
  LONGEST_READING_PAUSE,
  LONGEST_RETRY_PAUSE,
  LONGEST_SENDING_PAUSE,
  LOOKS,
  PERMISSION_LAG,
  RECORD_LAG,
  REFUSAL_MEMORY,
  RESPONSE_URL_LIFE,
  SERVICE_TIMEOUT,
  SIGNATURE_PRECISION,
  SLOT,
  SLOT_ADVANCE,
  SLOT_LEAD,
  SLOT_TOLERANCE,
  SUCCESS_MEMORY,
  timeBudget,
} from '../../lambda/timings';

/** What a Lambda function may take at most. */
const LONGEST = 900_000;
/** WAF's quota of CreateAPIKey is one a second in each Region. */
const CREATION = 1000;
/** A call that nothing disturbs. */
const USUAL_CALL = 1000;

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const isAscending = (numbers: readonly number[]) =>
  numbers.every((one, index) => index === 0 || one > (numbers[index - 1] ?? 0));

describe('late readings', () => {
  test('the record is looked at last when it must show what came before the response', () => {
    expect(LOOKS.at(-1)).toBe(RECORD_LAG);
    expect(isAscending(LOOKS)).toBe(true);
    expect(LOOKS[0]).toBeGreaterThanOrEqual(4000);
  });

  test('a key counts as absent after longer than a list may lag', () => {
    expect(sum(ABSENCE_PAUSES)).toBeGreaterThan(LIST_LAG);
    expect(isAscending(ABSENCE_PAUSES)).toBe(true);
  });

  test('a time stamp may be cut to whole seconds', () => {
    expect(CLOCK_SKEW).toBeGreaterThan(1000);
    expect(SIGNATURE_PRECISION).toBe(1000);
  });
});

describe('CloudFormation’s time limits', () => {
  test('outlasts an invocation', () => {
    expect(SERVICE_TIMEOUT).toBeGreaterThan(LONGEST);
    expect(RESPONSE_URL_LIFE).toBeGreaterThanOrEqual(SERVICE_TIMEOUT + LONGEST);
  });

  test('a cancelled request is noticed and undone while it still has its role', () => {
    // a creation that waits asks within this time, and one that is done has looked three times
    expect(FIRST_RECHECK + 2 * USUAL_CALL).toBeLessThan(CANCELLED_REQUEST_GRACE);
    expect((LOOKS[2] ?? RECORD_LAG) + 3 * USUAL_CALL).toBeLessThan(CANCELLED_REQUEST_GRACE);
    expect(CANCELLED_REQUEST_GRACE).toBeLessThan(PERMISSION_LAG);
  });
});

describe('pauses', () => {
  test('grow up to their longest', () => {
    expect(FIRST_READING_PAUSE).toBeLessThan(LONGEST_READING_PAUSE);
    expect(FIRST_RETRY_PAUSE).toBeLessThan(LONGEST_RETRY_PAUSE);
    expect(FIRST_SENDING_PAUSE).toBeLessThan(LONGEST_SENDING_PAUSE);
  });

  test('between readings leave several within the lag of the record', () => {
    expect(5 * LONGEST_READING_PAUSE).toBeLessThan(RECORD_LAG);
  });

  test('after an error leave several attempts before a denial', () => {
    expect(3 * LONGEST_RETRY_PAUSE).toBeLessThan(PERMISSION_LAG);
  });
});

describe('slots', () => {
  test('are longer than WAF’s time per creation, even after a late call', () => {
    expect(SLOT - SLOT_TOLERANCE).toBeGreaterThan(CREATION);
    expect(SLOT).toBeLessThan(1.1 * CREATION);
  });

  test('are prepared for in time, and within one slot', () => {
    expect(SLOT_LEAD).toBeGreaterThan(SLOT_TOLERANCE);
    expect(SLOT_LEAD).toBeLessThan(SLOT);
  });

  test('are one apart also for those who go ahead', () => {
    expect(SLOT_ADVANCE).toBeGreaterThan(SLOT_TOLERANCE);
    expect(SLOT_LEAD + SLOT_ADVANCE).toBeLessThan(SLOT - SLOT_TOLERANCE);
  });

  test('are enough for the next call of an event, before it falls back', () => {
    expect(SUCCESS_MEMORY).toBeGreaterThan(3 * SLOT);
    expect(SUCCESS_MEMORY).toBeLessThan(REFUSAL_MEMORY);
  });

  test('are kept as long as others wait', () => {
    expect(REFUSAL_MEMORY).toBeGreaterThan(10 * SLOT);
  });
});

describe.each([60_000, 91_000, LONGEST])('the budget of %d ms', total => {
  const budget = timeBudget(total);
  const { call, toReturn, toUndo, toRespond, toCreate, denial, absenceScale, cancelledRequestGrace } = budget;
  const absence = absenceScale * sum(ABSENCE_PAUSES);
  const work = total - toRespond;

  test('nests: returning, undoing, responding, creating', () => {
    expect(isAscending([0, toReturn, toUndo, toRespond, toCreate, total])).toBe(true);
  });

  test('leaves at least almost half of the time to a creation', () => {
    expect(total - toCreate).toBeGreaterThan(0.45 * total);
  });

  test('has after CreateAPIKey a whole call and the response', () => {
    expect(toCreate).toBeGreaterThan(call + toRespond);
  });

  test('has for the response time for an attempt of the longest duration, and another', () => {
    // an attempt is given up after half of what a call may take
    expect(toRespond - toUndo).toBeGreaterThan(call / 2 + FIRST_SENDING_PAUSE + USUAL_CALL);
  });

  test('has after the last attempt to respond a look and a deletion', () => {
    expect(toUndo - call / 2 - toReturn).toBeGreaterThanOrEqual(2 * USUAL_CALL);
  });

  test('has after a failure a whole call to undo the key before the response', () => {
    expect((toRespond + toUndo) / 2 - call).toBeGreaterThan(toReturn);
  });

  test('has for a creation a denial and some calls', () => {
    expect(total - toCreate).toBeGreaterThan(denial + call);
  });

  test('has for a deletion an absent key, a denial and a call', () => {
    expect(work).toBeGreaterThan(absence + denial + call);
  });

  test('has for an invented id the grace, and a denial', () => {
    expect(work).toBeGreaterThanOrEqual(cancelledRequestGrace + denial);
  });

  test('has several attempts within a denial', () => {
    expect(denial).toBeGreaterThan(call);
  });
});

describe('the budget of a function with all the time', () => {
  const budget = timeBudget(LONGEST);

  test('has all of every part', () => {
    expect(budget).toMatchObject({
      call: 10_000,
      toReturn: 500,
      denial: PERMISSION_LAG,
      absenceScale: 1,
      cancelledRequestGrace: CANCELLED_REQUEST_GRACE,
    });
    expect(timeBudget(4 * LONGEST)).toEqual(budget);
  });

  test('has for a creation the check before it and its slot, a whole call, an attempt to respond and the last look', () => {
    const { toCreate, call, toReturn } = budget;
    const left = toCreate - call - SLOT - call - call / 2 - toReturn;
    expect(left).toBeGreaterThan(RECORD_LAG + USUAL_CALL);
  });

  test('has at its end a whole call', () => {
    expect(budget.toUndo - budget.toReturn).toBeGreaterThan(budget.call);
  });
});

test.each([91_000, LONGEST])('in %d ms the record is waited for as long as it may lag', total => {
  const { toRespond, call } = timeBudget(total);
  // how long after its signature a request arrives is another matter
  expect(total - toRespond).toBeGreaterThan(RECORD_LAG);
  expect(total - RECORD_LAG).toBeGreaterThan(call);
});

test('every part shrinks with the time available, and none reaches zero', () => {
  const parts = (total: number) => Object.entries({ ...timeBudget(total) });
  for (let total = 1000; total < LONGEST; total += 1000) {
    const [shorter, longer] = [parts(total), new Map(parts(total + 1000))];
    for (const [name, part] of shorter) {
      expect(part).toBeGreaterThan(0);
      expect([name, part <= (longer.get(name) ?? 0)]).toEqual([name, true]);
    }
  }
  expect(timeBudget(10_000).call).toBeLessThan(timeBudget(60_000).call);
});
