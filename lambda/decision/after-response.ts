import { RECORD_LAG, SIGNATURE_PRECISION } from '../timings';
import {
  COMPLETION,
  type Events,
  endOf,
  FAILURE,
  nameId,
  type ResourceRequest,
  type StackResource,
  showFailure,
} from './history';

/** How sending a response ended. */
export interface Sending {
  /** taken by the response URL; refused by it for good; or neither in the time that there was */
  readonly end: 'accepted' | 'refused' | 'unsent';
  /** whether CloudFormation may have it: an attempt ended without a status after its connection stood */
  readonly mayHaveArrived: boolean;
}

/** A resource's own entry in its stack, with the time of CloudFormation's clock, in milliseconds. */
export type OwnEntry = StackResource & { readonly updatedAt: number };

/** One look at the record. */
export interface Look {
  /** when, in milliseconds after the response */
  readonly after: number;
  readonly entry: OwnEntry | 'gone';
  /** the events since the request, newest first; absent where they were not read */
  readonly events?: Events;
}

/** What happened after a key was created and the response sent. */
export interface Aftermath {
  readonly request: ResourceRequest;
  readonly newId: string;
  readonly sending: Sending;
  /** so far, in order */
  readonly looks: readonly Look[];
  /** whether nothing more can be read: there is no time left, or the record cannot be read */
  readonly isBlind: boolean;
}

/** `done`: CloudFormation has the key; `leave the new key`: it may have it; `read events`: with the last look. */
export type AftermathPlan = 'look' | 'read events' | 'done' | 'delete the new key' | 'leave the new key';

/** What becomes of a new key: the first row of the table that fits (ARCHITECTURE.md, "After the response"). */
export function afterResponse({ request, newId, sending, looks, isBlind }: Aftermath): AftermathPlan {
  const last = looks.at(-1);
  const entry = last?.entry === 'gone' ? undefined : last?.entry;
  const isNamed =
    entry?.physicalResourceId === newId || (last?.events && nameId(last.events, request, newId));
  const lookOrLeave = isBlind ? 'leave the new key' : 'look';
  // guard: a refused response
  if (sending.end === 'refused' && !sending.mayHaveArrived) return 'delete the new key';
  if (sending.end === 'unsent' && sending.mayHaveArrived) return 'leave the new key';
  if (isNamed) return 'done';
  if (sending.end === 'unsent') return last ? 'delete the new key' : lookOrLeave;

  const isInProgress = entry && /^(CREATE|UPDATE)_IN_PROGRESS$/.test(entry.status);
  // in the end an operation in progress may be the next one
  const isTelling = last && (!isInProgress || last.after >= RECORD_LAG);
  if (isTelling && !last.events && !isBlind) return 'read events';
  if (last?.events && showFailure(last.events, request)) return 'delete the new key';
  if (!last || last.after < RECORD_LAG) return lookOrLeave;
  const wasShown = looks.some(look => look.entry !== 'gone');
  // guard: the record shows the end of the request
  const isOver = looks.length > 1 && isEnd(last, wasShown, request);
  return isOver ? 'delete the new key' : 'leave the new key';
}

/** Whether an entry read while a key is created shows that its request no longer stands. */
export function isRequestOver(
  entry: OwnEntry | 'gone',
  wasShown: boolean,
  { signedAt }: ResourceRequest,
): boolean {
  if (entry === 'gone') return wasShown;
  // within the signature's precision it may be the end of the request before
  return FAILURE.test(entry.status) && entry.updatedAt >= signedAt + SIGNATURE_PRECISION;
}

/** Whether an entry later than the request, or its end in the events, shows that it ended without the new id. */
function isEnd({ entry, events }: Look, wasShown: boolean, request: ResourceRequest): boolean {
  if (!events) return false;
  const isOther = ({ status, physicalResourceId: id }: StackResource) =>
    FAILURE.test(status) || (COMPLETION.test(status) && id !== undefined);
  const end = endOf(events, request);
  if (end && isOther(end)) return true;
  if (entry === 'gone') return wasShown;
  return entry.updatedAt > request.signedAt && isOther(entry);
}
