import { sameTokenDomains } from '../../lib/token-domains';
import type { DesiredKey } from './desired-key';
import type { ResourceHistory } from './history';
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

/** A key as ListAPIKeys shows it. */
export interface ListedKey {
  readonly key: string;
  readonly tokenDomains: readonly string[];
}

/** What is known of the keys in a location. */
export interface Listing {
  readonly location: Location;
  /** by digest */
  readonly keys: ReadonlyMap<string, ListedKey>;
  /** whether a key that is not among them is known to be gone: lists may be late */
  readonly isConfirmed: boolean;
}

/** An Update, or a Create with `existingApiKey`. */
export interface KeyRequest {
  readonly requestId: string;
  readonly stackRegion: string;
  readonly desired: DesiredKey;
  /** none for a Create */
  readonly physicalResourceId?: string;
}

/** What is known when an Update is decided. */
export interface UpdateEvidence {
  readonly listings: readonly Listing[];
  /** `denied` where the role may not read it; absent while it is not read */
  readonly history?: (ResourceHistory & { readonly isRollback: boolean }) | 'denied';
}

export type UpdatePlan =
  /** respond with this id for this key */
  | { readonly plan: 'use'; readonly id: string; readonly key: string; readonly location: Location }
  | { readonly plan: 'create'; readonly after?: KeyReference }
  | { readonly plan: 'fail'; readonly reason: string }
  | LookFor
  | { readonly plan: 'read history' };

/** Look for this key, until it is found or confirmed to be gone. */
interface LookFor {
  readonly plan: 'look for';
  readonly reference: KeyReference;
}

const PERMISSIONS = 'cloudformation:DescribeStacks and cloudformation:DescribeStackEvents';

/** What an Update comes to: the first row of the table that fits (ARCHITECTURE.md, "Update"). */
export function decideUpdate(request: KeyRequest, evidence: UpdateEvidence): UpdatePlan {
  const { desired, stackRegion, requestId } = request;
  if (desired.existingApiKey) return decideExisting(request, desired.existingApiKey, evidence);
  const current = parseKeyId(request.physicalResourceId ?? '', stackRegion);

  // row 2: the current key
  const currentKey = current ? fitting(current, desired, evidence) : undefined;
  if (isUnknown(currentKey)) return currentKey;
  if (current && currentKey && current.origin !== 'imported') return use(current, currentKey, current.text);

  const { history } = evidence;
  if (!history) return { plan: 'read history' };
  if (history === 'denied') {
    return current && currentKey
      ? {
          plan: 'fail',
          reason: `the key cannot be handed over: the function's role may not call ${PERMISSIONS}`,
        }
      : { plan: 'create' };
  }
  const { isRollback, ids } = history;
  const settled = parseKeyId(history.settledId ?? '', stackRegion);

  // row 3: a key that the resource has had since the stack was last settled, the earliest first
  for (const id of ids) {
    const former = parseKeyId(id, stackRegion);
    if (!former || id === current?.text) continue;
    const key = fitting(former, desired, evidence);
    if (isUnknown(key)) return key;
    if (key) return use(former, key, isRollback ? id : returned(former, requestId));
  }

  // row 4: a rollback to a key that its template does not ask for
  if (isRollback && settled) {
    const key = listed(settled, evidence);
    if (isUnknown(key)) return key;
    if (key) return use(settled, key, settled.text);
  }

  // row 5: an imported key is handed over
  if (current && currentKey && settled?.text === current.text)
    return use(current, currentKey, adopted(current));

  // row 6
  return { plan: 'create', after: previousOf(desired, settled) };
}

/** Row 1: a key that was created elsewhere. */
function decideExisting(request: KeyRequest, existing: string, evidence: UpdateEvidence): UpdatePlan {
  const { desired, stackRegion, physicalResourceId } = request;
  const { location, rotation } = desired;
  const reference = { location, digest: digestOf(existing) };
  const key = listed(reference, evidence);
  if (isUnknown(key)) return key;
  if (!key) {
    const place = `${location.scope} key in ${location.region}`;
    return { plan: 'fail', reason: `ExistingApiKey: expected a ${place}, got one that is not listed there` };
  }
  if (!sameTokenDomains(key.tokenDomains, desired.tokenDomains)) {
    const [expected, got] = [desired, key].map(({ tokenDomains }) => [...tokenDomains].sort().join(', '));
    return { plan: 'fail', reason: `ExistingApiKey: expected a key for ${expected}, got one for ${got}` };
  }

  const useAs = (id: string) => use(reference, key, id);
  const imported = (after?: KeyReference) =>
    useAs(newKeyId({ ...reference, isImported: true, rotation, after }));
  const isMeant = (id: KeyId | undefined): id is KeyId =>
    id?.origin === 'imported' &&
    id.digest === reference.digest &&
    id.rotation === rotation &&
    sameLocation(id.location, location);
  if (physicalResourceId === undefined) return imported();
  if (isMeant(parseKeyId(physicalResourceId, stackRegion))) return useAs(physicalResourceId);

  const { history } = evidence;
  if (!history) return { plan: 'read history' };
  if (history === 'denied') return imported();
  const former = history.ids.map(id => parseKeyId(id, stackRegion)).find(isMeant);
  if (history.isRollback && former) return useAs(former.text);
  const settled = parseKeyId(history.settledId ?? '', stackRegion);
  if (settled?.digest === reference.digest)
    return imported(desired.keepPreviousKey ? settled.after : undefined);
  return imported(previousOf(desired, settled));
}

/** The key that stays when another takes its place: the settled one, if the stack owns it. */
function previousOf({ keepPreviousKey }: DesiredKey, settled: KeyId | undefined): KeyReference | undefined {
  if (!keepPreviousKey || !settled || settled.origin === 'imported') return undefined;
  const { location, digest } = settled;
  return { location, digest };
}

/** `undefined` for a key that is gone or does not fit. */
type Found = ListedKey | LookFor | undefined;

/** The key of an id, if it is listed and fits what is desired: in scope, Region, rotation and domains. */
function fitting(id: KeyId, desired: DesiredKey, evidence: UpdateEvidence): Found {
  if (!sameLocation(id.location, desired.location) || id.rotation !== desired.rotation) return undefined;
  const key = listed(id, evidence);
  if (key === undefined || isUnknown(key)) return key;
  return sameTokenDomains(key.tokenDomains, desired.tokenDomains) ? key : undefined;
}

/** A key, if it is listed. */
function listed(reference: KeyReference, { listings }: UpdateEvidence): Found {
  const listing = listings.find(({ location }) => sameLocation(location, reference.location));
  const key = listing?.keys.get(reference.digest);
  return key ?? (listing?.isConfirmed ? undefined : { plan: 'look for', reference });
}

function isUnknown(found: Found): found is LookFor {
  return found !== undefined && 'plan' in found;
}

function use({ location }: KeyReference, { key }: ListedKey, id: string): UpdatePlan {
  return { plan: 'use', id, key, location };
}
