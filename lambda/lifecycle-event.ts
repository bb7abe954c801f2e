import type { TimeLimit } from './clock';

/** The names by which CloudFormation knows an event and its resource. */
export interface ResourceEvent {
  readonly requestId: string;
  /** when CloudFormation sent it, where that is known */
  readonly requestedAt: number | undefined;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalResourceId: string;
  readonly properties: unknown;
}

export interface CreateEvent extends ResourceEvent {
  readonly type: 'Create';
}

export interface UpdateEvent extends ResourceEvent {
  readonly type: 'Update';
  readonly physicalResourceId: string;
  readonly oldProperties: unknown;
}

export interface DeleteEvent extends ResourceEvent {
  readonly type: 'Delete';
  readonly physicalResourceId: string;
}

export type LifecycleEvent = CreateEvent | UpdateEvent | DeleteEvent;

/** What an event came to, and what is still to be done about it once the answer has been sent. */
export interface Outcome {
  readonly physicalResourceId: string;
  readonly data?: Readonly<Record<string, string>>;
  /** The answer was taken: make sure that CloudFormation has acted on it. */
  onDelivered?(limit: TimeLimit): Promise<void>;
  /** The answer will never be taken: what was made for it must go. */
  onRefused?(limit: TimeLimit): Promise<void>;
}
