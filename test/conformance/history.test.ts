import { History } from './history';
import type { Recording } from './recording';
import { readRecordingWithDates } from './replay/stored-recording';
import type { Reading } from './watch';

function historyOf(name: string): History {
  return new History(readRecordingWithDates(`${name}.json`));
}

test('tells which id the Update of a rollback carries, and what its first event shows', () => {
  const local = historyOf('local-rollback');
  const ids = local.twinRequests('rollback', 'Update').map(({ request, before }) => [request, before.at(-1)]);
  expect(ids).toHaveLength(2);
  for (const [request, newest] of ids) expect(request).toMatchObject({ PhysicalResourceId: newest });
  expect(local.firstEventsInRollbacks()).toEqual(Array(2).fill('UPDATE_IN_PROGRESS with the newest id'));
});

test('tells that an engine sends no Update in a rollback', () => {
  const ministack = historyOf('ministack-rollback');
  const replaced = ministack.replacedInFailedUpdates();
  expect(replaced).toHaveLength(2);
  expect(replaced.map(one => ministack.wasUpdatedInRollback(one))).toEqual([false, false]);
});

test('tells how the former copy is deleted', () => {
  expect([...historyOf('local-lifecycle').statusesAtCleanUps()]).toEqual(
    Array(2).fill('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'),
  );
  expect([...historyOf('local-lifecycle').entriesInCleanUps()]).toEqual(
    Array(2).fill('UPDATE_COMPLETE with the newest id'),
  );
  expect([...historyOf('ministack-lifecycle').statusesAtCleanUps()]).toEqual(
    Array(2).fill('UPDATE_IN_PROGRESS'),
  );
});

test('tells that readings went back', () => {
  const local = [...historyOf('local-rollback').stepsBack()];
  expect(local.filter(text => /status|events/.test(text))).toEqual([]);
  expect([...historyOf('ministack-rollback').stepsBack()]).toContain('an entry of PageTwin went back');
});

test('tells what follows a failure without rollback', () => {
  expect([...historyOf('ministack-no-rollback').requestsWithoutRollback()]).toEqual([
    'after the failure the entry shows the newest id',
    'then Delete of the newest id, Delete of a former id',
  ]);
});

test('tells how long after its event a request is signed', () => {
  for (const { signedAfter, receivedAfter } of historyOf('local-lifecycle').delays()) {
    // signatures are cut to whole seconds
    expect(signedAfter).toBeGreaterThan(-1000);
    expect(receivedAfter).toBeGreaterThanOrEqual(signedAfter);
  }
});

describe('tells how late the record is', () => {
  const recording = readRecordingWithDates('local-lifecycle.json');
  const lagsOf = (readings: Recording['readings']) =>
    new Map(
      [...new History({ ...recording, readings }).lags()].map(text => {
        const [operation = '', late] = text.split(' ');
        return [operation, Number(late)];
      }),
    );

  test('whatever reads', () => {
    const lags = lagsOf(recording.readings);
    expect([...lags.keys()]).toEqual([
      'events',
      'DescribeStacks',
      'ListStackResources',
      'DescribeStackResource',
    ]);
    // the engine is never late: what shows is the interval between readings
    for (const late of lags.values()) expect(late).toBeLessThan(5);
  });

  test.each([
    ['ListStackResources', 'resources'],
    ['DescribeStackResource', 'described'],
  ] as const)('%s alone', (operation, part) => {
    const late = recording.readings.flatMap(reading => {
      const { [part]: entries, ...rest } = reading;
      return [rest, { at: reading.at + 30_000, [part]: entries }];
    });
    const [before, after] = [lagsOf(recording.readings), lagsOf(late)];
    const other = operation === 'ListStackResources' ? 'DescribeStackResource' : 'ListStackResources';
    expect(after.get(operation)).toBeCloseTo((before.get(operation) ?? 0) + 30, 0);
    expect(after.get(other)).toBe(before.get(other));
  });

  test('an entry with an old time stamp again is a step back, and not late', () => {
    const isOfBoth = ({ resources = [], described = {} }: Reading) =>
      resources.length > 0 && Object.keys(described).length > 0;
    const { at = 0, resources, described } = recording.readings.find(isOfBoth) ?? {};
    expect(resources).toBeDefined();
    const again = { at: at + 3_600_000, resources, described };
    expect(lagsOf([...recording.readings, again])).toEqual(lagsOf(recording.readings));
  });
});
