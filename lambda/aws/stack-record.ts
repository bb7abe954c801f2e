import type {
  DescribeStackEventsCommandOutput,
  ListStackResourcesCommandOutput,
  StackEvent as ReadEvent,
} from '@aws-sdk/client-cloudformation';
import type { OwnEntry } from '../decision/after-response';
import type { StackResource } from '../decision/evidence';
import type { StackEvent } from '../decision/history';
import type { Clock, TimeLimit } from '../runtime/clock';
import { Denial, isAccessDenied } from './errors';
import type { Retry } from './retry';

/** The calls of CloudFormation that the handler makes. */
export type CloudFormationReads = typeof import('./cloudformation-reads');

type Send<T> = (reads: CloudFormationReads, options: { abortSignal: AbortSignal }) => Promise<T>;

// CloudFormation's reads share one quota
const QUOTA = 'CloudFormation';

/**
 * What CloudFormation has written down of stacks.
 *
 * Every reading throws a `Denial` where the role may not make it, and another error when the time is up.
 */
export class StackRecord {
  constructor(
    private readonly reads: () => Promise<CloudFormationReads>,
    private readonly retry: Retry,
    private readonly clock: Clock,
  ) {}

  /** The status of a stack, `gone` where there is no such stack, and when it was asked for. */
  public async status(stackId: string, limit: TimeLimit): Promise<{ value: string; readAt: number }> {
    let readAt = this.clock.now();
    const found = await this.call('DescribeStacks', limit, (reads, options) => {
      readAt = this.clock.now();
      return reads.describeStacks({ StackName: stackId }, options);
    });
    if (!found) return { value: 'gone', readAt };
    const value = found.Stacks?.[0]?.StackStatus;
    if (value) return { value, readAt };
    throw new Error('DescribeStacks: expected a StackStatus, got none');
  }

  /** A resource's own entry; `gone` where the stack has none. */
  public async entry(
    stackId: string,
    logicalResourceId: string,
    limit: TimeLimit,
  ): Promise<OwnEntry | 'gone'> {
    const input = { StackName: stackId, LogicalResourceId: logicalResourceId };
    const found = await this.call('DescribeStackResource', limit, (reads, options) =>
      reads.describeStackResource(input, options),
    );
    if (!found?.StackResourceDetail) return 'gone';
    const { PhysicalResourceId, ResourceStatus = '', LastUpdatedTimestamp } = found.StackResourceDetail;
    return {
      physicalResourceId: PhysicalResourceId || undefined,
      status: ResourceStatus,
      updatedAt: LastUpdatedTimestamp?.getTime() ?? 0,
    };
  }

  /** All resources of a stack. */
  public async resources(stackId: string, limit: TimeLimit): Promise<StackResource[]> {
    const resources: StackResource[] = [];
    let token: string | undefined;
    do {
      const input = { StackName: stackId, NextToken: token };
      const send: Send<ListStackResourcesCommandOutput> = (reads, options) =>
        reads.listStackResources(input, options);
      const page = await this.call('ListStackResources', limit, send, token);
      for (const summary of page?.StackResourceSummaries ?? []) {
        resources.push({
          logicalResourceId: summary.LogicalResourceId ?? '',
          physicalResourceId: summary.PhysicalResourceId || undefined,
          status: summary.ResourceStatus ?? '',
        });
      }
      token = page?.NextToken || undefined;
    } while (token);
    return resources;
  }

  public events(stackId: string): EventLog {
    return new EventLog(async (token, limit) => {
      const input = { StackName: stackId, NextToken: token };
      const send: Send<DescribeStackEventsCommandOutput> = (reads, options) =>
        reads.describeStackEvents(input, options);
      const page = await this.call('DescribeStackEvents', limit, send, token);
      return { events: (page?.StackEvents ?? []).map(parseEvent), next: page?.NextToken || undefined };
    });
  }

  /** Makes one call until it succeeds; `undefined` where what was asked for does not exist. */
  private async call<T>(
    operation: string,
    limit: TimeLimit,
    send: Send<T>,
    token?: string,
  ): Promise<T | undefined> {
    try {
      return await this.retry.untilDone(operation, QUOTA, limit, async () => {
        const reads = await this.reads();
        try {
          return await this.retry.once(limit, options => send(reads, options));
        } catch (error) {
          // nothing else could be invalid in a request without a token
          if (!token && error instanceof Error && error.name === 'ValidationError') return undefined;
          throw error;
        }
      });
    } catch (error) {
      const isDenied = error instanceof Error && isAccessDenied(error.cause) && this.clock.now() < limit.at;
      throw isDenied ? new Denial(error.message) : error;
    }
  }
}

interface LoggedEvent extends StackEvent {
  readonly eventId: string;
}

interface EventPage {
  readonly events: readonly LoggedEvent[];
  readonly next: string | undefined;
}

/** The events of a stack, newest first, read back as far as it was needed so far. */
export class EventLog {
  private events: readonly LoggedEvent[] = [];
  /** leads on from the oldest event read */
  private next?: string;

  constructor(private readonly read: (token: string | undefined, limit: TimeLimit) => Promise<EventPage>) {}

  /** Reads the events that are new since the last time, and goes back until they are enough. */
  public async update(
    isEnough: (events: readonly StackEvent[]) => boolean,
    limit: TimeLimit,
  ): Promise<readonly StackEvent[]> {
    const known = this.events;
    const first = await this.read(undefined, limit);
    let page = first;
    let fresh = first.events;
    while (known.length > 0 && page.next && !overlaps(fresh, known)) {
      page = await this.read(page.next, limit);
      fresh = joined(fresh, page.events);
    }
    this.events = joined(fresh, known);
    if (known.length === 0) this.next = first.next;
    while (this.next && !isEnough(this.events)) {
      const older = await this.read(this.next, limit);
      this.events = joined(this.events, older.events);
      this.next = older.next;
    }
    return this.events;
  }
}

function overlaps(newer: readonly LoggedEvent[], older: readonly LoggedEvent[]): boolean {
  return newer.some(({ eventId }) => eventId === older[0]?.eventId);
}

/** Both, each event once: pages shift when new events come up. */
function joined(newer: readonly LoggedEvent[], older: readonly LoggedEvent[]): LoggedEvent[] {
  const known = new Set(newer.map(({ eventId }) => eventId));
  return [...newer, ...older.filter(({ eventId }) => !known.has(eventId))];
}

function parseEvent(event: ReadEvent): LoggedEvent {
  return {
    eventId: event.EventId ?? JSON.stringify(event),
    logicalResourceId: event.LogicalResourceId ?? '',
    physicalResourceId: event.PhysicalResourceId || undefined,
    status: event.ResourceStatus ?? '',
    at: event.Timestamp?.getTime() ?? 0,
  };
}
