import {
  eventsCount,
  historyOf,
  isAged,
  nameId,
  type ResourceRequest,
  reachesSettled,
  type StackEvent,
  showRequest,
} from '../../../lambda/decision/history';
import { RECORD_LAG } from '../../../lambda/timings';

const STACK = 'arn:stack';

/** Events in the order of time, as `<resource> <status> [id]`; the stack's own are `stack <status>`. */
function events(...lines: string[]): StackEvent[] {
  const parsed = lines.map((line, index): StackEvent => {
    const [resource = '', status = '', id] = line.split(' ');
    const isStack = resource === 'stack';
    return {
      logicalResourceId: isStack ? 'shop' : resource,
      physicalResourceId: isStack ? STACK : id,
      status,
      at: index * 1000,
    };
  });
  return parsed.reverse();
}

const request = (type: ResourceRequest['type'], physicalResourceId?: string): ResourceRequest => ({
  type,
  requestId: 'request',
  stackRegion: 'eu-west-1',
  stackId: STACK,
  logicalResourceId: 'Key',
  physicalResourceId,
  signedAt: 0,
});
const update = request('Update', 'current');

describe('the history since the stack was last settled', () => {
  test.each<[string, string[], object | 'denied']>([
    [
      'an update',
      [
        'Key CREATE_COMPLETE A',
        'stack CREATE_COMPLETE',
        'stack UPDATE_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS A',
      ],
      { settledId: 'A', isSettledIdKnown: true, ids: ['A'], completed: {} },
    ],
    [
      'its rollback',
      [
        'stack UPDATE_COMPLETE',
        'stack UPDATE_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_IN_PROGRESS B',
        'Key UPDATE_COMPLETE B',
        'stack UPDATE_ROLLBACK_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS B',
      ],
      { settledId: 'A', ids: ['A', 'B'], completed: { Key: 'B' } },
    ],
    [
      'events without ids',
      [
        'Key UPDATE_COMPLETE A',
        'Other UPDATE_COMPLETE X',
        'stack UPDATE_COMPLETE',
        'Key UPDATE_IN_PROGRESS',
        'Key UPDATE_COMPLETE B',
      ],
      { settledId: 'A', ids: ['A', 'B'], completed: { Key: 'B' } },
    ],
    ['no id at all', ['Key UPDATE_COMPLETE', 'stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS'], 'denied'],
    [
      'no id of the first event, nor of one before it',
      [
        'stack UPDATE_COMPLETE',
        'Key UPDATE_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_COMPLETE B',
      ],
      { settledId: undefined, isSettledIdKnown: false, ids: ['A', 'B'], completed: { Key: 'B' } },
    ],
    [
      'a copy that has completed and is being deleted',
      [
        'stack UPDATE_COMPLETE',
        'Key CREATE_COMPLETE A',
        'Other UPDATE_COMPLETE B',
        'Key DELETE_IN_PROGRESS A',
        'Other DELETE_IN_PROGRESS C',
      ],
      { completed: { Key: undefined, Other: 'B' } },
    ],
    [
      'a copy that has been deleted',
      ['stack UPDATE_COMPLETE', 'Key CREATE_COMPLETE A', 'Key UPDATE_COMPLETE B', 'Key DELETE_COMPLETE B'],
      { completed: { Key: undefined } },
    ],
    [
      'a copy that could not be deleted',
      ['stack UPDATE_COMPLETE', 'Key CREATE_COMPLETE A', 'Key DELETE_FAILED A'],
      { completed: { Key: 'A' } },
    ],
    [
      'a creation',
      [
        'Key CREATE_COMPLETE A',
        'Key DELETE_COMPLETE A',
        'stack UPDATE_COMPLETE',
        'Key CREATE_IN_PROGRESS',
        'Key CREATE_COMPLETE B',
      ],
      { settledId: undefined, isSettledIdKnown: true, ids: ['B'], completed: { Key: 'B' } },
    ],
    [
      'two completions, of which the newest counts',
      [
        'stack UPDATE_COMPLETE',
        'Key UPDATE_COMPLETE B',
        'Other UPDATE_IN_PROGRESS X',
        'Key UPDATE_COMPLETE C',
      ],
      { ids: ['B', 'C'], completed: { Key: 'C' } },
    ],
    [
      'an id that was never completed',
      [
        'Key UPDATE_COMPLETE A',
        'Key UPDATE_IN_PROGRESS X',
        'stack UPDATE_COMPLETE',
        'Key UPDATE_IN_PROGRESS',
      ],
      { settledId: 'A' },
    ],
    [
      'nothing',
      ['Key CREATE_COMPLETE A', 'stack CREATE_COMPLETE'],
      { settledId: 'current', isSettledIdKnown: true, ids: ['current'] },
    ],
    [
      'a nested stack that goes back with its parent',
      [
        'Key UPDATE_COMPLETE A',
        'stack UPDATE_COMPLETE',
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_COMPLETE B',
        'stack UPDATE_COMPLETE',
        'stack UPDATE_ROLLBACK_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS B',
      ],
      { settledId: 'A', ids: ['A', 'B'] },
    ],
    [
      'a nested stack that cleans up with its parent',
      [
        'stack UPDATE_COMPLETE',
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_COMPLETE B',
        'stack UPDATE_COMPLETE',
        'stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
        'Key DELETE_IN_PROGRESS A',
      ],
      { settledId: 'A', completed: { Key: 'B' } },
    ],
    [
      'a failure without a rollback',
      ['stack CREATE_COMPLETE', 'Key UPDATE_COMPLETE B', 'stack UPDATE_FAILED', 'Key UPDATE_IN_PROGRESS B'],
      { settledId: 'B', ids: ['B'] },
    ],
    ...['IMPORT_COMPLETE', 'IMPORT_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'].map(
      (status): [string, string[], object] => [
        status,
        ['Key UPDATE_IN_PROGRESS X', `stack ${status}`, 'Key UPDATE_IN_PROGRESS A'],
        { settledId: 'A', ids: ['A'] },
      ],
    ),
    [
      'what does not settle a stack',
      [
        'Key UPDATE_IN_PROGRESS A',
        'stack ROLLBACK_COMPLETE',
        'stack UPDATE_FAILED',
        'stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS B',
      ],
      { settledId: 'A', ids: ['A', 'B'] },
    ],
  ])('%s', (_name, lines, expected) => {
    const history = historyOf(events(...lines), update);
    if (typeof history === 'string' || typeof expected === 'string') return expect(history).toBe(expected);
    expect({ ...history, completed: Object.fromEntries(history.completedIds) }).toMatchObject(expected);
  });

  test.each<[string, string[], boolean]>([
    ['nothing settled yet', ['Key UPDATE_IN_PROGRESS A'], false],
    ['settled', ['stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS A'], true],
    ['settled, without events of the resource', ['stack UPDATE_COMPLETE'], true],
    ['settled, but the id is further back', ['stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS'], false],
    [
      'settled, and the id is further back',
      ['Key CREATE_COMPLETE A', 'stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS'],
      true,
    ],
    [
      'settled, and only a newer completion has an id',
      ['stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS', 'Key UPDATE_COMPLETE B'],
      false,
    ],
    [
      'settled after a creation, and no completion has an id',
      ['Key CREATE_IN_PROGRESS', 'Key CREATE_COMPLETE', 'stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS'],
      false,
    ],
    ['settled before a creation', ['stack UPDATE_COMPLETE', 'Key CREATE_IN_PROGRESS'], true],
  ])('reaches back far enough: %s', (_name, lines, expected) => {
    expect(reachesSettled(events(...lines), update)).toBe(expected);
  });
});

describe('events that show a request', () => {
  test.each<[string, ResourceRequest, string, string[], boolean]>([
    [
      'the current id',
      update,
      'UPDATE_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS current'],
      true,
    ],
    [
      'another id',
      update,
      'UPDATE_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS A'],
      false,
    ],
    [
      'no id, but the one completed',
      update,
      'UPDATE_IN_PROGRESS',
      ['Key UPDATE_COMPLETE current', 'stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS'],
      true,
    ],
    [
      'no id, and another completed',
      update,
      'UPDATE_IN_PROGRESS',
      ['Key UPDATE_COMPLETE A', 'stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS'],
      false,
    ],
    [
      'the new id in a further event of the update',
      update,
      'UPDATE_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS A', 'Key UPDATE_IN_PROGRESS current'],
      false,
    ],
    [
      'the new id in two further events of the update',
      update,
      'UPDATE_IN_PROGRESS',
      [
        'Key UPDATE_COMPLETE A',
        'stack UPDATE_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_IN_PROGRESS current',
        'Key UPDATE_IN_PROGRESS current',
      ],
      false,
    ],
    [
      'the id after its completion, with other ids before that',
      update,
      'UPDATE_ROLLBACK_IN_PROGRESS',
      [
        'Key UPDATE_IN_PROGRESS A',
        'Key UPDATE_COMPLETE current',
        'stack UPDATE_ROLLBACK_IN_PROGRESS',
        'Key UPDATE_IN_PROGRESS current',
      ],
      true,
    ],
    [
      'the same id twice',
      update,
      'UPDATE_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS current', 'Key UPDATE_IN_PROGRESS current'],
      true,
    ],
    [
      'an older status of the stack',
      update,
      'UPDATE_ROLLBACK_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS current'],
      false,
    ],
    [
      'an older event',
      update,
      'UPDATE_IN_PROGRESS',
      ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_COMPLETE current'],
      false,
    ],
    ['nothing', update, 'UPDATE_IN_PROGRESS', [], false],
    [
      'a deletion',
      request('Delete', 'A'),
      'X_CLEANUP',
      ['stack X_CLEANUP', 'Key DELETE_IN_PROGRESS A', 'Key DELETE_COMPLETE B'],
      true,
    ],
    [
      'the deletion of another id',
      request('Delete', 'A'),
      'X_CLEANUP',
      ['stack X_CLEANUP', 'Key DELETE_IN_PROGRESS B'],
      false,
    ],
    [
      'a deletion of the update before',
      request('Delete', 'A'),
      'UPDATE_COMPLETE',
      ['Key DELETE_IN_PROGRESS A', 'stack UPDATE_COMPLETE'],
      false,
    ],
    [
      'a completion that is no deletion',
      request('Delete', 'A'),
      'X_CLEANUP',
      ['stack X_CLEANUP', 'Key UPDATE_COMPLETE A'],
      false,
    ],
  ])('%s', (_name, of, status, lines, expected) => {
    expect(showRequest(events(...lines), status, of)).toBe(expected);
  });
});

test('a reading shows all that came before a request once it is a minute younger', () => {
  // the signature's time is cut to the second
  expect(isAged(RECORD_LAG + 999, update)).toBe(false);
  expect(isAged(RECORD_LAG + 1000, update)).toBe(true);
});

describe('events count', () => {
  const remove = request('Delete', 'A');
  const late = { value: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', readAt: RECORD_LAG + 1000 };
  const settled = ['stack UPDATE_IN_PROGRESS', 'Key UPDATE_COMPLETE B', 'stack UPDATE_COMPLETE'];

  test.each<[string, ResourceRequest, boolean]>([
    ['for a Delete when the stack had settled before it', { ...remove, signedAt: 3000 }, true],
    [
      'for a Delete when the stack settled in the second of its signature',
      { ...remove, signedAt: 2500 },
      true,
    ],
    ['not for a Delete when the stack has settled since', { ...remove, signedAt: 2000 }, false],
    ['for an Update whenever the stack settled', { ...update, signedAt: 2000 }, true],
  ])('%s', (_name, of, expected) => {
    const timed = events(...settled).map((event, index) => ({ ...event, at: 3000 - index * 1000 }));
    expect(eventsCount(timed, { ...late, readAt: late.readAt + of.signedAt }, of)).toBe(expected);
  });

  test('only when there are any', () => {
    expect(eventsCount([], late, update)).toBe(false);
  });

  test('only when they show the request, or were read late enough', () => {
    const shown = events('stack UPDATE_IN_PROGRESS', 'Key UPDATE_IN_PROGRESS current');
    expect(eventsCount(shown, { value: 'UPDATE_IN_PROGRESS', readAt: 0 }, update)).toBe(true);
    expect(eventsCount(shown, { value: 'UPDATE_ROLLBACK_IN_PROGRESS', readAt: 0 }, update)).toBe(false);
    expect(eventsCount(shown, { value: 'UPDATE_ROLLBACK_IN_PROGRESS', readAt: late.readAt }, update)).toBe(
      true,
    );
  });
});

test('only events since the request name an id for it', () => {
  const all = events('Key UPDATE_COMPLETE A', 'Key UPDATE_COMPLETE B');
  expect(nameId(all, { ...update, signedAt: 1000 }, 'A')).toBe(false);
  expect(nameId(all, { ...update, signedAt: 1000 }, 'B')).toBe(true);
  expect(nameId(all, { ...update, logicalResourceId: 'Other' }, 'B')).toBe(false);
});

test("the stack's own events are not those of a resource of its name", () => {
  const all = events('stack UPDATE_COMPLETE', 'Key UPDATE_IN_PROGRESS A', 'stack UPDATE_IN_PROGRESS');
  const named = all.map(event => ({ ...event, logicalResourceId: 'Key' }));
  expect(historyOf(named, update)).toMatchObject({ settledId: 'A', ids: ['A'] });
});
