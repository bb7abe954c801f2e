import type { StackEvent as ReadEvent } from '@aws-sdk/client-cloudformation';
import type { OwnEntry } from '../decision/after-response';
import type { Events, StackEvent, StackResource } from '../decision/history';
import type { Clock, TimeLimit } from '../runtime/clock';
import { Denial, isAccessDenied, repeatable, Verdict, verdictOn } from './errors';
import type { CallOptions, Retry } from './retry';

/** The calls of CloudFormation that the handler makes. */
export type CloudFormationReads = typeof import('./cloudformation-reads');

// CloudFormation's reads share one quota
const QUOTA = 'CloudFormation';

/**
 * What CloudFormation has written down of stacks.
 *
 * Every reading throws a `Denial` where the role may not make it, and another error when the time is up.
 */
export class StackRecord {
  private readonly eventLogs = new Map<string, EventLog>();

  constructor(
    private readonly reads: () => Promise<CloudFormationReads>,
    private readonly retry: Retry,
    private readonly clock: Clock,
  ) {}

  /** The status of a stack, `gone` where there is no such stack, and when it was asked for. */
  public async status(StackName: string, limit: TimeLimit): Promise<{ value: string; readAt: number }> {
    let readAt = this.clock.now();
    const value = await this.call('DescribeStacks', {}, limit, async (api, options) => {
      readAt = this.clock.now();
      return (await api.describeStacks({ StackName }, options)).Stacks?.[0]?.StackStatus;
    });
    return { value: value ?? 'gone', readAt };
  }

  /** A resource's own entry; `gone` where the stack has none. */
  public async entry(
    StackName: string,
    LogicalResourceId: string,
    limit: TimeLimit,
  ): Promise<OwnEntry | 'gone'> {
    const input = { StackName, LogicalResourceId };
    const detail = await this.call('DescribeStackResource', {}, limit, async (api, options) => {
      return (await api.describeStackResource(input, options)).StackResourceDetail;
    });
    if (!detail) return 'gone';
    const { physicalResourceId, status } = resourceOf(detail);
    return { physicalResourceId, status, updatedAt: detail.LastUpdatedTimestamp?.getTime() ?? 0 };
  }

  /** All resources of a stack. */
  public async resources(StackName: string, limit: TimeLimit): Promise<readonly StackResource[]> {
    const cursor: Cursor = {};
    let resources: readonly StackResource[] = [];
    do {
      const page = await this.call('ListStackResources', cursor, limit, async (api, options) => {
        const read = await api.listStackResources({ StackName, NextToken: cursor.token }, options);
        return read.StackResourceSummaries && read;
      });
      const read = (page?.StackResourceSummaries ?? []).map(resourceOf);
      resources = cursor.token ? [...resources, ...read] : read;
      cursor.token = page?.NextToken || undefined;
    } while (cursor.token);
    return resources;
  }

  /** The events of a stack, of which an environment remembers what it has read. */
  public events(StackName: string): EventLog {
    const readPage: ReadPage = async (cursor, limit) => {
      const page = await this.call('DescribeStackEvents', cursor, limit, async (api, options) => {
        const read = await api.describeStackEvents({ StackName, NextToken: cursor.token }, options);
        return read.StackEvents && read;
      });
      return { events: (page?.StackEvents ?? []).map(eventOf), next: page?.NextToken || undefined };
    };
    const eventLog = this.eventLogs.get(StackName) ?? new EventLog(readPage);
    this.eventLogs.set(StackName, eventLog);
    return eventLog;
  }

  /**
   * Makes one call until it gives some content; `undefined` where what was asked for does not exist.
   *
   * Where the token of a page is refused, the call is made for the first one instead.
   */
  private async call<Content>(
    operation: string,
    cursor: Cursor,
    limit: TimeLimit,
    read: (api: CloudFormationReads, options: CallOptions) => Promise<Content | undefined>,
  ): Promise<Content | undefined> {
    try {
      return await this.retry.untilDone(operation, QUOTA, limit, async () => {
        const api = await this.reads();
        try {
          const content = await this.retry.once(limit, options => read(api, options));
          // the SDK reads a broken response as an empty one
          if (!content) throw new Error('expected a response with content, got none');
          return content;
        } catch (error) {
          if (!(error instanceof Error) || verdictOn(error) !== Verdict.REFUSED) throw error;
          // nothing but a token could be invalid in these requests
          if (error.name === 'ValidationError' && !cursor.token) return undefined;
          if (error.name === 'ValidationError') cursor.token = undefined;
          // a read may be repeated, whatever refused it
          throw repeatable(error);
        }
      });
    } catch (error) {
      const isDenied = error instanceof Error && isAccessDenied(error.cause) && this.clock.now() < limit.at;
      throw isDenied ? new Denial(error.message) : error;
    }
  }
}

/** Where a reading of several pages is: at the first one if it has no token. */
interface Cursor {
  token?: string;
}

type LoggedEvent = StackEvent & { readonly eventId: string };

/** `next` is the token of the page with older ones. */
interface EventPage {
  readonly events: readonly LoggedEvent[];
  readonly next?: string;
}

type ReadPage = (cursor: Cursor, limit: TimeLimit) => Promise<EventPage>;

/** The events of a stack, newest first, as far back as somebody needed them. */
export class EventLog {
  private known: readonly LoggedEvent[] = [];
  private isWhole = false;

  constructor(private readonly read: ReadPage) {}

  /** Reads from the newest event back until they are enough, together with those that are known already. */
  public async update(isEnough: (events: Events) => boolean, limit: TimeLimit): Promise<Events> {
    const { known, isWhole } = this;
    const cursor: Cursor = {};
    let read: readonly LoggedEvent[] = [];
    do {
      const page = await this.read(cursor, limit);
      read = cursor.token ? joined(read, page.events) : page.events;
      cursor.token = page.next;
      // a stack that is gone shows none
      const isJoint =
        (read.length === 0 && !page.next) || read.some(({ eventId }) => eventId === known[0]?.eventId);
      if (!isJoint) continue;
      const all = joined(read, known);
      // the token that led on from what is known may be too old
      if (isWhole || isEnough(all)) return this.keep(all, isWhole);
    } while (cursor.token && !isEnough(read));
    return this.keep(read, !cursor.token);
  }

  private keep(events: readonly LoggedEvent[], isWhole: boolean): Events {
    this.known = events;
    this.isWhole = isWhole;
    return events;
  }
}

/** Both, each event once: pages shift when new events come up. */
function joined(newer: readonly LoggedEvent[], older: readonly LoggedEvent[]): LoggedEvent[] {
  const known = new Set(newer.map(({ eventId }) => eventId));
  return [...newer, ...older.filter(({ eventId }) => !known.has(eventId))];
}

function eventOf(event: ReadEvent): LoggedEvent {
  const eventId = event.EventId ?? JSON.stringify(event);
  return { eventId, ...resourceOf(event), at: event.Timestamp?.getTime() ?? 0 };
}

function resourceOf(read: Pick<ReadEvent, 'LogicalResourceId' | 'PhysicalResourceId' | 'ResourceStatus'>) {
  return {
    logicalResourceId: read.LogicalResourceId ?? '',
    physicalResourceId: read.PhysicalResourceId || undefined,
    status: read.ResourceStatus ?? '',
  };
}
