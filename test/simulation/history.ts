import fc from 'fast-check';
import { LIST_LAG, RECORD_LAG } from '../../lambda/timings';
import { defaultVariants, type Variants } from '../../local-aws/cloudformation';
import type { WafScope, Wafv2Options } from '../../local-aws/wafv2';

/** How often each kind of trouble comes, from 0 to 1. */
export interface Rates {
  /** WAF: refused for the quota. */
  readonly throttled: number;
  /** WAF: 5xx, cut or hung connections; nothing has happened. */
  readonly lostRequest: number;
  /** WAF: the same, but the effect has happened. */
  readonly lostResponse: number;
  /** WAF: CreateAPIKey refused for good. */
  readonly refused: number;
  /** WAF: an optimistic lock on a deletion. */
  readonly conflict: number;
  /** WAF: so slow that the caller gives up; the effect comes before or after that. */
  readonly slow: number;
  /** CloudFormation's reads: throttled, 5xx, hung. */
  readonly reads: number;
  /** The response URL: 5xx, cut or hung, with or without effect. */
  readonly put: number;
  /** The response URL: refuses for good, from the start or after it took a response. */
  readonly putRefused: number;
  /** Lambda: the environment dies in the midst of an invocation. */
  readonly killed: number;
  /** Lambda: the event comes twice. */
  readonly repeated: number;
  /** Lambda: the event comes late. */
  readonly late: number;
}

/** A time in which something does not work. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What ListAPIKeys shows otherwise than one expects. */
export interface ListConditions {
  readonly lagMs: number;
  readonly pageSize: number;
  readonly lastMarker: NonNullable<Wafv2Options['lastMarker']>;
  /** An empty page with a marker comes first. */
  readonly beginsEmpty: boolean;
  /** The integration URL is on the last page only. */
  readonly endsWithUrl: boolean;
  readonly isUndated: boolean;
  /** Another order and letter case of the domains. */
  readonly isRespelled: boolean;
}

/** What holds for a whole account. */
export interface Conditions {
  readonly variants: Variants;
  readonly rates: Rates;
  readonly list: ListConditions;
  readonly refusedCallsCount: boolean;
  readonly burst: number | undefined;
  /** The quota of all reads of CloudFormation together. */
  readonly readsPerSecond: number;
  /** How late the record is, at most. */
  readonly recordLagMs: number;
  /** Whether it is always as late as that. */
  readonly lagsEvenly: boolean;
  /** Each update of a resource has a further event. */
  readonly furtherEvents: boolean;
  /** Whether new events shift the pages while they are read. */
  readonly eventsShift: boolean;
  /** A time in which WAF gives nothing but errors. */
  readonly wafOut: Span | undefined;
  /** A time in which CloudFormation's reads do not work. */
  readonly readsOut: (Span & { readonly how: 'denied' | 'throttled' | 'broken' }) | undefined;
  /** How far WAF's clock is ahead. */
  readonly wafSkewMs: number;
  /** How long a new role is without its permissions, at most. */
  readonly roleLagMs: number;
  /** Response URLs are signed in the old form, which names their end alone. */
  readonly signsTheOldWay: boolean;
  readonly timeoutSeconds: number;
}

/** What the user asks of one key to begin with. */
export interface KeyWish {
  readonly domains: number;
  readonly spelling: number;
  readonly scope: WafScope;
  readonly rotation: number;
  readonly retain: boolean;
  readonly keepsPrevious: boolean;
}

/** Whose key `existingApiKey` names: one created by hand, the resource's own, another resource's, another stack's. */
export type Origin = 'by hand' | 'own' | 'shared' | 'of another stack' | 'none';

export type Change =
  | { readonly to: 'domains' | 'spelling' | 'rotation'; readonly slot: number; readonly value: number }
  | { readonly to: 'scope' | 'retain' | 'keepsPrevious' | 'presence' | 'name'; readonly slot: number }
  | { readonly to: 'origin'; readonly slot: number; readonly value: Origin };

/** Another resource of the stack. */
export interface Neighbour {
  readonly place: 'before the keys' | 'beside the keys' | 'after the keys';
  readonly ms: number;
  readonly fails: boolean;
}

export interface Deploy {
  readonly kind: 'deploy';
  readonly changes: readonly Change[];
  readonly neighbours: readonly Neighbour[];
  /** Cancels the update, or deletes the stack in the midst of its creation. */
  readonly cancelAfterMs: number | undefined;
  /** The update of the parent, if the stack is a nested one. */
  readonly parent: { readonly ms: number; readonly fails: boolean } | undefined;
  /** With rollback disabled: what the user does about a failure; `undefined` where it is not disabled. */
  readonly afterFailure: 'goes on' | 'former template' | 'rolls back' | undefined;
  /** Whether a rollback that fails again and again is continued without what failed; otherwise the stack goes. */
  readonly skips: boolean;
  readonly pauseMs: number;
}

export type Step =
  | Deploy
  | { readonly kind: 'delete stack'; readonly pauseMs: number }
  /** CloudFormation keeps events for 90 days. */
  | { readonly kind: 'events expire'; readonly pauseMs: number }
  | { readonly kind: 'delete key by hand'; readonly slot: number; readonly pauseMs: number }
  | {
      readonly kind: 'create key by hand';
      readonly domains: number;
      readonly scope: WafScope;
      readonly pauseMs: number;
    };

export interface StackStory {
  readonly region: 'eu-west-1' | 'us-east-1';
  readonly startMs: number;
  readonly keys: readonly (KeyWish & { readonly isExisting: boolean })[];
  readonly steps: readonly Step[];
}

/** All that happens in one account. */
export interface History {
  readonly seed: number;
  readonly conditions: Conditions;
  readonly stacks: readonly StackStory[];
}

/** The pool is tiny, so that keys with the same domains meet. */
export const DOMAINS = [['shop.example'], ['shop.example', 'www.example'], ['pay.example']] as const;

export const SLOTS = 4;

/** Histories, from the simplest on. */
export function histories(): fc.Arbitrary<History> {
  return fc.record({
    seed: fc.noShrink(fc.nat(0xffffffff)),
    conditions: conditions(),
    stacks: fc.array(story(), { minLength: 1, maxLength: 3 }),
  });
}

function conditions(): fc.Arbitrary<Conditions> {
  return fc
    .record({
      variants: variants(),
      rates: rates(),
      list: list(),
      refusedCallsCount: fc.boolean(),
      burst: fc.constantFrom(undefined, undefined, 3),
      readsPerSecond: fc.constantFrom(10, 10, 10, 2, 1),
      recordLagMs: fc.constantFrom(0, 0, 1500, 5000, 20_000, 45_000, RECORD_LAG),
      lagsEvenly: fc.boolean(),
      furtherEvents: fc.boolean(),
      eventsShift: fc.boolean(),
      // shorter than a run, which may have to delete a key
      wafOut: maybe(30, span(600_000)),
      readsOut: readsOut(),
      wafSkewMs: fc.constantFrom(0, 0, -900, 900),
      roleLagMs: fc.constantFrom(0, 0, 5000, 45_000),
      signsTheOldWay: unlikely(7),
      timeoutSeconds: fc.oneof(
        { weight: 20, arbitrary: fc.constant(900) },
        fc.constantFrom(60, 91, 300, 600),
      ),
    })
    .map(mended);
}

/** Without what no handler could live up to: a deletion that is tried once, or for a minute, while WAF is out. */
function mended(drawn: Conditions): Conditions {
  const { putRefused, late } = drawn.rates;
  const isOut = drawn.wafOut !== undefined || (drawn.readsOut && drawn.readsOut.how !== 'denied');
  const isShort = drawn.timeoutSeconds < 900;
  const mayFail = isOut || isShort || putRefused + late > 0;
  return {
    ...drawn,
    variants: {
      ...drawn.variants,
      deletesDependenciesOfFailed: drawn.variants.deletesDependenciesOfFailed && !mayFail,
    },
    list: { ...drawn.list, lagMs: Math.min(drawn.list.lagMs, drawn.timeoutSeconds * 100) },
    roleLagMs: isShort ? 0 : drawn.roleLagMs,
    wafOut: isShort ? undefined : drawn.wafOut,
    readsOut: isShort && drawn.readsOut?.how !== 'denied' ? undefined : drawn.readsOut,
  };
}

function readsOut(): fc.Arbitrary<Conditions['readsOut']> {
  const times = fc.oneof(
    span(1_500_000),
    span(40_000),
    fc.constant({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }),
  );
  const drawn = fc.tuple(times, fc.constantFrom('denied' as const, 'throttled' as const, 'broken' as const));
  // nothing but a denial may last for good
  const some = drawn.map(([time, how]) => ({
    ...time,
    how: time.toMs > 3_000_000 ? ('denied' as const) : how,
  }));
  return maybe(10, some);
}

function span(longestMs: number): fc.Arbitrary<Span> {
  return fc
    .tuple(fc.nat(300_000), fc.integer({ min: 5000, max: longestMs }))
    .map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms }));
}

function list(): fc.Arbitrary<ListConditions> {
  return fc.record({
    lagMs: fc.constantFrom(0, 0, 0, 1000, 4000, 10_000, LIST_LAG),
    pageSize: fc.constantFrom(100, 100, 2),
    lastMarker: fc.constantFrom('absent', 'empty', 'dangling', 'repeated'),
    beginsEmpty: unlikely(5),
    endsWithUrl: unlikely(5),
    isUndated: unlikely(5),
    isRespelled: fc.boolean(),
  });
}

function variants(): fc.Arbitrary<Variants> {
  return fc
    .record({
      signingDelayMs: fc.constantFrom(0, 0, 3000, 20_000, 60_000),
      recordingDelayMs: fc.constantFrom(0, 0, 3000, 20_000, 60_000),
      cancelsUnrecorded: fc.boolean(),
      updateEventId: fc.constantFrom<Variants['updateEventId']>('current', 'none'),
      replacementEventId: fc.constantFrom<Variants['replacementEventId']>(
        'new',
        'current',
        'none',
        'no event',
      ),
      cleanUpShows: fc.constantFrom<Variants['cleanUpShows']>('current', 'former', 'mixed'),
      showsDeleted: fc.boolean(),
      rollbackDeletes: fc.constantFrom<Variants['rollbackDeletes']>(
        'everything',
        'the service token',
        'no properties',
      ),
      rollbackId: fc.constantFrom<Variants['rollbackId']>('present', 'original'),
      restoresAttributes: fc.boolean(),
      rollbackDeletesRetained: fc.boolean(),
      deletesDependenciesOfFailed: fc.boolean(),
      failedRollbackLeaves: fc.constantFrom<Variants['failedRollbackLeaves']>('present', 'attempted'),
      failedUpdate: fc.constantFrom<Variants['failedUpdate']>(
        'stays',
        'is taken back',
        'is taken back as failed',
      ),
      deletesReturned: fc.boolean(),
      failedCreationGoes: fc.constantFrom<Variants['failedCreationGoes']>(
        'first',
        'meanwhile',
        'in the clean-up',
      ),
      nestedStackWaitsIn: fc.constantFrom<Variants['nestedStackWaitsIn']>(
        'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
        'UPDATE_COMPLETE',
      ),
    })
    .map(drawn => ({ ...defaultVariants, ...drawn }));
}

function rates(): fc.Arbitrary<Rates> {
  const rate = fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(0.05, 0.15) },
    fc.constantFrom(0.35),
  );
  const rare = fc.oneof(
    { weight: 10, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(0.01, 0.05, 0.15) },
  );
  const some = {
    throttled: rate,
    lostRequest: rate,
    lostResponse: rate,
    conflict: rate,
    reads: rate,
    put: rate,
  };
  const few = { refused: rare, slow: rare, putRefused: rare, killed: rate, repeated: rate, late: rate };
  return fc.record({ ...some, ...few });
}

function story(): fc.Arbitrary<StackStory> {
  return fc.record({
    region: fc.constantFrom('eu-west-1', 'eu-west-1', 'us-east-1'),
    startMs: fc.oneof(fc.constant(0), fc.nat(30_000)),
    keys: fc.array(wish(), { minLength: 1, maxLength: SLOTS }),
    steps: fc.array(step(), { minLength: 1, maxLength: 5 }),
  });
}

function wish(): fc.Arbitrary<StackStory['keys'][number]> {
  return fc.record({
    domains: fc.constantFrom(0, 0, 1, 2),
    spelling: fc.nat(2),
    scope: scope(),
    rotation: fc.constant(0),
    retain: unlikely(6),
    keepsPrevious: unlikely(2),
    isExisting: unlikely(5),
  });
}

function scope(): fc.Arbitrary<WafScope> {
  return fc.constantFrom<WafScope[]>('REGIONAL', 'REGIONAL', 'CLOUDFRONT');
}

function step(): fc.Arbitrary<Step> {
  // shorter than a list or the record may lag, too
  const pauseMs = fc.oneof(fc.constant(20_000), fc.nat(90_000), fc.nat(4000));
  const deploy: fc.Arbitrary<Deploy> = fc.record({
    kind: fc.constant('deploy' as const),
    changes: fc.array(change(), { maxLength: 4 }),
    neighbours: fc.array(neighbour(), { maxLength: 2 }),
    cancelAfterMs: maybe(5, moment()),
    parent: maybe(5, fc.record({ ms: moment(), fails: fc.boolean() })),
    afterFailure: maybe(
      3,
      fc.constantFrom<Deploy['afterFailure'][]>('goes on', 'former template', 'rolls back'),
    ),
    skips: fc.boolean(),
    pauseMs,
  });
  const deletion = fc.record({ kind: fc.constant('delete stack' as const), pauseMs });
  const byHand = fc.record({ kind: fc.constant('delete key by hand' as const), slot: slot(), pauseMs });
  const created = fc.record({
    kind: fc.constant('create key by hand' as const),
    domains: fc.nat(DOMAINS.length - 1),
    scope: scope(),
    pauseMs,
  });
  const expiry = fc.record({ kind: fc.constant('events expire' as const), pauseMs });
  return fc.oneof({ weight: 14, arbitrary: deploy }, deletion, byHand, created, expiry);
}

function change(): fc.Arbitrary<Change> {
  const valued = fc.record({
    to: fc.constantFrom('domains' as const, 'domains' as const, 'spelling' as const, 'rotation' as const),
    slot: slot(),
    value: fc.nat(2),
  });
  const plain = fc.record({
    to: fc.constantFrom(
      'scope' as const,
      'retain' as const,
      'keepsPrevious' as const,
      'presence' as const,
      'name' as const,
    ),
    slot: slot(),
  });
  const origin = fc.record({
    to: fc.constant('origin' as const),
    slot: slot(),
    value: fc.constantFrom<Origin[]>('by hand', 'none', 'none', 'own', 'own', 'shared', 'of another stack'),
  });
  return fc.oneof(
    { weight: 5, arbitrary: valued },
    { weight: 2, arbitrary: plain },
    { weight: 2, arbitrary: origin },
  );
}

function neighbour(): fc.Arbitrary<Neighbour> {
  return fc.record({
    place: fc.constantFrom('before the keys', 'beside the keys', 'beside the keys', 'after the keys'),
    ms: moment(),
    fails: fc.boolean(),
  });
}

function slot(): fc.Arbitrary<number> {
  return fc.constantFrom(0, 0, 1, 2, SLOTS - 1);
}

/** A key takes a few seconds to create: most of what comes between must come within them. */
function moment(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(3000), fc.nat(15_000), fc.nat(120_000));
}

function unlikely(weight: number): fc.Arbitrary<boolean> {
  return fc.oneof({ weight, arbitrary: fc.constant(false) }, fc.constant(true));
}

function maybe<T>(weight: number, some: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight, arbitrary: fc.constant(undefined) }, some);
}
