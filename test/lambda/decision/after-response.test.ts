import {
  type AftermathPlan,
  afterResponse,
  isRequestOver,
  type Look,
  type OwnEntry,
  type Sending,
} from '../../../lambda/decision/after-response';
import type { ResourceRequest, StackEvent } from '../../../lambda/decision/history';
import { RECORD_LAG } from '../../../lambda/timings';

const SIGNED_AT = 100_000;
const request: ResourceRequest = {
  type: 'Create',
  requestId: 'request',
  stackId: 'stack',
  stackRegion: 'eu-west-1',
  logicalResourceId: 'Key',
  signedAt: SIGNED_AT,
};
const accepted: Sending = { end: 'accepted', mayHaveArrived: true };
const unsent: Sending = { end: 'unsent', mayHaveArrived: false };

const entry = (status: string, physicalResourceId?: string, updatedAt = SIGNED_AT + 5000): OwnEntry => ({
  status,
  physicalResourceId,
  logicalResourceId: 'Key',
  updatedAt,
});
const event = (status: string, physicalResourceId?: string, at = SIGNED_AT + 5000): StackEvent => ({
  logicalResourceId: 'Key',
  physicalResourceId,
  status,
  at,
});
const look = (after: number, seen: OwnEntry | 'gone', events?: readonly StackEvent[]): Look => ({
  after,
  entry: seen,
  events,
});
const early = look(4000, entry('CREATE_IN_PROGRESS'));
const last = (seen: OwnEntry | 'gone', events?: readonly StackEvent[]) => look(RECORD_LAG, seen, events);
const failure = [event('CREATE_FAILED')];

interface Row {
  readonly sending?: Sending;
  readonly looks?: readonly Look[];
  readonly isBlind?: boolean;
  readonly type?: ResourceRequest['type'];
}

function plan({ sending = accepted, looks = [], isBlind = false, type = 'Create' }: Row): AftermathPlan {
  return afterResponse({ request: { ...request, type }, newId: 'new', sending, looks, isBlind });
}

test.each<[string, AftermathPlan, Row]>([
  ['refused', 'delete the new key', { sending: { end: 'refused', mayHaveArrived: false } }],
  ['refused after it may have arrived', 'look', { sending: { end: 'refused', mayHaveArrived: true } }],
  ['unsent', 'look', { sending: unsent }],
  [
    'unsent and not named',
    'delete the new key',
    { sending: unsent, looks: [look(0, entry('CREATE_IN_PROGRESS'))] },
  ],
  ['unsent and gone', 'delete the new key', { sending: unsent, looks: [look(0, 'gone')] }],
  ['unsent and named', 'done', { sending: unsent, looks: [look(0, entry('CREATE_COMPLETE', 'new'))] }],
  ['unsent and unreadable', 'leave the new key', { sending: unsent, isBlind: true }],
  [
    'unsent, and it may have arrived',
    'leave the new key',
    { sending: { end: 'unsent', mayHaveArrived: true } },
  ],
])('%s: %s', (_name, expected, row) => {
  expect(plan(row)).toBe(expected);
});

test.each<[string, AftermathPlan, Row]>([
  ['not looked at yet', 'look', {}],
  ['unreadable', 'leave the new key', { isBlind: true }],
  ['in progress', 'look', { looks: [early] }],
  ['in progress, and unreadable from now on', 'leave the new key', { looks: [early], isBlind: true }],
  ['the entry names the new id', 'done', { looks: [look(4000, entry('UPDATE_FAILED', 'new'))] }],
  [
    'an event names the new id',
    'done',
    { looks: [look(4000, entry('UPDATE_COMPLETE', 'other'), [event('UPDATE_COMPLETE', 'new')])] },
  ],
  [
    'another id: the events are read',
    'read events',
    { looks: [look(4000, entry('CREATE_COMPLETE', 'other'))] },
  ],
  ['gone: the events are read', 'read events', { looks: [early, look(12_000, 'gone')] }],
  [
    'another id, and no event tells why',
    'look',
    { looks: [look(4000, entry('CREATE_COMPLETE', 'other'), [])] },
  ],
  ['failed by the events', 'delete the new key', { looks: [look(4000, entry('CREATE_FAILED'), failure)] }],
  ['failed by the entry alone, so far', 'look', { looks: [look(4000, entry('CREATE_FAILED'), [])] }],
  [
    'failed by the entry, in two looks',
    'delete the new key',
    { looks: [early, last(entry('CREATE_FAILED'), [])] },
  ],
  ['failed by the entry, in one look', 'leave the new key', { looks: [last(entry('CREATE_FAILED'), [])] }],
  [
    'failed by an entry as old as the request',
    'leave the new key',
    { looks: [early, last(entry('CREATE_FAILED', 'x', SIGNED_AT), [])] },
  ],
  [
    'complete with another id in the end',
    'delete the new key',
    { looks: [early, last(entry('UPDATE_COMPLETE', 'other'), [])] },
  ],
  [
    'complete without an id in the end',
    'leave the new key',
    { looks: [early, last(entry('UPDATE_COMPLETE'), [])] },
  ],
  [
    'deleted with another id in the end',
    'leave the new key',
    { looks: [early, last(entry('DELETE_COMPLETE', 'other'), [])] },
  ],
  [
    'in progress in the end: the events are read',
    'read events',
    { looks: [early, last(entry('DELETE_IN_PROGRESS', 'x'))] },
  ],
  [
    'in progress in the end, after it failed',
    'delete the new key',
    { looks: [early, last(entry('DELETE_IN_PROGRESS', 'x'), failure)] },
  ],
  ['in progress in the end', 'leave the new key', { looks: [early, last(entry('CREATE_IN_PROGRESS'), [])] }],
  [
    'in progress again in the end, after it completed with another id',
    'delete the new key',
    { looks: [early, last(entry('CREATE_IN_PROGRESS'), [event('CREATE_COMPLETE', 'other')])] },
  ],
  [
    'in progress again in the end, after it completed without an id',
    'leave the new key',
    { looks: [early, last(entry('CREATE_IN_PROGRESS'), [event('CREATE_COMPLETE')])] },
  ],
  [
    'failed within the second of the signature, in the end',
    'delete the new key',
    {
      looks: [
        early,
        last(entry('DELETE_IN_PROGRESS', 'x'), [event('CREATE_FAILED', undefined, SIGNED_AT + 500)]),
      ],
    },
  ],
  [
    'begun after another failed within the second of the signature',
    'leave the new key',
    {
      looks: [
        early,
        last(entry('CREATE_IN_PROGRESS'), [
          event('CREATE_IN_PROGRESS', undefined, SIGNED_AT + 700),
          event('CREATE_FAILED', undefined, SIGNED_AT + 500),
        ]),
      ],
    },
  ],
  [
    'in another operation in the end: the events are read',
    'read events',
    { looks: [early, last(entry('UPDATE_IN_PROGRESS', 'other'))] },
  ],
  [
    'failed before the request, in the end',
    'leave the new key',
    { looks: [early, last(entry('CREATE_IN_PROGRESS'), [event('CREATE_FAILED', undefined, SIGNED_AT - 1)])] },
  ],
  [
    'failed at the very time of the signature, in the end',
    'delete the new key',
    { looks: [early, last(entry('CREATE_IN_PROGRESS'), [event('CREATE_FAILED', undefined, SIGNED_AT)])] },
  ],
  ['gone after it was shown', 'delete the new key', { looks: [early, last('gone', [])] }],
  ['never shown', 'leave the new key', { looks: [look(4000, 'gone', []), last('gone', [])] }],
  [
    'gone, and the events cannot be read',
    'leave the new key',
    { looks: [early, last('gone')], isBlind: true },
  ],
])('sent, %s: %s', (_name, expected, row) => {
  expect(plan(row)).toBe(expected);
});

describe('the end that events show', () => {
  const seen = (...events: StackEvent[]) => plan({ looks: [look(4000, entry('X'), events)] });
  test.each<[string, AftermathPlan, StackEvent[]]>([
    [
      'within the second of the signature it may be that of the request before',
      'look',
      [event('CREATE_FAILED', undefined, SIGNED_AT + 999)],
    ],
    [
      'within that second it is its own once the events go beyond it',
      'delete the new key',
      [
        { ...event('UPDATE_IN_PROGRESS', 'stack', SIGNED_AT + 1000), logicalResourceId: 'stack' },
        event('CREATE_FAILED', undefined, SIGNED_AT + 999),
        event('CREATE_IN_PROGRESS', undefined, SIGNED_AT - 3000),
      ],
    ],
    [
      'within that second, but before the request began, it is that of the request before',
      'look',
      [
        event('DELETE_COMPLETE', 'marker', SIGNED_AT + 1000),
        event('CREATE_IN_PROGRESS', undefined, SIGNED_AT + 900),
        event('CREATE_FAILED', undefined, SIGNED_AT + 500),
      ],
    ],
    [
      'a second after it is its own',
      'delete the new key',
      [event('CREATE_FAILED', undefined, SIGNED_AT + 1000)],
    ],
    ['before it is that of another', 'look', [event('CREATE_FAILED', undefined, SIGNED_AT - 1)]],
    [
      'a completion that was followed by a failure',
      'look',
      [event('CREATE_FAILED'), event('CREATE_COMPLETE', 'other')],
    ],
    [
      'a failure that was followed by the next request',
      'delete the new key',
      [event('CREATE_IN_PROGRESS', undefined, SIGNED_AT + 7000), event('CREATE_FAILED')],
    ],
    [
      'a failure that was followed by a completion',
      'delete the new key',
      [event('CREATE_COMPLETE', 'other'), event('CREATE_FAILED')],
    ],
    [
      'the deletion of another id is no end',
      'look',
      [event('DELETE_COMPLETE', 'marker'), event('DELETE_IN_PROGRESS', 'marker')],
    ],
    ['another kind of failure is no end', 'look', [event('UPDATE_FAILED')]],
    ['of another resource', 'look', [{ ...event('CREATE_FAILED'), logicalResourceId: 'Other' }]],
  ])('%s', (_name, expected, events) => {
    expect(seen(...events)).toBe(expected);
  });

  test('an update has its own', () => {
    const looks = [look(4000, entry('X'), [event('UPDATE_FAILED', 'old')])];
    expect(plan({ looks, type: 'Update' })).toBe('delete the new key');
  });
});

test.each<[string, boolean, OwnEntry | 'gone', boolean]>([
  ['failed later', true, entry('CREATE_FAILED', undefined, SIGNED_AT + 1000), false],
  [
    'failed within the second of the signature',
    false,
    entry('CREATE_FAILED', undefined, SIGNED_AT + 999),
    false,
  ],
  ['is in progress', false, entry('UPDATE_IN_PROGRESS'), true],
  ['is complete', false, entry('UPDATE_COMPLETE', 'other'), true],
  ['is gone after it was shown', true, 'gone', true],
  ['was never shown', false, 'gone', false],
])('while a key is created, a resource that %s: request over is %s', (_name, expected, seen, wasShown) => {
  expect(isRequestOver(seen, wasShown, request)).toBe(expected);
});
