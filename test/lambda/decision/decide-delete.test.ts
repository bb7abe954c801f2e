import { decideDelete } from '../../../lambda/decision/decide-delete';
import type { Evidence } from '../../../lambda/decision/evidence';
import type { ResourceHistory, StackResource } from '../../../lambda/decision/history';
import {
  digestOf,
  type KeyReference,
  locationOf,
  newKeyId,
  parseKeyId,
} from '../../../lambda/decision/key-id';
import { RECORD_LAG, SIGNATURE_PRECISION } from '../../../lambda/timings';

const AGED = RECORD_LAG + SIGNATURE_PRECISION;

const REGION = 'eu-west-1';
const reference = (key: string): KeyReference => ({
  location: locationOf('REGIONAL', REGION),
  digest: digestOf(key),
});
const A = newKeyId(reference('A'));
const B = newKeyId(reference('B'));
const AFTER_P = newKeyId(reference('A'), '', { after: reference('P') });
const imported = (key: string) => newKeyId(reference(key), '', { isImported: true });

const UPDATED = 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
const ROLLED_BACK = 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS';

interface Row {
  readonly id?: string;
  readonly status?: string;
  /** read this long after the request was signed */
  readonly age?: number;
  /** the resource's own entry; `undefined` for none */
  readonly own?: readonly [status: string, id: string];
  readonly others?: readonly (readonly [status: string, id: string])[];
  readonly history?:
    | (Partial<ResourceHistory> & { completed?: Readonly<Record<string, string>> })
    | 'late'
    | 'denied';
  readonly record?: Evidence['record'];
}

function decide({ id = A, status = UPDATED, age = 0, own, others = [], history, record }: Row) {
  const keyId = parseKeyId(id, REGION);
  if (!keyId) throw new Error(`expected an id of a key, got ${id}`);
  const resource = (name: string, [state, physicalResourceId]: readonly [string, string]): StackResource => ({
    logicalResourceId: name,
    physicalResourceId,
    status: state,
  });
  const resources = [
    ...others.map((each, n) => resource(`Other${n}`, each)),
    ...(own ? [resource('Key', own)] : []),
  ];
  const past =
    typeof history === 'object'
      ? {
          settledId: undefined,
          isSettledIdKnown: true,
          ids: [],
          completedIds: new Map(Object.entries(history.completed ?? {})),
          ...history,
        }
      : history;
  return decideDelete(
    {
      type: 'Delete',
      stackId: 'stack',
      requestId: 'request',
      stackRegion: REGION,
      logicalResourceId: 'Key',
      physicalResourceId: id,
      signedAt: 0,
    },
    keyId,
    { record: record ?? { status: { value: status, readAt: age }, resources, history: past } },
  );
}

/** Deletes these keys, and leaves those. */
const deletes = (keys: string, left = '') => ({
  plan: 'delete',
  keys: [...keys].map(key => expect.objectContaining(reference(key))),
  left: [...left].map(key => expect.objectContaining(reference(key))),
});
const later = { need: 'later reading' };

describe('before the record', () => {
  test.each<[string, Row, object]>([
    [
      'an imported key is left',
      { id: imported('A'), record: {} },
      { plan: 'nothing', why: 'the key is only used here' },
    ],
    [
      'of an imported key, the previous one is looked at',
      { id: newKeyId(reference('A'), '', { isImported: true, after: reference('P') }), record: 'denied' },
      deletes('', 'P'),
    ],
    ['nothing is known', { record: {} }, { need: 'status' }],
    ['on a denial, a created key goes', { record: 'denied' }, deletes('A')],
    [
      'on a denial, an adopted key is left',
      { id: imported('A').replace('imported', 'adopted'), record: 'denied' },
      deletes('', 'A'),
    ],
    ['on a denial, the previous key is left', { id: AFTER_P, record: 'denied' }, deletes('A', 'P')],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toEqual(expect.objectContaining(expected));
  });
});

describe('row 3: the stack is deleted', () => {
  test.each(['DELETE_IN_PROGRESS', 'DELETE_FAILED', 'DELETE_COMPLETE', 'ROLLBACK_IN_PROGRESS', 'gone'])(
    '%s',
    value => {
      const record = { status: { value, readAt: 0 } };
      expect(decide({ id: AFTER_P, record })).toEqual(deletes('AP'));
    },
  );
});

describe('row 4: the stack is at rest', () => {
  test.each(['UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'CREATE_COMPLETE', 'ROLLBACK_COMPLETE'])(
    '%s',
    value => {
      expect(decide({ record: { status: { value, readAt: AGED - 1 } } })).toEqual(later);
      expect(decide({ record: { status: { value, readAt: AGED } } })).toEqual({
        plan: 'nothing',
        why: `the stack is in ${value}: this Delete is late or repeated`,
      });
    },
  );
});

describe('row 5: the current id', () => {
  const own = ['UPDATE_COMPLETE', A] as const;
  test.each<[string, Row, object]>([
    ['needs the resources', { record: { status: { value: UPDATED, readAt: 0 } } }, { need: 'resources' }],
    ['may be read late', { own }, later],
    [
      'fails in the end',
      { own, age: AGED },
      { plan: 'fail', reason: expect.stringMatching(/one, in UPDATE_COMPLETE$/) },
    ],
    ['fails in UPDATE_FAILED', { own, status: 'UPDATE_FAILED', age: AGED }, { plan: 'fail' }],
    ['in a rollback needs the events', { own, status: ROLLED_BACK }, { need: 'history' }],
    ['in a rollback waits for the events', { own, status: ROLLED_BACK, history: 'late' }, later],
    [
      'in a rollback fails for the settled id',
      { own, status: ROLLED_BACK, history: { settledId: A }, age: AGED },
      { plan: 'fail' },
    ],
    [
      'in a rollback waits for the settled id',
      { own, status: ROLLED_BACK, history: { settledId: A } },
      later,
    ],
    [
      'in a rollback goes where another id is settled',
      { own, status: ROLLED_BACK, history: { settledId: B } },
      deletes('A'),
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toEqual(expect.objectContaining(expected));
  });
});

describe('row 6: what no id names', () => {
  const replaced = ['UPDATE_COMPLETE', B] as const;
  const going = ['DELETE_IN_PROGRESS', A] as const;
  test.each<[string, Row, object]>([
    ['a replaced key goes', { own: replaced }, deletes('A')],
    ['not before the clean-up', { own: replaced, status: 'UPDATE_IN_PROGRESS' }, later],
    [
      'but a minute after the request',
      { own: replaced, status: 'UPDATE_IN_PROGRESS', age: AGED, history: {} },
      deletes('A'),
    ],
    [
      'another resource imports it',
      { own: replaced, others: [['CREATE_COMPLETE', imported('A')]] },
      deletes('', 'A'),
    ],
    [
      'another resource has it as its previous key',
      {
        own: replaced,
        others: [['UPDATE_COMPLETE', newKeyId(reference('C'), '', { after: reference('A') })]],
      },
      deletes('', 'A'),
    ],
    [
      'another resource that failed names it',
      { own: replaced, others: [['UPDATE_FAILED', A]] },
      deletes('', 'A'),
    ],
    [
      'another resource that goes does not name it',
      {
        own: replaced,
        others: [
          ['DELETE_IN_PROGRESS', A],
          ['DELETE_COMPLETE', A],
        ],
        history: {},
      },
      deletes('A'),
    ],
    [
      'another resource that goes needs the events',
      { own: replaced, others: [['DELETE_IN_PROGRESS', B]] },
      { need: 'history' },
    ],
    [
      'another resource that goes, but has no id of a key, needs none',
      { own: replaced, others: [['DELETE_IN_PROGRESS', 'function']] },
      deletes('A'),
    ],
    [
      'another resource that is shown by its former copy is what it completed',
      {
        own: replaced,
        others: [['DELETE_IN_PROGRESS', B]],
        history: { completed: { Other0: imported('A') } },
      },
      deletes('', 'A'),
    ],
    [
      'another resource that could not go names it',
      { own: replaced, others: [['DELETE_FAILED', A]], history: {} },
      deletes('', 'A'),
    ],
    [
      'with the events denied, what an entry names is left',
      { own: ['DELETE_IN_PROGRESS', A], others: [['CREATE_COMPLETE', imported('A')]], history: 'denied' },
      deletes('', 'A'),
    ],
    [
      'with the events denied, a created key goes',
      { own: ['DELETE_IN_PROGRESS', A], history: 'denied' },
      deletes('A'),
    ],
    [
      'with the events denied, the previous key is left',
      { id: AFTER_P, own: ['DELETE_IN_PROGRESS', AFTER_P], history: 'denied' },
      deletes('A', 'P'),
    ],
    [
      'another resource that the list does not show is what it completed',
      { own: replaced, others: [['DELETE_IN_PROGRESS', B]], history: { completed: { Lost: imported('A') } } },
      deletes('', 'A'),
    ],
    [
      'another resource that is shown is not what it completed before',
      {
        own: replaced,
        others: [
          ['DELETE_IN_PROGRESS', B],
          ['UPDATE_COMPLETE', 'function'],
        ],
        history: { completed: { Other1: imported('A') } },
      },
      deletes('A'),
    ],
    [
      'another resource whose former copy could not go is what it completed',
      { own: replaced, others: [['DELETE_FAILED', B]], history: { completed: { Other0: imported('A') } } },
      deletes('', 'A'),
    ],
    [
      'its own new id names it',
      { own: ['UPDATE_COMPLETE', `${A}/returned-0123456789abcdef`] },
      deletes('', 'A'),
    ],
    [
      'its own new id has it as the previous key',
      { own: ['UPDATE_COMPLETE', newKeyId(reference('B'), '', { after: reference('A') })] },
      deletes('', 'A'),
    ],
    [
      'of two keys, only the named one stays',
      { id: AFTER_P, own: ['UPDATE_COMPLETE', newKeyId(reference('B'), '', { after: reference('A') })] },
      deletes('P', 'A'),
    ],
    [
      'a previous key that another resource uses stays',
      { id: AFTER_P, own: ['UPDATE_COMPLETE', B], others: [['UPDATE_COMPLETE', imported('P')]] },
      deletes('A', 'P'),
    ],
    ['a removed resource needs the events', { own: going }, { need: 'history' }],
    ['a removed resource without an entry needs the events', {}, { need: 'history' }],
    ['a removed resource waits for the events', { own: going, history: 'late' }, later],
    ['a removed resource has completed nothing', { own: going, history: { settledId: A } }, deletes('A')],
    [
      'a replaced one that is shown by its old id is what it completed',
      {
        own: going,
        history: {
          settledId: A,
          completed: { Key: newKeyId(reference('B'), '', { after: reference('A') }) },
        },
      },
      deletes('', 'A'),
    ],
    [
      'the same, with nothing kept',
      { own: going, history: { settledId: A, completed: { Key: B } } },
      deletes('A'),
    ],
    [
      'a completion of the id itself does not count',
      { own: going, history: { completed: { Key: A } } },
      deletes('A'),
    ],
    [
      'after a rollback the settled id names its keys',
      { own: ['UPDATE_COMPLETE', B], status: ROLLED_BACK, history: { settledId: imported('A') } },
      deletes('', 'A'),
    ],
    [
      'after an update the replaced key goes, even if no event tells the settled id',
      {
        own: ['DELETE_IN_PROGRESS', A],
        status: UPDATED,
        history: { isSettledIdKnown: false, completed: { Key: B } },
      },
      deletes('A'),
    ],
    [
      'after a rollback, what may be the settled key stays',
      {
        id: B,
        own: ['UPDATE_COMPLETE', A],
        status: ROLLED_BACK,
        history: { isSettledIdKnown: false, completed: { Key: A } },
      },
      deletes('', 'B'),
    ],
    [
      'after a rollback the new key goes',
      {
        id: B,
        own: ['UPDATE_COMPLETE', A],
        status: ROLLED_BACK,
        history: { settledId: A, completed: { Key: A } },
      },
      deletes('B'),
    ],
    [
      'after a rollback that is shown by the new id',
      {
        id: B,
        own: ['UPDATE_COMPLETE', B],
        status: ROLLED_BACK,
        history: { settledId: A, completed: { Key: B } },
      },
      deletes('B'),
    ],
    [
      'after the rollback of a hand-over',
      {
        id: imported('A').replace('imported', 'adopted'),
        own: ['DELETE_IN_PROGRESS', 'x'],
        status: ROLLED_BACK,
        history: { settledId: imported('A'), completed: { Key: imported('A') } },
      },
      deletes('', 'A'),
    ],
    [
      'after an update the settled id names nothing',
      { own: going, history: { settledId: A, completed: {} } },
      deletes('A'),
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toEqual(expect.objectContaining(expected));
  });
});
