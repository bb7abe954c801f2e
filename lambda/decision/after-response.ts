import { RECORD_LAG, SIGNATURE_PRECISION } from '../timings';
import { isCompletion, outcomeOf, type Requested, type StackEvent } from './history';

/** How sending a response ended. */
export interface Sending {
  /** taken by CloudFormation's URL; refused by it for good; or neither by the time that there was */
  readonly end: 'accepted' | 'refused' | 'unsent';
  /** whether an attempt ended without a status after its connection stood: it may have been taken */
  readonly mayHaveArrived: boolean;
}

/** A resource's own entry in its stack, as DescribeStackResource gives it. */
export interface OwnEntry {
  readonly physicalResourceId: string | undefined;
  readonly status: string;
  /** CloudFormation's clock, in milliseconds */
  readonly updatedAt: number;
}

/** One look at the record. */
export interface Look {
  /** when, in milliseconds after the response */
  readonly after: number;
  readonly entry: OwnEntry | 'gone';
  /** the events since the request, newest first; absent where they were not read */
  readonly events?: readonly StackEvent[];
}

/** What happened after a key was created and the response sent. */
export interface Aftermath {
  readonly request: Requested;
  readonly newId: string;
  readonly sending: Sending;
  /** so far, in order */
  readonly looks: readonly Look[];
  /** whether nothing more can be read: no time is left, or the role may not */
  readonly isBlind: boolean;
}

export type AftermathPlan =
  | 'look'
  /** read the events with the last look */
  | 'read events'
  /** CloudFormation has the key */
  | 'done'
  | 'delete the new key'
  /** it may be CloudFormation's */
  | 'leave the new key';

/** What becomes of a new key: the first row of the table that fits (ARCHITECTURE.md, "After the response"). */
export function afterResponse(aftermath: Aftermath): AftermathPlan {
  const { sending, looks, isBlind } = aftermath;
  const last = looks.at(-1);
  if (sending.end === 'refused' && !sending.mayHaveArrived) return 'delete the new key';
  if (sending.end === 'unsent') {
    if (sending.mayHaveArrived) return 'leave the new key';
    if (!last) return isBlind ? 'leave the new key' : 'look';
    return names(last, aftermath) ? 'done' : 'delete the new key';
  }
  if (last && names(last, aftermath)) return 'done';
  if (last && !last.events && !isInProgress(last.entry) && !isBlind) return 'read events';
  if (last?.events && hasFailed(last.events, aftermath)) return 'delete the new key';
  if (last && last.after >= RECORD_LAG) {
    const isOver = looks.length > 1 && last.events && isEnd(last.entry, aftermath);
    return isOver ? 'delete the new key' : 'leave the new key';
  }
  return isBlind ? 'leave the new key' : 'look';
}

/** Whether a resource's entry shows that a request no longer stands; `wasShown` is whether an earlier look showed one. */
export function isRequestOver(entry: OwnEntry | 'gone', wasShown: boolean, { signedAt }: Requested): boolean {
  if (entry === 'gone') return wasShown;
  // within the signature's precision it may be the end of the request before
  return /^(CREATE|UPDATE)_FAILED$/.test(entry.status) && entry.updatedAt >= signedAt + SIGNATURE_PRECISION;
}

function names({ entry, events }: Look, { newId, request }: Aftermath): boolean {
  if (entry !== 'gone' && entry.physicalResourceId === newId) return true;
  return events !== undefined && outcomeOf(events, request).names(newId);
}

function hasFailed(events: readonly StackEvent[], { request }: Aftermath): boolean {
  return outcomeOf(events, request).hasFailed;
}

function isInProgress(entry: OwnEntry | 'gone'): boolean {
  return entry !== 'gone' && entry.status.endsWith('_IN_PROGRESS');
}

/** Whether an entry later than the request shows that it has ended without the new id. */
function isEnd(entry: OwnEntry | 'gone', { looks, request }: Aftermath): boolean {
  if (entry === 'gone') return looks.some(look => look.entry !== 'gone');
  if (entry.updatedAt <= request.signedAt) return false;
  if (isCompletion(entry.status)) return Boolean(entry.physicalResourceId);
  return /^(CREATE|UPDATE)_FAILED$/.test(entry.status) && Boolean(entry.physicalResourceId);
}
