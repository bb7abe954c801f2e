import { History } from './history';
import { readRecordingWithDates } from './replay/stored-recording';

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
