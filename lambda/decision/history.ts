import { RECORD_LAG, SIGNATURE_PRECISION } from '../timings';

/** A resource of a stack, as CloudFormation shows it. */
export interface StackResource {
  readonly logicalResourceId: string;
  /** `undefined` where it has none, or none yet */
  readonly physicalResourceId: string | undefined;
  /** such as `UPDATE_IN_PROGRESS` */
  readonly status: string;
}

/** One event of a stack, with the time of CloudFormation's clock, in milliseconds. */
export type StackEvent = StackResource & { readonly at: number };

/** What CloudFormation asks of one resource. */
export interface ResourceRequest {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly requestId: string;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalResourceId: string;
  /** none for a Create */
  readonly physicalResourceId?: string;
  /** when CloudFormation signed it, in milliseconds */
  readonly signedAt: number;
}

/** What the events of a stack say of one resource since the stack was last settled. */
export interface ResourceHistory {
  /** the id that the resource had then, if it existed */
  readonly settledId: string | undefined;
  /** not where its event carries none, and the events before it are gone */
  readonly isSettledIdKnown: boolean;
  /** all ids since, the settled one first */
  readonly ids: readonly string[];
  /** the id of each resource's newest completion since, by logical id; none where that copy has been deleted since */
  readonly completedIds: ReadonlyMap<string, string | undefined>;
}

/** Events, newest first. */
export type Events = readonly StackEvent[];

/** The status of a resource's completion. */
export const COMPLETION = /^(CREATE|UPDATE|IMPORT)_COMPLETE$/;
/** The status of a resource's failure or cancellation. */
export const FAILURE = /^(CREATE|UPDATE)_FAILED$/;
/** The status of a copy that is being deleted, or has been. */
export const DELETION = /^DELETE_(IN_PROGRESS|COMPLETE)$/;
const SETTLED = /^((CREATE|UPDATE|IMPORT)_COMPLETE|(UPDATE|IMPORT)_ROLLBACK_COMPLETE)$/;

/** Whether events go back far enough for `historyOf`. */
export function reachesSettled(events: Events, request: ResourceRequest): boolean {
  const { end, isSettledIdKnown } = sinceSettled(events, request);
  return end !== undefined && isSettledIdKnown;
}

/** Reads events back to the last settled state. `denied` where none of the resource's events has an id. */
export function historyOf(events: Events, request: ResourceRequest): ResourceHistory | 'denied' {
  const { end, since, settledId, isSettledIdKnown } = sinceSettled(events, request);
  const own = eventsOf(request, events);
  if (since.length > 0 && own.every(({ physicalResourceId }) => !physicalResourceId)) return 'denied';
  const ids = [...since.map(({ physicalResourceId }) => physicalResourceId), settledId].reverse();
  return {
    settledId,
    isSettledIdKnown,
    ids: [...new Set(ids.filter(id => id !== undefined))],
    completedIds: completedIdsIn(events.slice(0, end)),
  };
}

/** The resource's own events since the stack was last settled, which `end` is the event of, and its id then. */
function sinceSettled(events: Events, request: ResourceRequest) {
  const end = settledIndex(events, request);
  const since = eventsOf(request, events.slice(0, end));
  const own = eventsOf(request, events);
  const first = since.at(-1);
  // a resource whose first event is a creation's did not exist
  const isNew = first?.status.startsWith('CREATE_');
  const id = first
    ? (first.physicalResourceId ?? completedId(own.slice(since.length)))
    : request.physicalResourceId;
  return {
    end,
    since,
    settledId: isNew ? undefined : id,
    isSettledIdKnown: !first || isNew || id !== undefined,
  };
}

/** The id of each resource's newest completion, by logical id; none where that copy has been deleted since. */
function completedIdsIn(events: Events): Map<string, string | undefined> {
  const completed = new Map<string, string | undefined>();
  const deleted = new Set<string>();
  for (const { logicalResourceId, physicalResourceId: id, status } of events) {
    const copy = `${logicalResourceId} ${id}`;
    if (DELETION.test(status)) deleted.add(copy);
    if (id && COMPLETION.test(status) && !completed.has(logicalResourceId))
      completed.set(logicalResourceId, deleted.has(copy) ? undefined : id);
  }
  return completed;
}

/** Whether a reading shows all that came before a request; `readAt` is when it was made. */
export function isAged(readAt: number, { signedAt }: ResourceRequest): boolean {
  // guard: a reading is late enough
  return readAt >= signedAt + SIGNATURE_PRECISION + RECORD_LAG;
}

/** Whether events tell what they have to of a request, beside the status of the stack that was read before them. */
export function eventsCount(
  events: Events,
  { value, readAt }: { readonly value: string; readonly readAt: number },
  request: ResourceRequest,
): boolean {
  const settled = events[settledIndex(events, request) ?? events.length];
  // the stack has settled since: a status that says otherwise is from before
  if (request.type === 'Delete' && settled && settled.at >= request.signedAt + SIGNATURE_PRECISION)
    return false;
  return events.length > 0 && (isAged(readAt, request) || showRequest(events, value, request));
}

/** Whether events are those of a time after an Update's or a Delete's request was made. */
export function showRequest(events: Events, stackStatus: string, request: ResourceRequest): boolean {
  const { stackId, physicalResourceId: id } = request;
  if (events.find(event => event.physicalResourceId === stackId)?.status !== stackStatus) return false;
  if (request.type === 'Delete') {
    const since = eventsOf(request, events.slice(0, settledIndex(events, request)));
    return since.some(event => event.status === 'DELETE_IN_PROGRESS' && event.physicalResourceId === id);
  }
  const own = eventsOf(request, events);
  const [newest] = own;
  if (newest?.status !== 'UPDATE_IN_PROGRESS') return false;
  const before = own.findIndex(({ status }) => status !== newest.status);
  const latest = own.slice(0, before < 0 ? undefined : before);
  // with another id among them they are those of an update that replaced the resource, not of its rollback
  if (latest.some(({ physicalResourceId }) => physicalResourceId !== newest.physicalResourceId)) return false;
  return (newest.physicalResourceId ?? completedId(own)) === id;
}

/** Whether an event of the resource since the request names this id. */
export function nameId(events: Events, request: ResourceRequest, id: string): boolean {
  const own = eventsOf(request, events);
  return own.some(({ at, physicalResourceId }) => at >= request.signedAt && physicalResourceId === id);
}

/** The event with which a request ended, as far as events show it. */
export function endOf(events: Events, request: ResourceRequest): StackEvent | undefined {
  const verb = request.type.toUpperCase();
  const own = eventsOf(request, events);
  // what came before the request's own first event is another's end, be it in the very second of the signature
  const begun = own.findIndex(
    ({ status, at }) => status === `${verb}_IN_PROGRESS` && at < request.signedAt + SIGNATURE_PRECISION,
  );
  return own
    .slice(0, begun < 0 ? undefined : begun)
    .filter(({ at }) => at >= request.signedAt)
    .findLast(({ status }) => status === `${verb}_FAILED` || status === `${verb}_COMPLETE`);
}

/** Whether events show that a request failed or was cancelled, however late they may be. */
export function showFailure(events: Events, request: ResourceRequest): boolean {
  const end = endOf(events, request);
  // until the signature's second is over, it may be the end of the request before
  const isOver = events.some(({ at }) => at >= request.signedAt + SIGNATURE_PRECISION);
  return isOver && end !== undefined && FAILURE.test(end.status);
}

/** The index of the event with which the stack was last settled. */
function settledIndex(events: Events, { stackId }: ResourceRequest): number | undefined {
  let next = '';
  for (const [index, { physicalResourceId, status }] of events.entries()) {
    if (physicalResourceId !== stackId) continue;
    // a nested stack that is done waits for its parent, and cleans up or goes back with it
    // guard: a nested stack goes on
    if (SETTLED.test(status) && !/^UPDATE_(ROLLBACK|COMPLETE_CLEANUP)_IN_PROGRESS$/.test(next)) return index;
    next = status;
  }
  return undefined;
}

/** The id of the newest completion. */
function completedId(own: Events): string | undefined {
  return own.find(event => COMPLETION.test(event.status) && event.physicalResourceId)?.physicalResourceId;
}

function eventsOf({ logicalResourceId, stackId }: ResourceRequest, events: Events): Events {
  return events.filter(
    event => event.logicalResourceId === logicalResourceId && event.physicalResourceId !== stackId,
  );
}
