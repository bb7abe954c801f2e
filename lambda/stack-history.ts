import type { Clock, TimeLimit } from './clock';
import type { ResourceEvent } from './lifecycle-event';

/** One event of a stack, as DescribeStackEvents gives it. */
export interface StackEvent {
  readonly logicalResourceId: string;
  readonly physicalResourceId: string | undefined;
  readonly resourceType: string;
  /** such as `UPDATE_IN_PROGRESS` */
  readonly status: string;
  readonly at: number;
  /** the properties of the resource at that time, parsed; `undefined` where the event has none */
  readonly properties: unknown;
}

/** What CloudFormation has written down of a stack. */
export interface StackHistory {
  /**
   * The events since the stack was last in a settled state, or since a time, newest first: an update, those that
   * failed before it without a rollback, and the rollback of them all. `undefined` when they cannot be read: nothing is proven then.
   */
  read(stackId: string, limit: TimeLimit, since?: number): Promise<readonly StackEvent[] | undefined>;
}

/**
 * Whether an event leaves the stack in a state that a later rollback leads back to: what came before it is over.
 * `newer` are the events that came after it, newest first.
 */
export function settles(
  stackId: string,
  { physicalResourceId, status }: StackEvent,
  newer: readonly StackEvent[],
): boolean {
  if (physicalResourceId !== stackId || !status.endsWith('_COMPLETE')) return false;
  const next = newer.findLast(event => event.physicalResourceId === stackId);
  // a nested stack that is done waits for its parent, and goes back with it
  return !(status === 'UPDATE_COMPLETE' && next?.status === 'UPDATE_ROLLBACK_IN_PROGRESS');
}

/** How a request stands with CloudFormation. */
export enum Standing {
  /** its answer is still waited for */
  AWAITED,
  /** its key has been recorded: CloudFormation owns it */
  RECORDED,
  /** CloudFormation has gone on without its answer */
  GIVEN_UP,
  /** the events do not say yet */
  UNKNOWN,
}

/** What a request has to be told apart from others of its resource. */
export interface Request {
  readonly type: 'Create' | 'Update';
  /** the id that the resource has had so far; none for a Create */
  readonly physicalResourceId?: string;
  /** when CloudFormation sent it; `undefined` where that is not known */
  readonly requestedAt: number | undefined;
  /** whether these properties ask for the same as its own, in the same words */
  readonly asksFor: (properties: unknown) => boolean;
}

/** How far CloudFormation's clock may be from the time stamps of its requests, which are cut to whole seconds. */
export const TIMESTAMP_SLACK = 2000;
/** How much later than the request its first event may be: what begins after that is another request. */
const BEGINNING_SLACK = 30_000;
/** How late the first event of a request may show up. The last look at what became of a key comes later. */
export const FIRST_EVENT_LAG = 32_000;

/** Reads what a stack has written down of an event's resource; `undefined` when that cannot be read. */
export async function readResourceHistory(
  { stackId, logicalResourceId }: Pick<ResourceEvent, 'stackId' | 'logicalResourceId'>,
  { history, clock }: { readonly history: StackHistory; readonly clock: Clock },
  limit: TimeLimit,
  since?: number,
): Promise<ResourceHistory | undefined> {
  const readAt = clock.now();
  const events = await history.read(stackId, limit, since);
  return events && new ResourceHistory(events, stackId, logicalResourceId, readAt);
}

/** What the events of a stack say of one resource. */
export class ResourceHistory {
  /** newest first */
  private readonly own: readonly StackEvent[];

  constructor(
    private readonly events: readonly StackEvent[],
    private readonly stackId: string,
    logicalResourceId: string,
    /** when the events were read */
    private readonly readAt: number,
  ) {
    this.own = events.filter(
      event => event.logicalResourceId === logicalResourceId && event.physicalResourceId !== stackId,
    );
  }

  /** Whether the stack is undoing an update. */
  public get rollingBack(): boolean {
    const stack = this.events.find(({ physicalResourceId }) => physicalResourceId === this.stackId);
    return stack?.status === 'UPDATE_ROLLBACK_IN_PROGRESS';
  }

  /** The physical id that the resource had in the stack's last settled state. */
  public get idBefore(): string | undefined {
    const first = this.own.at(-1);
    return first?.status === 'UPDATE_IN_PROGRESS' ? first.physicalResourceId : undefined;
  }

  /** The properties with which an id of the resource was recorded last; `undefined` where the events do not tell. */
  public recordedWith(physicalResourceId: string): unknown {
    const isRecord = (event: StackEvent) =>
      event.physicalResourceId === physicalResourceId && /^(CREATE|UPDATE)_COMPLETE$/.test(event.status);
    return this.own.find(isRecord)?.properties;
  }

  /** Whether an update of the resource has failed or was cancelled. */
  public get hasFailed(): boolean {
    return this.own.some(({ status }) => status === 'UPDATE_FAILED');
  }

  /** Whether an id of the resource is being deleted. */
  public isDeleting(id: string): boolean {
    return this.own.some(
      ({ physicalResourceId, status }) => physicalResourceId === id && status === 'DELETE_IN_PROGRESS',
    );
  }

  /** The ids of all resources of a type whose last properties pass, this one left out. */
  public others(resourceType: string, passes: (properties: unknown) => boolean): readonly string[] {
    const own = new Set(this.own.map(({ logicalResourceId }) => logicalResourceId));
    return this.events
      .filter(event => event.resourceType === resourceType && !own.has(event.logicalResourceId))
      .filter(({ properties }) => passes(properties))
      .map(({ logicalResourceId }) => logicalResourceId);
  }

  /** How a request of this resource stands; `madeId` is the id of the key that was made for it. */
  public standingOf(request: Request, madeId?: string): Standing {
    if (madeId && this.own.some(({ physicalResourceId }) => physicalResourceId === madeId))
      return Standing.RECORDED;
    const { requestedAt } = request;
    const [newest] = this.own;
    if (!newest) return Standing.UNKNOWN;
    if (requestedAt === undefined)
      return isBeginningOf(request, newest) ? Standing.AWAITED : Standing.UNKNOWN;
    const isBeginning = (event: StackEvent) => isBeginningOf(request, event);
    const begun = this.own.findIndex(
      (event, index) =>
        isBeginning(event) &&
        Math.abs(event.at - requestedAt) <= TIMESTAMP_SLACK &&
        !(this.mayLack(requestedAt) && this.isOver(index, request)),
    );
    // so close to the request, what is not seen to follow its beginning may be the end of what went before
    if (begun < 0 && newest.at <= requestedAt + TIMESTAMP_SLACK) return Standing.UNKNOWN;
    const since = begun < 0 ? [newest] : this.own.slice(0, begun + 1);
    const isStillAtIt = since.every(isBeginning) && newest.at < requestedAt + BEGINNING_SLACK;
    return isStillAtIt ? Standing.AWAITED : Standing.GIVEN_UP;
  }

  /** Whether the first event of a request may not show up yet. */
  private mayLack(requestedAt: number): boolean {
    // the time stamp of the request is cut to whole seconds
    return (
      this.readAt < requestedAt + FIRST_EVENT_LAG && this.events.every(({ at }) => at < requestedAt + 1000)
    );
  }

  /** Whether what an event began has given the resource the id that it had when the request was made. */
  private isOver(index: number, request: Request): boolean {
    const next = this.own.slice(0, index).findLast(event => !isBeginningOf(request, event));
    return (
      next?.status.endsWith('_COMPLETE') === true && next.physicalResourceId === request.physicalResourceId
    );
  }
}

/** Whether an event can be the one with which CloudFormation made the request. */
function isBeginningOf({ type, asksFor }: Request, { status, properties }: StackEvent): boolean {
  // an update may follow the creation within a second, and ask for the same once it is rolled back
  const isInProgress = status === (type === 'Create' ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS');
  return isInProgress && (properties === undefined || asksFor(properties));
}
