import { RECORD_LAG, SIGNATURE_PRECISION } from '../timings';

/** One event of a stack, as DescribeStackEvents gives it. */
export interface StackEvent {
  readonly logicalResourceId: string;
  /** `undefined` where the event has none */
  readonly physicalResourceId: string | undefined;
  /** such as `UPDATE_IN_PROGRESS` */
  readonly status: string;
  /** CloudFormation's clock, in milliseconds */
  readonly at: number;
}

/** The request whose resource is looked at. */
export interface Requested {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly stackId: string;
  readonly logicalResourceId: string;
  /** none for a Create */
  readonly physicalResourceId?: string;
  /** when CloudFormation signed it */
  readonly signedAt: number;
}

/** What the events of a stack say of one resource since the stack was last settled. */
export interface ResourceHistory {
  /** the id that the resource had then, if it existed */
  readonly settledId: string | undefined;
  /** all ids since, the settled one first */
  readonly ids: readonly string[];
  /** the id of the newest completion since */
  readonly lastCompletedId: string | undefined;
}

/** How a request of a resource ended, as far as the events since it tell. */
export interface RequestOutcome {
  /** whether an event since the request names this id */
  names(id: string): boolean;
  /** whether the request failed or was cancelled */
  readonly hasFailed: boolean;
}

const SETTLED = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
];
const COMPLETIONS = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'IMPORT_COMPLETE'];

export function isCompletion(status: string): boolean {
  return COMPLETIONS.includes(status);
}

/** Whether these events, newest first, go back far enough for `historyOf`. */
export function reachesSettled(events: readonly StackEvent[], request: Requested): boolean {
  const end = settledIndex(events, request);
  if (end === undefined) return false;
  const own = ownEvents(events, request);
  const first = ownEvents(events.slice(0, end), request).at(-1);
  return (
    !lacksId(first) ||
    own.some(({ status, physicalResourceId }) => isCompletion(status) && physicalResourceId)
  );
}

/** Reads the events of a stack, newest first, back to the last settled state. `undefined` where they name no id. */
export function historyOf(events: readonly StackEvent[], request: Requested): ResourceHistory | undefined {
  const since = events.slice(0, settledIndex(events, request));
  const own = ownEvents(since, request);
  if (own.length > 0 && !ownEvents(events, request).some(({ physicalResourceId }) => physicalResourceId))
    return undefined;
  const ids = own.flatMap(({ physicalResourceId }) => physicalResourceId ?? []).reverse();
  const settledId = settledIdOf(events, own, request);
  return {
    settledId,
    ids: [...new Set([...(settledId === undefined ? [] : [settledId]), ...ids])],
    lastCompletedId: own.find(({ status }) => isCompletion(status))?.physicalResourceId,
  };
}

/** Whether a reading can be trusted to show all that came before a request; `readAt` is when it was made. */
export function isAged(readAt: number, { signedAt }: Requested): boolean {
  return readAt >= signedAt + RECORD_LAG;
}

/** Whether events, newest first, are those of a time after an Update's or a Delete's request was made. */
export function showRequest(events: readonly StackEvent[], stackStatus: string, request: Requested): boolean {
  if (events.find(event => isStack(event, request))?.status !== stackStatus) return false;
  const { physicalResourceId: id } = request;
  if (request.type === 'Delete') {
    const since = ownEvents(events.slice(0, settledIndex(events, request)), request);
    return since.some(
      ({ status, physicalResourceId }) => status === 'DELETE_IN_PROGRESS' && physicalResourceId === id,
    );
  }
  const own = ownEvents(events, request);
  const [newest] = own;
  if (newest?.status !== 'UPDATE_IN_PROGRESS') return false;
  return (newest.physicalResourceId ?? newestCompletedId(own)) === id;
}

/** What the events since a request, newest first, say of it. */
export function outcomeOf(events: readonly StackEvent[], request: Requested): RequestOutcome {
  const { type, signedAt } = request;
  const since = ownEvents(events, request).filter(({ at }) => at >= signedAt);
  const verb = type.toUpperCase();
  const end = since.findLast(({ status }) => status === `${verb}_FAILED` || status === `${verb}_COMPLETE`);
  return {
    names: id => since.some(({ physicalResourceId }) => physicalResourceId === id),
    // within the signature's precision it may be the end of the request before
    hasFailed: end?.status === `${verb}_FAILED` && end.at >= signedAt + SIGNATURE_PRECISION,
  };
}

/** The index of the event with which the stack was last settled. */
function settledIndex(events: readonly StackEvent[], request: Requested): number | undefined {
  let next: StackEvent | undefined;
  for (const [index, event] of events.entries()) {
    if (!isStack(event, request)) continue;
    // a nested stack that is done waits for its parent, and goes back with it
    if (SETTLED.includes(event.status) && next?.status !== 'UPDATE_ROLLBACK_IN_PROGRESS') return index;
    next = event;
  }
  return undefined;
}

function settledIdOf(
  events: readonly StackEvent[],
  since: readonly StackEvent[],
  request: Requested,
): string | undefined {
  const first = since.at(-1);
  if (first === undefined) return request.physicalResourceId;
  if (first.status.startsWith('CREATE_')) return undefined;
  if (!lacksId(first)) return first.physicalResourceId;
  const older = ownEvents(events, request).slice(since.length);
  return newestCompletedId(older);
}

function lacksId(event: StackEvent | undefined): boolean {
  return event !== undefined && !event.status.startsWith('CREATE_') && !event.physicalResourceId;
}

function newestCompletedId(own: readonly StackEvent[]): string | undefined {
  return own.find(({ status, physicalResourceId }) => isCompletion(status) && physicalResourceId)
    ?.physicalResourceId;
}

function isStack({ physicalResourceId }: StackEvent, { stackId }: Requested): boolean {
  return physicalResourceId === stackId;
}

function ownEvents(events: readonly StackEvent[], request: Requested): StackEvent[] {
  return events.filter(
    event => event.logicalResourceId === request.logicalResourceId && !isStack(event, request),
  );
}
