import { ResourceHistory, type StackEvent, Standing } from '../../lambda/stack-history';
import { stackEvent } from './environment';
import { STACK_ID } from './event';

const NOON = Date.UTC(2026, 0, 31, 12);

const ofStack = (status: string) =>
  stackEvent(status, {
    logicalResourceId: 'shop',
    physicalResourceId: STACK_ID,
    resourceType: 'AWS::CloudFormation::Stack',
  });

/** Newest first, as everywhere. */
const historyOf = (...events: StackEvent[]) => new ResourceHistory(events, STACK_ID, 'CaptchaKey', NOON);

describe('rollingBack', () => {
  test.each([
    ['UPDATE_ROLLBACK_IN_PROGRESS', true],
    ['UPDATE_IN_PROGRESS', false],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', false],
    ['ROLLBACK_IN_PROGRESS', false],
  ])('while the stack is %s: %s', (status, expected) => {
    const history = historyOf(
      stackEvent('UPDATE_IN_PROGRESS'),
      ofStack(status),
      ofStack('UPDATE_IN_PROGRESS'),
    );
    expect(history.rollingBack).toBe(expected);
  });

  test('is not told by another resource with such a status', () => {
    const nested = stackEvent('UPDATE_ROLLBACK_IN_PROGRESS', {
      logicalResourceId: 'Nested',
      physicalResourceId: 'arn',
    });
    expect(historyOf(nested, ofStack('UPDATE_IN_PROGRESS')).rollingBack).toBe(false);
  });
});

describe('idBefore', () => {
  test('is not that of a stack with the name of the resource', () => {
    const own = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'A' });
    const ofNamesake = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: STACK_ID });
    expect(historyOf(own, ofNamesake).idBefore).toBe('A');
  });

  test('is the id of the first event of the update', () => {
    const history = historyOf(
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'B' }),
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: 'B' }),
      stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'A' }),
      ofStack('UPDATE_IN_PROGRESS'),
    );
    expect(history.idBefore).toBe('A');
  });

  test('is none for a resource that the update has only just made', () => {
    const history = historyOf(
      stackEvent('CREATE_COMPLETE', { physicalResourceId: 'B' }),
      stackEvent('CREATE_IN_PROGRESS', { physicalResourceId: 'B' }),
      ofStack('UPDATE_IN_PROGRESS'),
    );
    expect(history.idBefore).toBeUndefined();
  });

  test('is not the id of another resource', () => {
    const other = stackEvent('UPDATE_IN_PROGRESS', {
      logicalResourceId: 'OtherKey',
      physicalResourceId: 'A',
    });
    expect(historyOf(other).idBefore).toBeUndefined();
  });
});

describe('recordedWith', () => {
  const recorded = (status: string, what: string, physicalResourceId = 'A') =>
    stackEvent(status, { physicalResourceId, properties: what });

  test('is what the id was recorded with last, and no attempt', () => {
    const history = historyOf(
      recorded('DELETE_COMPLETE', 'deleted'),
      recorded('UPDATE_FAILED', 'attempted'),
      recorded('UPDATE_IN_PROGRESS', 'attempted'),
      recorded('UPDATE_COMPLETE', 'other', 'B'),
      recorded('UPDATE_COMPLETE', 'updated'),
      recorded('CREATE_COMPLETE', 'created'),
    );
    expect(history.recordedWith('A')).toBe('updated');
    expect(history.recordedWith('C')).toBeUndefined();
  });

  test('is what the id was created with', () => {
    const ofOther = stackEvent('UPDATE_COMPLETE', {
      logicalResourceId: 'OtherKey',
      physicalResourceId: 'A',
      properties: 'other',
    });
    expect(historyOf(ofOther, recorded('CREATE_COMPLETE', 'created')).recordedWith('A')).toBe('created');
  });
});

describe('what is told of the resource itself', () => {
  const ofOther = { logicalResourceId: 'OtherKey' };

  test('is whether an update of it has failed', () => {
    expect(historyOf(stackEvent('UPDATE_FAILED')).hasFailed).toBe(true);
    expect(historyOf(stackEvent('UPDATE_COMPLETE'), stackEvent('UPDATE_FAILED', ofOther)).hasFailed).toBe(
      false,
    );
  });

  test('is whether one of its ids is being deleted', () => {
    const deletion = { physicalResourceId: 'A' };
    const isDeleting = (...events: StackEvent[]) => historyOf(...events).isDeleting('A');
    expect(isDeleting(stackEvent('DELETE_IN_PROGRESS', deletion))).toBe(true);
    expect(isDeleting(stackEvent('UPDATE_COMPLETE', deletion))).toBe(false);
    expect(isDeleting(stackEvent('DELETE_IN_PROGRESS', { physicalResourceId: 'B' }))).toBe(false);
    expect(isDeleting(stackEvent('DELETE_IN_PROGRESS', { ...deletion, ...ofOther }))).toBe(false);
  });
});

describe('others', () => {
  const other = stackEvent('CREATE_IN_PROGRESS', { logicalResourceId: 'OtherKey', properties: 'same' });

  test('are the resources of the type whose properties pass, without this one', () => {
    const history = historyOf(other, stackEvent('CREATE_IN_PROGRESS', { properties: 'same' }));
    expect(history.others('Custom::WafCaptchaApiKey', properties => properties === 'same')).toEqual([
      'OtherKey',
    ]);
    expect(history.others('Custom::WafCaptchaApiKey', () => false)).toEqual([]);
    expect(history.others('Custom::Other', () => true)).toEqual([]);
  });
});

describe('standing', () => {
  const asksFor = (properties: unknown) => properties === 'mine';
  const request = { type: 'Update', requestedAt: NOON, asksFor } as const;
  const standing = (...events: StackEvent[]) => historyOf(...events).standingOf(request, 'B');

  test.each([
    ['Create', 'CREATE_IN_PROGRESS'],
    ['Update', 'UPDATE_IN_PROGRESS'],
  ] as const)('of a %s awaited while %s with its own properties', (type, status) => {
    const awaited = (event: StackEvent) => historyOf(event).standingOf({ ...request, type });
    expect(awaited(stackEvent(status, { properties: 'mine' }))).toBe(Standing.AWAITED);
    expect(awaited(stackEvent(status))).toBe(Standing.AWAITED);
  });

  test('of an Update unknown while the creation that asked for the same is all that can be seen', () => {
    const creation = stackEvent('CREATE_IN_PROGRESS', { properties: 'mine', at: NOON - 1000 });
    expect(standing(creation)).toBe(Standing.UNKNOWN);
  });

  test('of an Update unknown while only the rollback before it, which asked for the same, can be seen', () => {
    const at = NOON - 1000;
    const end = stackEvent('UPDATE_COMPLETE', { physicalResourceId: 'X', at });
    const replacing = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'X', properties: 'mine', at });
    const begun = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'W', properties: 'mine', at });
    const seen = (readAt: number, ...later: StackEvent[]) =>
      new ResourceHistory([...later, end, replacing, begun], STACK_ID, 'CaptchaKey', readAt);
    const update = { ...request, physicalResourceId: 'X' };

    expect(seen(NOON + 31_999).standingOf(update, 'B')).toBe(Standing.UNKNOWN);
    expect(seen(NOON + 31_999).standingOf({ ...update, physicalResourceId: 'W' }, 'B')).toBe(
      Standing.GIVEN_UP,
    );
    // then it was this very request that was answered otherwise
    expect(seen(NOON + 32_000).standingOf(update, 'B')).toBe(Standing.GIVEN_UP);
    const next = { ...ofStack('UPDATE_IN_PROGRESS'), at: NOON + 1000 };
    expect(seen(NOON, next).standingOf(update, 'B')).toBe(Standing.GIVEN_UP);
    expect(seen(NOON, { ...next, at: NOON + 999 }).standingOf(update, 'B')).toBe(Standing.UNKNOWN);
  });

  test('of an Update given up when it was cancelled and its rollback kept the id', () => {
    const kept = stackEvent('UPDATE_COMPLETE', { physicalResourceId: 'X' });
    const rollback = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'X', properties: 'other' });
    const cancelled = stackEvent('UPDATE_FAILED', { physicalResourceId: 'X' });
    const begun = stackEvent('UPDATE_IN_PROGRESS', { physicalResourceId: 'X', properties: 'mine' });
    const history = historyOf(kept, rollback, cancelled, begun);

    expect(history.standingOf({ ...request, physicalResourceId: 'X' }, 'B')).toBe(Standing.GIVEN_UP);
  });

  test('of a Create given up when the resource is updated to the same', () => {
    const change = stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine', at: NOON + 1000 });
    const creation = stackEvent('CREATE_IN_PROGRESS', { properties: 'mine' });
    const history = historyOf(change, creation);
    expect(history.standingOf({ ...request, type: 'Create' }, 'B')).toBe(Standing.GIVEN_UP);
  });

  test('given up when the resource is updated to something else', () => {
    const beginning = stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine' });
    const change = stackEvent('UPDATE_IN_PROGRESS', { properties: 'other' });
    expect(standing(change, beginning)).toBe(Standing.GIVEN_UP);
  });

  test.each([
    'CREATE_FAILED',
    'UPDATE_FAILED',
    'CREATE_COMPLETE',
    'UPDATE_COMPLETE',
    'DELETE_IN_PROGRESS',
    'DELETE_COMPLETE',
  ])('given up when the resource is %s without its id', status => {
    const end = stackEvent(status, { physicalResourceId: 'A' });
    expect(standing(end, stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine' }))).toBe(Standing.GIVEN_UP);
    expect(standing({ ...end, at: NOON + 2001 })).toBe(Standing.GIVEN_UP);
  });

  test('recorded as soon as one event of the resource has its id, whatever came then', () => {
    const events = [
      stackEvent('DELETE_IN_PROGRESS'),
      stackEvent('UPDATE_COMPLETE', { physicalResourceId: 'B' }),
    ];
    expect(standing(...events)).toBe(Standing.RECORDED);
  });

  test('not recorded by another resource with its id', () => {
    const other = stackEvent('CREATE_COMPLETE', { logicalResourceId: 'OtherKey', physicalResourceId: 'B' });
    expect(standing(other)).toBe(Standing.UNKNOWN);
  });

  test('unknown while the events end before the request', () => {
    expect(standing(stackEvent('UPDATE_COMPLETE', { at: NOON - 2001 }))).toBe(Standing.UNKNOWN);
    expect(standing()).toBe(Standing.UNKNOWN);
  });

  test('unknown while all that can be seen is an earlier request that asked for the same', () => {
    const earlier = (at: number) => stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine', at });
    expect(standing(earlier(NOON - 2001))).toBe(Standing.UNKNOWN);
    expect(standing(earlier(NOON - 2000))).toBe(Standing.AWAITED);
  });

  test('unknown while an end so close to the request may be that of the operation before', () => {
    const other = stackEvent('UPDATE_IN_PROGRESS', { properties: 'other' });
    expect(standing(stackEvent('UPDATE_COMPLETE', { at: NOON + 2000 }))).toBe(Standing.UNKNOWN);
    expect(standing(stackEvent('UPDATE_COMPLETE'), other)).toBe(Standing.UNKNOWN);
  });

  test('given up once it is over, although a later one asks for the same', () => {
    const later = stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine', at: NOON + 10_000 });
    const end = stackEvent('CREATE_COMPLETE', { physicalResourceId: 'A', at: NOON + 1000 });
    expect(standing(later, end, stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine' }))).toBe(
      Standing.GIVEN_UP,
    );
  });

  test('given up when the resource is at a later request that asks for the same', () => {
    const later = (at: number) => stackEvent('UPDATE_IN_PROGRESS', { properties: 'mine', at });
    expect(standing(later(NOON + 29_999))).toBe(Standing.AWAITED);
    expect(standing(later(NOON + 30_000))).toBe(Standing.GIVEN_UP);
  });

  test('unknown for a request of unknown age', () => {
    const history = historyOf(stackEvent('CREATE_FAILED'));
    expect(history.standingOf({ ...request, requestedAt: undefined }, 'B')).toBe(Standing.UNKNOWN);
  });
});
