import { isAged, type Requested, type ResourceHistory } from './history';
import { digestsIn, type KeyId, type KeyReference, parseKeyId } from './key-id';

/** One resource of a stack, as ListStackResources gives it. */
export interface StackResource {
  readonly logicalResourceId: string;
  readonly physicalResourceId: string | undefined;
  readonly status: string;
}

/** A Delete of an id that names a key. */
export interface KeyDeletion extends Requested {
  readonly id: KeyId;
  readonly stackRegion: string;
}

/** What is known when a Delete is decided, in the order in which it is read. */
export interface DeleteEvidence {
  /** the stack's status; `gone` where there is no such stack */
  readonly status?: { readonly value: string; readonly readAt: number };
  readonly resources?: readonly StackResource[];
  /** `late` where the events do not show the request yet */
  readonly history?: ResourceHistory | 'late';
}

export type DeletePlan =
  /** delete these keys, and leave those that the record still names */
  | {
      readonly plan: 'delete';
      readonly keys: readonly KeyReference[];
      readonly left: readonly KeyReference[];
    }
  | { readonly plan: 'nothing'; readonly why: string }
  | { readonly plan: 'fail'; readonly reason: string }
  | { readonly plan: 'read'; readonly next: 'status' | 'resources' | 'history' }
  /** read all anew, a little later */
  | { readonly plan: 'wait' };

/** What a Delete comes to: the first row of the table that fits (ARCHITECTURE.md, "Delete"). */
export function decideDelete(request: KeyDeletion, evidence: DeleteEvidence | 'denied'): DeletePlan {
  const { id, stackRegion } = request;
  const keys = [...(id.origin === 'imported' ? [] : [id]), ...(id.after ? [id.after] : [])];
  if (keys.length === 0) return { plan: 'nothing', why: 'the key is only used here' };
  if (evidence === 'denied') return split(keys, key => key !== id || id.origin === 'adopted');

  const { status, resources, history } = evidence;
  if (!status) return { plan: 'read', next: 'status' };
  const aged = isAged(status.readAt, request);

  // row 3: the stack goes
  if (/^(DELETE_.*|ROLLBACK_IN_PROGRESS|gone)$/.test(status.value)) return split(keys, () => false);
  // row 4: the stack is at rest
  if (status.value.endsWith('_COMPLETE')) {
    return aged
      ? { plan: 'nothing', why: `the stack is in ${status.value}: this Delete is late or repeated` }
      : { plan: 'wait' };
  }

  // row 5: it is the current id
  if (!resources) return { plan: 'read', next: 'resources' };
  const own = resources.find(({ logicalResourceId }) => logicalResourceId === request.logicalResourceId);
  const stays = own !== undefined && !own.status.startsWith('DELETE_');
  const isCurrent = stays && own.physicalResourceId === id.text;
  const failOrWait: DeletePlan = aged
    ? { plan: 'fail', reason: `expected an id that is no longer the current one, got that of ${own?.status}` }
    : { plan: 'wait' };
  if (isCurrent && !status.value.includes('ROLLBACK')) return failOrWait;

  // row 6: a key goes when no id in the record names it
  if (!status.value.endsWith('_CLEANUP_IN_PROGRESS') && !aged) return { plan: 'wait' };
  const others = resources.filter(
    resource => resource !== own && !/^DELETE_(IN_PROGRESS|COMPLETE)$/.test(resource.status),
  );
  const namedBy = (...ids: (string | undefined)[]) => {
    const known = [...ids, ...others.map(({ physicalResourceId }) => physicalResourceId)];
    const digests = new Set(known.flatMap(text => digestsIn(parseKeyId(text ?? '', stackRegion))));
    return ({ digest }: KeyReference) => digests.has(digest);
  };
  const isUpdated = status.value === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
  if (stays && !isCurrent && isUpdated) return split(keys, namedBy(own.physicalResourceId));
  if (!history) return { plan: 'read', next: 'history' };
  if (history === 'late') return { plan: 'wait' };
  const { settledId, lastCompletedId } = history;
  if (isCurrent && settledId === id.text) return failOrWait;
  const present = stays && !isCurrent ? own.physicalResourceId : lastCompletedId;
  return split(keys, namedBy(present === id.text ? undefined : present, isUpdated ? undefined : settledId));
}

function split(keys: readonly KeyReference[], isLeft: (key: KeyReference) => boolean): DeletePlan {
  return { plan: 'delete', keys: keys.filter(key => !isLeft(key)), left: keys.filter(isLeft) };
}
