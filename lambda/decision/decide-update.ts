import { sameTokenDomains } from '../../lib/token-domains';
import type { DesiredKey } from './desired-key';
import type { Evidence, ListedKey, Need } from './evidence';
import { isAged, type ResourceRequest } from './history';
import {
  adopted,
  digestOf,
  type KeyId,
  type KeyReference,
  type Location,
  newKeyId,
  parseKeyId,
  returned,
  sameLocation,
} from './key-id';

export type UpdatePlan =
  /** respond with this id for this key */
  | { readonly plan: 'use'; readonly id: string; readonly key: string; readonly location: Location }
  | { readonly plan: 'create'; readonly after?: KeyReference }
  | { readonly plan: 'fail'; readonly reason: string };

type Plan = UpdatePlan | Need;

const NO_STACK = { plan: 'fail', reason: 'expected a stack, got none that exists' } as const;
const NO_SETTLED_ID = {
  plan: 'fail',
  reason: 'expected events that show which key the resource had before this update, got none with an id',
} as const;
const NO_HAND_OVER =
  "the key cannot be handed over to the stack: the function's role lacks cloudformation:DescribeStacks or " +
  'cloudformation:DescribeStackEvents, which show whether the stack had this key before';

/** What an Update, or a Create with `existingApiKey`, comes to: the first row of the table that fits (ARCHITECTURE.md, "Update"). */
export function decideUpdate(request: ResourceRequest, desired: DesiredKey, evidence: Evidence): Plan {
  const { stackRegion, requestId, physicalResourceId = '' } = request;
  if (desired.existingApiKey) return decideExisting(request, desired, desired.existingApiKey, evidence);

  // row 2: the current key
  const current = parseKeyId(physicalResourceId, stackRegion);
  const currentKey = current && fitting(current, desired, evidence);
  if (isPlan(currentKey)) return currentKey;
  if (current && currentKey && current.origin !== 'imported') return use(current, currentKey, current.text);

  const past = pastOf(evidence, request);
  if (isPlan(past)) return past;
  if (past === 'denied') return currentKey ? { plan: 'fail', reason: NO_HAND_OVER } : { plan: 'create' };
  const { isRollback, ids, settled } = past;

  // row 3: a key that the resource has had since the stack was last settled, the earliest first
  // guard: a key that the resource has had
  for (const former of ids.filter(({ text }) => text !== physicalResourceId)) {
    // a key that was only tried out since is not the stack's
    if (former.origin === 'imported' && former.text !== settled?.text) continue;
    const key = fitting(former, desired, evidence);
    if (isPlan(key)) return key;
    // guard: the same key under a new id
    if (key) return use(former, key, isRollback ? former.text : returned(adopted(former), requestId));
  }

  // the settled key may be the one to return to; and only that one is handed over
  if (!past.isSettledIdKnown && (isRollback || past.hasCompleted || currentKey))
    return past.isAged ? NO_SETTLED_ID : { need: 'later reading' };

  // row 4: a rollback to a key that its template does not ask for
  const settledKey = isRollback && settled ? listed(settled, evidence) : undefined;
  if (isPlan(settledKey)) return settledKey;
  // a younger reading may show the rollback before this request, which had the same id
  // guard: a key that does not fit needs a late reading
  if (settledKey && !past.isAged) return { need: 'later reading' };
  // guard: a rollback ends on the settled key
  if (settled && settledKey) return use(settled, settledKey, settled.text);

  // row 5: an imported key is handed over
  // guard: a hand-over
  if (current && currentKey && settled?.text === current.text)
    return use(current, currentKey, adopted(current));

  // row 6
  if (mayBeHidden(desired, settled, past.isAged)) return { need: 'later reading' };
  return { plan: 'create', after: previousOf(desired, settled) };
}

/** Row 1: a key that was created elsewhere. */
function decideExisting(
  request: ResourceRequest,
  desired: DesiredKey,
  apiKey: string,
  evidence: Evidence,
): Plan {
  const { stackRegion, requestId, physicalResourceId } = request;
  const { location, rotation } = desired;
  const reference = { location, digest: digestOf(apiKey) };
  const key = listed(reference, evidence);
  if (isPlan(key)) return key;
  if (!key) {
    const place = `${location.scope} key in ${location.region}`;
    return { plan: 'fail', reason: `ExistingApiKey: expected a ${place}, got one that is not listed there` };
  }
  if (!sameTokenDomains(key.tokenDomains, desired.tokenDomains)) {
    const [expected, got] = [desired, key].map(({ tokenDomains }) => [...tokenDomains].sort().join(', '));
    return { plan: 'fail', reason: `ExistingApiKey: expected a key for ${expected}, got one for ${got}` };
  }

  const imported = (after?: KeyReference, ids: readonly KeyId[] = []) => {
    const id = newKeyId(reference, rotation, { isImported: true, after });
    return use(reference, key, ids.some(({ text }) => text === id) ? returned(id, requestId) : id);
  };
  const isMeant = (id: KeyId | undefined) =>
    id?.origin === 'imported' && id.digest === reference.digest && mayFit(id, desired);
  if (physicalResourceId === undefined) return imported();
  if (isMeant(parseKeyId(physicalResourceId, stackRegion))) return use(reference, key, physicalResourceId);

  const past = pastOf(evidence, request);
  if (isPlan(past)) return past;
  if (past === 'denied') return imported();
  const former = past.isRollback ? past.ids.find(isMeant) : undefined;
  if (former) return use(reference, key, former.text);
  const { settled, ids } = past;
  if (mayBeHidden(desired, settled, past.isAged)) return { need: 'later reading' };
  if (settled?.digest !== reference.digest) return imported(previousOf(desired, settled), ids);
  return imported(desired.keepPreviousKey ? settled.after : undefined, ids);
}

/** The key that stays when another takes its place: the settled one, if the stack owns it. */
function previousOf({ keepPreviousKey }: DesiredKey, settled: KeyId | undefined): KeyReference | undefined {
  // guard: the previous key is named
  return keepPreviousKey && settled?.origin !== 'imported' ? settled : undefined;
}

/** Whether the previous key may be missing only because the reading is of the operation before, for the same id. */
function mayBeHidden({ keepPreviousKey }: DesiredKey, settled: KeyId | undefined, isAged: boolean): boolean {
  return keepPreviousKey && !settled && !isAged;
}

/** What the record says of the resource, where it says enough. */
function pastOf({ record }: Evidence, request: ResourceRequest) {
  if (record === 'denied') return record;
  const { status, history } = record;
  if (!status) return { need: 'status' } as const;
  if (status.value === 'gone')
    return isAged(status.readAt, request) ? NO_STACK : ({ need: 'later reading' } as const);
  if (!history) return { need: 'history' } as const;
  if (history === 'denied') return history;
  if (history === 'late') return { need: 'later reading' } as const;
  return {
    isRollback: status.value.includes('ROLLBACK'),
    isAged: isAged(status.readAt, request),
    // since the stack was last settled, the earliest first
    ids: history.ids.flatMap(id => parseKeyId(id, request.stackRegion) ?? []),
    settled: parseKeyId(history.settledId ?? '', request.stackRegion),
    isSettledIdKnown: history.isSettledIdKnown,
    // since then, so that it may have another id
    hasCompleted: history.completedIds.has(request.logicalResourceId),
  };
}

/** The key of an id, if it is listed and fits what is desired; the need to look for it where that is not known. */
function fitting(id: KeyId, desired: DesiredKey, evidence: Evidence): ListedKey | Need | undefined {
  const key = mayFit(id, desired) ? listed(id, evidence) : undefined;
  if (!key || isPlan(key)) return key;
  // guard: the domains fit
  return sameTokenDomains(key.tokenDomains, desired.tokenDomains) ? key : undefined;
}

function mayFit(id: KeyId, { location, rotation }: DesiredKey): boolean {
  // guard: the rotation fits
  return sameLocation(id.location, location) && id.rotation === rotation;
}

function listed(reference: KeyReference, { listings }: Evidence): ListedKey | Need | undefined {
  const listing = listings.find(({ location }) => sameLocation(location, reference.location));
  const key = listing?.keys.get(reference.digest);
  return key ?? (listing?.isConfirmed ? undefined : { need: 'key', reference });
}

function isPlan<T>(found: T | Plan): found is Plan {
  return typeof found === 'object' && found !== null && ('plan' in found || 'need' in found);
}

function use({ location }: KeyReference, { key }: ListedKey, id: string): Plan {
  return { plan: 'use', id, key, location };
}
