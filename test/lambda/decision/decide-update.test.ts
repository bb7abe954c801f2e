import { decideUpdate } from '../../../lambda/decision/decide-update';
import type { DesiredKey } from '../../../lambda/decision/desired-key';
import type { Evidence, ListedKey } from '../../../lambda/decision/evidence';
import type { ResourceRequest } from '../../../lambda/decision/history';
import {
  digestOf,
  type KeyReference,
  locationOf,
  newKeyId,
  rotationOf,
  type Scope,
} from '../../../lambda/decision/key-id';
import { RECORD_LAG, SIGNATURE_PRECISION } from '../../../lambda/timings';

const REGION = 'eu-west-1';
const DOMAINS = ['example.com', 'shop.example.com'];
const OTHER_DOMAINS = ['example.org'];

const reference = (key: string, scope: Scope = 'REGIONAL'): KeyReference => ({
  location: locationOf(scope, REGION),
  digest: digestOf(key),
});
const A = newKeyId(reference('A'));
const B = newKeyId(reference('B'));
const IMPORTED = newKeyId(reference('K'), '', { isImported: true });
const ADOPTED = IMPORTED.replace('/imported', '/adopted');
const RETURNED = /\/returned-[0-9a-f]{16}$/;

const REQUEST: ResourceRequest = {
  type: 'Update',
  requestId: 'request',
  stackId: 'stack',
  stackRegion: REGION,
  logicalResourceId: 'Key',
  signedAt: 0,
};

interface Row {
  /** the current id */
  readonly current?: string;
  readonly desired?: Partial<DesiredKey> & { readonly scope?: Scope; readonly label?: string };
  /** the keys that are listed in the desired location, with their domains */
  readonly keys?: Readonly<Record<string, readonly string[]>>;
  readonly isConfirmed?: boolean;
  readonly status?: string;
  readonly readAt?: number;
  /** `null` where no event tells it */
  readonly settled?: string | null;
  readonly ids?: readonly string[];
  readonly hasCompleted?: boolean;
  readonly record?: Evidence['record'];
}

function decide(row: Row) {
  const { desired: { scope = 'REGIONAL', label, ...desired } = {}, keys = {}, isConfirmed = true } = row;
  const { current = A, settled = current, status = 'UPDATE_IN_PROGRESS' } = row;
  const { ids = settled === null ? [] : [settled] } = row;
  const listed = Object.entries(keys).map(([key, tokenDomains]): [string, ListedKey] => [
    digestOf(key),
    { key, tokenDomains },
  ]);
  const request: ResourceRequest = { ...REQUEST, physicalResourceId: current };
  const settledId = settled ?? undefined;
  const completedIds = new Map(row.hasCompleted ? [[REQUEST.logicalResourceId, current]] : []);
  const history = { settledId, isSettledIdKnown: settled !== null, ids, completedIds };
  return decideUpdate(
    request,
    {
      location: locationOf(scope, REGION),
      tokenDomains: DOMAINS,
      rotation: rotationOf(label),
      existingApiKey: undefined,
      keepPreviousKey: false,
      ...desired,
    },
    {
      listings: [{ location: locationOf(scope, REGION), keys: new Map(listed), isConfirmed }],
      record: row.record ?? { status: { value: status, readAt: row.readAt ?? 100_000 }, history },
    },
  );
}

const use = (key: string, id: unknown) => ({ plan: 'use', key, id });
const rotatedA = newKeyId(reference('A'), rotationOf('1'));
const afterP = newKeyId(reference('A'), '', { after: reference('P') });

describe('row 1: an existing key', () => {
  const desired = { existingApiKey: 'K' };
  const keys = { K: DOMAINS, A: DOMAINS };
  test.each<[string, Row, object]>([
    ['not known to be listed', { desired, isConfirmed: false }, { need: 'key', reference: reference('K') }],
    [
      'not listed',
      { desired },
      { plan: 'fail', reason: expect.stringContaining('REGIONAL key in eu-west-1') },
    ],
    [
      'for other domains',
      { desired, keys: { K: OTHER_DOMAINS } },
      {
        plan: 'fail',
        reason: expect.stringContaining('example.com, shop.example.com, got one for example.org'),
      },
    ],
    ['the current imported one', { desired, keys, current: IMPORTED, record: {} }, use('K', IMPORTED)],
    ['letter case aside', { desired, keys: { K: ['SHOP.example.com', 'example.com'] } }, use('K', IMPORTED)],
    ['in the place of an own key', { desired, keys }, use('K', IMPORTED)],
    [
      'that the stack owns by the current id',
      { desired: { existingApiKey: 'A' }, keys },
      use('A', `${A}/imported`),
    ],
    ['that was adopted', { desired, keys, current: ADOPTED }, use('K', IMPORTED)],
    [
      'in a rollback, by the id from before',
      { desired, keys, current: ADOPTED, settled: `${IMPORTED}/x`, status: 'UPDATE_ROLLBACK_IN_PROGRESS' },
      use('K', `${IMPORTED}/x`),
    ],
    [
      'without a rollback, by a new id',
      { desired, keys, current: ADOPTED, settled: `${IMPORTED}/x` },
      use('K', IMPORTED),
    ],
    [
      'in a rollback, of another rotation',
      {
        desired: { ...desired, label: '2' },
        keys,
        current: B,
        settled: IMPORTED,
        status: 'UPDATE_ROLLBACK_IN_PROGRESS',
      },
      use('K', `${IMPORTED}/rotation-${rotationOf('2')}`),
    ],
    [
      'with another rotation',
      { desired: { ...desired, label: '2' }, keys, current: IMPORTED, settled: A },
      use('K', `${IMPORTED}/rotation-${rotationOf('2')}`),
    ],
    [
      'that keeps the previous key',
      { desired: { ...desired, keepPreviousKey: true }, keys },
      use('K', `${IMPORTED}/after-r-${digestOf('A')}`),
    ],
    [
      'that keeps no imported key',
      {
        desired: { ...desired, keepPreviousKey: true },
        keys,
        settled: newKeyId(reference('L'), '', { isImported: true }),
      },
      use('K', IMPORTED),
    ],
    [
      'that the settled id names as its own, with its previous key',
      { desired: { existingApiKey: 'A', keepPreviousKey: true }, keys, current: afterP },
      use('A', `${A}/imported/after-r-${digestOf('P')}`),
    ],
    [
      'that may not be read',
      { desired: { ...desired, keepPreviousKey: true }, keys, record: 'denied' },
      use('K', IMPORTED),
    ],
    ['while nothing is read', { desired, keys, record: {} }, { need: 'status' }],
    [
      'in the place of CLOUDFRONT',
      { desired: { ...desired, scope: 'CLOUDFRONT' }, keys, current: IMPORTED },
      use('K', newKeyId(reference('K', 'CLOUDFRONT'), '', { isImported: true })),
    ],
    [
      'in the place of another imported one',
      { desired, keys: { ...keys, L: DOMAINS }, current: newKeyId(reference('L'), '', { isImported: true }) },
      use('K', IMPORTED),
    ],
    [
      'that it has had since the stack was settled, under an id that is new',
      { desired, keys, current: B, settled: IMPORTED, ids: [IMPORTED, B] },
      use('K', expect.stringMatching(/\/imported\/returned-[0-9a-f]{16}$/)),
    ],
    [
      'that it has had with another previous key',
      { desired, keys, current: B, settled: A, ids: [A, `${IMPORTED}/after-r-${digestOf('A')}`, B] },
      use('K', IMPORTED),
    ],
    [
      'where the resource had no key before',
      { desired, keys, current: 'x', settled: 'x' },
      use('K', IMPORTED),
    ],
    [
      'whose domains are named in their order',
      { desired, keys: { K: ['z.example', 'a.example'] } },
      { plan: 'fail', reason: expect.stringContaining('got one for a.example, z.example') },
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });

  test('a Create takes it without reading the record', () => {
    const request: ResourceRequest = { ...REQUEST, type: 'Create' };
    const location = locationOf('REGIONAL', REGION);
    const listing = {
      location,
      keys: new Map([[digestOf('K'), { key: 'K', tokenDomains: DOMAINS }]]),
      isConfirmed: false,
    };
    const wanted = {
      location,
      tokenDomains: DOMAINS,
      rotation: '',
      existingApiKey: 'K',
      keepPreviousKey: true,
    };
    expect(decideUpdate(request, wanted, { listings: [listing], record: {} })).toMatchObject(
      use('K', IMPORTED),
    );
  });
});

describe('row 2: the current key', () => {
  test.each<[string, Row, object]>([
    ['fits', { keys: { A: DOMAINS }, record: {} }, use('A', A)],
    [
      'fits in another order and letter case',
      { keys: { A: ['Shop.example.com', 'EXAMPLE.com'] }, record: {} },
      use('A', A),
    ],
    ['was adopted and fits', { current: ADOPTED, keys: { K: DOMAINS }, record: {} }, use('K', ADOPTED)],
    [
      'fits with its label',
      { current: rotatedA, desired: { label: '1' }, keys: { A: DOMAINS }, record: {} },
      use('A', rotatedA),
    ],
    [
      'keeps its previous key whatever the prop says',
      { current: afterP, keys: { A: DOMAINS }, record: {} },
      use('A', afterP),
    ],
    [
      'has segments of a newer release',
      { current: `${A}/new-segment`, keys: { A: DOMAINS }, record: {} },
      use('A', `${A}/new-segment`),
    ],
    [
      'is not known to be listed',
      { isConfirmed: false, record: {} },
      { need: 'key', reference: { digest: digestOf('A') } },
    ],
    ['is gone', { record: {} }, { need: 'status' }],
    ['has other domains', { keys: { A: OTHER_DOMAINS }, record: {} }, { need: 'status' }],
    [
      'has another label, so it is not looked for',
      { desired: { label: '2' }, isConfirmed: false, record: {} },
      { need: 'status' },
    ],
    ['lost its label', { current: rotatedA, keys: { A: DOMAINS }, record: {} }, { need: 'status' }],
    [
      'is of another scope',
      { desired: { scope: 'CLOUDFRONT' }, keys: { A: DOMAINS }, record: {} },
      { need: 'status' },
    ],
    ['is imported', { current: IMPORTED, keys: { K: DOMAINS }, record: {} }, { need: 'status' }],
    [
      'is no key',
      { current: 'WafCaptchaApiKey/create-failed/x', isConfirmed: false, record: {} },
      { need: 'status' },
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });
});

describe('the record', () => {
  const status = { value: 'UPDATE_IN_PROGRESS', readAt: 0 };
  test.each<[string, Row, object]>([
    ['needs the events after the status', { record: { status } }, { need: 'history' }],
    [
      'is read anew while events are late',
      { record: { status, history: 'late' } },
      { need: 'later reading' },
    ],
    ['of no stack yet', { record: { status: { value: 'gone', readAt: 0 } } }, { need: 'later reading' }],
    [
      'of no stack',
      { record: { status: { value: 'gone', readAt: RECORD_LAG + SIGNATURE_PRECISION } } },
      { plan: 'fail' },
    ],
    ['may not be read', { record: 'denied', desired: { keepPreviousKey: true } }, { plan: 'create' }],
    [
      'may be read, but not its events',
      { record: { status, history: 'denied' }, desired: { keepPreviousKey: true } },
      { plan: 'create' },
    ],
    [
      'may be read, but not its events, for a hand-over',
      { record: { status, history: 'denied' }, current: IMPORTED, keys: { K: DOMAINS } },
      { plan: 'fail', reason: expect.stringContaining('cloudformation:DescribeStackEvents') },
    ],
    [
      'may not be read for a hand-over',
      { record: 'denied', current: IMPORTED, keys: { K: DOMAINS } },
      { plan: 'fail', reason: expect.stringContaining('cloudformation:DescribeStackEvents') },
    ],
    [
      'may not be read and an imported key does not fit',
      { record: 'denied', current: IMPORTED },
      { plan: 'create' },
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });
});

describe('row 3: a previous id whose key fits', () => {
  const former = { current: B, settled: A, ids: [A, B] };
  const rollback = { ...former, status: 'UPDATE_ROLLBACK_IN_PROGRESS' };
  test.each<[string, Row, object]>([
    ['in a rollback, by its id', { ...rollback, keys: { A: DOMAINS, B: OTHER_DOMAINS } }, use('A', A)],
    [
      'without one, by a new id',
      { ...former, keys: { A: DOMAINS, B: OTHER_DOMAINS } },
      use('A', expect.stringMatching(RETURNED)),
    ],
    [
      'not known to be listed',
      { ...rollback, isConfirmed: false, keys: { B: OTHER_DOMAINS } },
      { need: 'key', reference: { digest: digestOf('A') } },
    ],
    [
      'the earliest first',
      {
        current: 'x',
        settled: A,
        ids: [A, B],
        status: 'UPDATE_ROLLBACK_IN_PROGRESS',
        keys: { A: DOMAINS, B: DOMAINS },
      },
      use('A', A),
    ],
    [
      'a later one where the settled one is gone',
      { current: 'x', settled: A, ids: [A, B], status: 'UPDATE_ROLLBACK_IN_PROGRESS', keys: { B: DOMAINS } },
      use('B', B),
    ],
    [
      'an imported one is adopted, without a rollback',
      { current: B, settled: IMPORTED, ids: [IMPORTED, B], keys: { K: DOMAINS, B: OTHER_DOMAINS } },
      use('K', expect.stringMatching(/\/adopted\/returned-[0-9a-f]{16}$/)),
    ],
    [
      'an imported one that was tried out where none was before is not used',
      { current: B, settled: 'x', ids: [IMPORTED, B], keys: { K: DOMAINS, B: OTHER_DOMAINS } },
      { plan: 'create' },
    ],
    [
      'an imported one that was only tried out since is not used',
      {
        current: B,
        settled: A,
        ids: [A, IMPORTED, B],
        keys: { K: DOMAINS, A: OTHER_DOMAINS, B: OTHER_DOMAINS },
      },
      { plan: 'create' },
    ],
    [
      'nor in a rollback',
      { ...rollback, ids: [A, IMPORTED, B], keys: { K: DOMAINS, B: OTHER_DOMAINS } },
      { plan: 'create' },
    ],
    [
      'keeps its previous key',
      { current: B, settled: afterP, ids: [afterP, B], keys: { A: DOMAINS, B: OTHER_DOMAINS } },
      use('A', expect.stringMatching(new RegExp(`/after-r-${digestOf('P')}/returned-`))),
    ],
    [
      'rather than the imported current one',
      { current: IMPORTED, settled: A, ids: [A, IMPORTED], keys: { A: DOMAINS, K: DOMAINS } },
      use('A', expect.stringMatching(RETURNED)),
    ],
    [
      'of another label does not',
      { ...former, desired: { label: '2' }, keys: { A: DOMAINS, B: DOMAINS } },
      { plan: 'create' },
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });

  test('a second return gets another id, with one segment for it', () => {
    const again = {
      current: B,
      settled: `${A}/returned-0123456789abcdef`,
      keys: { A: DOMAINS, B: OTHER_DOMAINS },
    };
    expect(decide(again)).toMatchObject(
      use('A', expect.stringMatching(new RegExp(`^${A}/returned-(?!0123456789abcdef)[0-9a-f]{16}$`))),
    );
  });
});

describe('row 4: a rollback to a key that its template does not ask for', () => {
  const status = 'UPDATE_ROLLBACK_IN_PROGRESS';
  test.each<[string, Row, object]>([
    [
      'takes the settled one',
      { current: B, settled: A, status, keys: { A: OTHER_DOMAINS, B: OTHER_DOMAINS } },
      use('A', A),
    ],
    ['even if it is the current one', { status, keys: { A: OTHER_DOMAINS } }, use('A', A)],
    ['even if it is imported', { current: IMPORTED, status, keys: { K: DOMAINS } }, use('K', IMPORTED)],
    [
      'looks for it where it lives',
      { current: B, settled: newKeyId(reference('A', 'CLOUDFRONT')), status, keys: { B: OTHER_DOMAINS } },
      { need: 'key', reference: reference('A', 'CLOUDFRONT') },
    ],
    ['creates one where it is gone', { current: B, settled: A, status }, { plan: 'create' }],
    [
      'only by a reading that cannot show the request before',
      { status, keys: { A: OTHER_DOMAINS }, readAt: 60_999 },
      { need: 'later reading' },
    ],
    ['is not for other updates', { keys: { A: OTHER_DOMAINS } }, { plan: 'create' }],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });
});

describe('row 5: the hand-over of an imported key', () => {
  const withMore = `${IMPORTED}/after-r-${digestOf('P')}`;
  test.each<[string, Row, object]>([
    ['takes the same key', { current: IMPORTED, keys: { K: DOMAINS } }, use('K', ADOPTED)],
    [
      'keeps the rest of its id',
      { current: withMore, keys: { K: DOMAINS } },
      use('K', withMore.replace('imported', 'adopted')),
    ],
    [
      'not where the resource had another key before',
      { current: IMPORTED, settled: B, keys: { K: DOMAINS } },
      { plan: 'create' },
    ],
    [
      'not where the resource had no key before',
      { current: IMPORTED, settled: 'x', keys: { K: DOMAINS } },
      { plan: 'create' },
    ],
    ['not where it does not fit', { current: IMPORTED, keys: { K: OTHER_DOMAINS } }, { plan: 'create' }],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });
});

describe('a settled id that no event tells', () => {
  const status = 'UPDATE_ROLLBACK_IN_PROGRESS';
  const untold = { current: B, settled: null };
  const fail = { plan: 'fail', reason: expect.stringContaining('which key the resource had before') };
  test.each<[string, Row, object]>([
    [
      'is not needed to return to an id',
      { ...untold, ids: [A, B], status, keys: { A: DOMAINS } },
      use('A', A),
    ],
    ['is waited for in a rollback', { ...untold, status, readAt: 0 }, { need: 'later reading' }],
    ['fails a rollback in the end', { ...untold, ids: [B], status }, fail],
    ['fails a hand-over', { current: IMPORTED, settled: null, keys: { K: DOMAINS } }, fail],
    ['fails where the resource may have changed since', { ...untold, ids: [B], hasCompleted: true }, fail],
    ['is not needed for a new key where it has not', { ...untold, ids: [B] }, { plan: 'create' }],
    [
      'is not needed for an existing key',
      { ...untold, desired: { existingApiKey: 'K' }, keys: { K: DOMAINS } },
      use('K', IMPORTED),
    ],
  ])('%s', (_name, row, expected) => {
    expect(decide(row)).toMatchObject(expected);
  });
});

describe('row 6: a key is created', () => {
  const desired = { label: '2', keepPreviousKey: true };
  test.each<[string, Row, string | undefined]>([
    ['without the prop', { desired: { label: '2' } }, undefined],
    ['after the settled one', { desired }, 'A'],
    ['after the settled one, not the current one', { desired, current: B, settled: A, ids: [A, B] }, 'A'],
    ['after an adopted one', { desired, current: ADOPTED }, 'K'],
    ['after none that is imported', { desired, current: IMPORTED }, undefined],
    ['after none that did not exist', { desired, current: B, settled: 'x' }, undefined],
    ['after one of another scope', { desired: { keepPreviousKey: true, scope: 'CLOUDFRONT' } }, 'A'],
  ])('%s', (_name, row, after) => {
    const expected = after === undefined ? undefined : expect.objectContaining(reference(after));
    expect(decide(row)).toEqual({ plan: 'create', after: expected });
  });

  test.each<[string, Row, object]>([
    ['', { desired }, { need: 'later reading' }],
    ['without the prop', { desired: { label: '2' } }, { plan: 'create' }],
    [
      'for an existing key',
      { desired: { ...desired, existingApiKey: 'K' }, keys: { K: DOMAINS } },
      { need: 'later reading' },
    ],
  ])('where none existed, an early reading may be of the operation before %s', (_name, row, expected) => {
    expect(decide({ ...row, current: B, settled: 'x', readAt: 0 })).toMatchObject(expected);
    expect(decide({ ...row, current: B, settled: 'x' })).not.toHaveProperty('need');
  });

  test('an early reading that shows a settled key is enough', () => {
    expect(decide({ desired, readAt: 0 })).toMatchObject({ plan: 'create', after: reference('A') });
  });
});
