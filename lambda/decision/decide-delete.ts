import type { Evidence, Need } from './evidence';
import { DELETION, isAged, type ResourceRequest, type StackResource } from './history';
import { digestsIn, type KeyId, type KeyReference, parseKeyId } from './key-id';

type Keys = readonly KeyReference[];

export type DeletePlan =
  /** delete these keys, and leave those that the record still names */
  | { readonly plan: 'delete'; readonly keys: Keys; readonly left: Keys }
  | { readonly plan: 'nothing'; readonly why: string }
  | { readonly plan: 'fail'; readonly reason: string };

/** What the Delete of an id that names a key comes to: the first row that fits (ARCHITECTURE.md, "Delete"). */
export function decideDelete(
  request: ResourceRequest,
  id: KeyId,
  { record }: Pick<Evidence, 'record'>,
): DeletePlan | Need {
  // guard: the keys of an id
  const keys = [...(id.origin === 'imported' ? [] : [id]), ...(id.after ? [id.after] : [])];
  if (keys.length === 0) return { plan: 'nothing', why: 'the key is only used here' };
  const staysOnDenial = (key: KeyReference) => key !== id || id.origin === 'adopted';
  if (record === 'denied') return split(keys, staysOnDenial);

  const { status, resources, history } = record;
  if (!status) return { need: 'status' };
  const aged = isAged(status.readAt, request);
  const parse = (text: string | undefined) => parseKeyId(text ?? '', request.stackRegion);

  // row 3: the stack goes
  if (/^(DELETE_.*|ROLLBACK_IN_PROGRESS|gone)$/.test(status.value)) return split(keys, () => false);
  // row 4: the stack is at rest
  if (status.value.endsWith('_COMPLETE')) {
    const why = `the stack is in ${status.value}: this Delete is late or repeated`;
    return aged ? { plan: 'nothing', why } : { need: 'later reading' };
  }

  // row 5: it is the current id
  if (!resources) return { need: 'resources' };
  const own = resources.find(({ logicalResourceId }) => logicalResourceId === request.logicalResourceId);
  const stays = own !== undefined && !own.status.startsWith('DELETE_');
  const isCurrent = stays && own.physicalResourceId === id.text;
  const reason = `expected an id that the resource no longer has, got its current one, in ${own?.status}`;
  const failOrWait = aged ? ({ plan: 'fail', reason } as const) : ({ need: 'later reading' } as const);
  if (isCurrent && !status.value.includes('ROLLBACK')) return failOrWait;

  // row 6: a key goes when no id in the record names it
  if (!status.value.endsWith('_CLEANUP_IN_PROGRESS') && !aged) return { need: 'later reading' };
  const isUpdated = status.value === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS';
  // the entry of a resource that goes may be that of its former copy
  const isOpen = (each: StackResource) => each.status.startsWith('DELETE_') && parse(each.physicalResourceId);
  const others = resources.filter(each => each !== own);
  const needsHistory = !stays || isCurrent || !isUpdated || others.some(isOpen);
  if (needsHistory && !history) return { need: 'history' };
  if (history === 'late') return { need: 'later reading' };
  const isDenied = history === 'denied';
  const past = isDenied ? undefined : history;
  if (isCurrent && past?.settledId === id.text) return failOrWait;
  const shown = others.flatMap(({ status: state, physicalResourceId }) =>
    DELETION.test(state) ? [] : physicalResourceId,
  );
  const isShown = (name: string) =>
    others.some(each => each.logicalResourceId === name && !each.status.startsWith('DELETE_'));
  // also those that the list does not show
  const completed = [...(past?.completedIds ?? [])].flatMap(([name, text]) =>
    name === request.logicalResourceId || isShown(name) ? [] : text,
  );
  const completedId = past?.completedIds.get(request.logicalResourceId);
  const present =
    stays && !isCurrent ? own.physicalResourceId : completedId === id.text ? undefined : completedId;
  const named = [present, isUpdated ? undefined : past?.settledId, ...shown, ...completed];
  const digests = named.flatMap(text => digestsIn(parse(text)));
  // what is not known may be a name
  const isUntold = !isUpdated && past?.isSettledIdKnown === false;
  // guard: a key stays while the record names it
  return split(keys, key => isUntold || digests.includes(key.digest) || (isDenied && staysOnDenial(key)));
}

function split(keys: Keys, isLeft: (key: KeyReference) => boolean): DeletePlan {
  return { plan: 'delete', keys: keys.filter(key => !isLeft(key)), left: keys.filter(isLeft) };
}
