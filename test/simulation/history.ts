import fc from 'fast-check';
import { defaultVariants, type Variants } from '../../local-aws/cloudformation';
import type { WafScope, Wafv2Options } from '../../local-aws/wafv2';

/** How often each kind of trouble comes, from 0 to 1. */
export interface Rates {
  /** WAF: refused for the quota. */
  readonly throttled: number;
  /** WAF: 5xx, cut or hung connections; nothing has happened. */
  readonly lostRequest: number;
  /** WAF: the same, but the effect has happened. */
  readonly lostAnswer: number;
  /** WAF: refused for good. */
  readonly refused: number;
  /** WAF: an optimistic lock on a deletion, a new key that is not there yet. */
  readonly conflict: number;
  /** WAF: so slow that the caller gives up; the effect comes before or after that. */
  readonly slow: number;
  /** CloudFormation's events: throttled, 5xx, hung. */
  readonly eventsFail: number;
  /** The response URL: 5xx, cut or hung, with or without effect. */
  readonly put: number;
  /** The response URL: expired before its time. */
  readonly putRefused: number;
  /** Lambda: the environment dies in the midst of an invocation. */
  readonly killed: number;
  /** Lambda: the event comes twice. */
  readonly repeated: number;
  /** Lambda: the event comes late. */
  readonly late: number;
}

/** What holds for a whole account. */
export interface Conditions {
  /** Calls go through the SDK's clients, not past them. */
  readonly withSdk: boolean;
  readonly variants: Variants;
  readonly rates: Rates;
  readonly refusedCallsCount: boolean;
  readonly burst: number | undefined;
  readonly pageSize: number;
  readonly lastMarker: NonNullable<Wafv2Options['lastMarker']>;
  readonly listLagMs: number;
  /** WAF answers with the domains in another order and letter case. */
  readonly otherSpelling: boolean;
  /** A time in which WAF answers nothing but errors, longer than the function may run. */
  readonly outage: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** How far WAF's clock is ahead. */
  readonly wafSkewMs: number;
  readonly eventsDenied: boolean;
  readonly eventsLagMs: number;
  /** The events show asterisks for the rotation, as they do for the value of a NoEcho parameter. */
  readonly eventsHideRotation: boolean;
  /** How long a new role is without its permissions, at most. */
  readonly roleLagMs: number;
}

/** What the user asks of one key, where it is made from. */
export interface KeyWish {
  readonly domains: number;
  readonly spelling: number;
  readonly scope: WafScope;
  readonly rotation: number;
  readonly retain: boolean;
  readonly existing: boolean;
}

export type Change =
  | { readonly to: 'domains' | 'spelling' | 'rotation'; readonly slot: number; readonly value: number }
  | { readonly to: 'scope' | 'retain' | 'presence' | 'name'; readonly slot: number }
  /** takes a key made by hand, names the own one, or takes the name away */
  | { readonly to: 'origin'; readonly slot: number; readonly value: 'by hand' | 'own' | 'none' };

/** Another resource of the stack. */
export interface Neighbour {
  readonly place: 'before the keys' | 'beside the keys' | 'after the keys';
  readonly ms: number;
  readonly fails: boolean;
}

export type Step =
  | {
      readonly kind: 'deploy';
      readonly changes: readonly Change[];
      readonly neighbours: readonly Neighbour[];
      /** Cancels the update, or deletes the stack in the midst of its creation. */
      readonly cancelAfterMs: number | undefined;
      /** The update of the parent, if the stack is a nested one. */
      readonly parent: { readonly ms: number; readonly fails: boolean } | undefined;
      readonly pauseMs: number;
    }
  | { readonly kind: 'delete stack'; readonly pauseMs: number }
  | { readonly kind: 'delete key by hand'; readonly slot: number; readonly pauseMs: number }
  | {
      readonly kind: 'make key by hand';
      readonly domains: number;
      readonly scope: WafScope;
      readonly pauseMs: number;
    };

export interface StackStory {
  readonly region: 'eu-west-1' | 'us-east-1';
  readonly startMs: number;
  readonly keys: readonly KeyWish[];
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

const SLOTS = 4;

/** Histories, from the simplest on. */
export function histories(): fc.Arbitrary<History> {
  return fc.record({
    seed: fc.noShrink(fc.nat(0xffffffff)),
    conditions: conditions(),
    stacks: fc.array(story(), { minLength: 1, maxLength: 3 }),
  });
}

function conditions(): fc.Arbitrary<Conditions> {
  return fc.record({
    withSdk: unlikely(14),
    variants: variants(),
    rates: rates(),
    refusedCallsCount: fc.boolean(),
    burst: fc.constantFrom(undefined, undefined, 3),
    pageSize: fc.constantFrom(100, 100, 2),
    lastMarker: fc.constantFrom('absent', 'empty', 'dangling', 'repeated'),
    listLagMs: fc.constantFrom(0, 0, 0, 1000, 4000, 10_000),
    otherSpelling: fc.boolean(),
    outage: outage(),
    wafSkewMs: fc.constantFrom(0, 0, -900, 900),
    eventsDenied: fc.oneof({ weight: 14, arbitrary: fc.constant(false) }, fc.constant(true)),
    eventsLagMs: fc.constantFrom(0, 0, 0, 0, 1500, 3000, 30_000),
    eventsHideRotation: unlikely(5),
    roleLagMs: fc.constantFrom(0, 0, 5000, 55_000),
  });
}

function outage(): fc.Arbitrary<Conditions['outage']> {
  const times = fc.tuple(fc.nat(120_000), fc.integer({ min: 60_000, max: 2_500_000 }));
  const some = times.map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms }));
  return fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, some);
}

const waitingStatuses = ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE'] as const;

function variants(): fc.Arbitrary<Variants> {
  const drawn = fc.record({
    rollbackId: fc.constantFrom('present', 'original'),
    restoresAttributes: fc.boolean(),
    rollbackDeletesRetained: fc.boolean(),
    deletesDependenciesOfFailed: fc.boolean(),
    failedRollbackLeaves: fc.constantFrom('present', 'attempted'),
    nestedStackWaitsIn: fc.constantFrom(...waitingStatuses),
  });
  return drawn.map(variants => ({ ...defaultVariants, ...variants }));
}

function rates(): fc.Arbitrary<Rates> {
  const rate = fc.oneof(
    { weight: 12, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(0.05, 0.15) },
    { weight: 1, arbitrary: fc.constantFrom(0.35) },
  );
  const rare = fc.oneof(
    { weight: 10, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.constantFrom(0.01, 0.05) },
  );
  const some = {
    lostRequest: rate,
    lostAnswer: rate,
    throttled: rate,
    conflict: rate,
    eventsFail: rate,
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

function wish(): fc.Arbitrary<KeyWish> {
  return fc.record({
    domains: fc.constantFrom(0, 0, 1, 2),
    spelling: fc.nat(2),
    scope: scope(),
    rotation: fc.constant(0),
    retain: unlikely(6),
    existing: unlikely(5),
  });
}

function scope(): fc.Arbitrary<WafScope> {
  return fc.constantFrom<WafScope[]>('REGIONAL', 'REGIONAL', 'CLOUDFRONT');
}

function step(): fc.Arbitrary<Step> {
  // shorter than a list may lag, too
  const pauseMs = fc.oneof(fc.constant(20_000), fc.nat(60_000), fc.nat(4000));
  const deploy = fc.record({
    kind: fc.constant('deploy' as const),
    changes: fc.array(change(), { maxLength: 4 }),
    neighbours: fc.array(neighbour(), { maxLength: 2 }),
    cancelAfterMs: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, span()),
    parent: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      fc.record({ ms: span(), fails: fc.boolean() }),
    ),
    pauseMs,
  });
  const deletion = fc.record({ kind: fc.constant('delete stack' as const), pauseMs });
  const byHand = fc.record({ kind: fc.constant('delete key by hand' as const), slot: slot(), pauseMs });
  const made = fc.record({
    kind: fc.constant('make key by hand' as const),
    domains: fc.nat(DOMAINS.length - 1),
    scope: scope(),
    pauseMs,
  });
  return fc.oneof({ weight: 14, arbitrary: deploy }, deletion, byHand, made);
}

function change(): fc.Arbitrary<Change> {
  const valued = fc.record({
    to: fc.constantFrom('domains' as const, 'domains' as const, 'spelling' as const, 'rotation' as const),
    slot: slot(),
    value: fc.nat(2),
  });
  const plain = fc.record({
    to: fc.constantFrom('scope' as const, 'retain' as const, 'presence' as const, 'name' as const),
    slot: slot(),
  });
  const origin = fc.record({
    to: fc.constant('origin' as const),
    slot: slot(),
    value: fc.constantFrom('by hand' as const, 'none' as const, 'none' as const, 'own' as const),
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
    ms: span(),
    fails: fc.boolean(),
  });
}

function slot(): fc.Arbitrary<number> {
  return fc.constantFrom(0, 0, 1, 2, SLOTS - 1);
}

/** A key takes a few seconds to make: most of what comes between must come within them. */
function span(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(3000), fc.nat(15_000), fc.nat(120_000));
}

function unlikely(weight: number): fc.Arbitrary<boolean> {
  return fc.oneof({ weight, arbitrary: fc.constant(false) }, fc.constant(true));
}
