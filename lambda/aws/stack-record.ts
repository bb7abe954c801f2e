import type { StackEvent as ReadEvent } from '@aws-sdk/client-cloudformation';
import type { OwnEntry } from '../decision/after-response';
import type { Events, StackEvent, StackResource } from '../decision/history';
import type { Clock, TimeLimit } from '../runtime/clock';
import { Denial, isAccessDenied, Verdict, verdictOn } from './errors';
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
    const value = await this.call('DescribeStacks', undefined, limit, async (api, options) => {
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
    const detail = await this.call('DescribeStackResource', undefined, limit, async (api, options) => {
      return (await api.describeStackResource(input, options)).StackResourceDetail;
    });
    if (!detail) return 'gone';
    const { physicalResourceId, status } = resourceOf(detail);
    return { physicalResourceId, status, updatedAt: detail.LastUpdatedTimestamp?.getTime() ?? 0 };
  }

  /** All resources of a stack; with a token, those from its page on. */
  public async resources(
    StackName: string,
    limit: TimeLimit,
    NextToken?: string,
  ): Promise<readonly StackResource[]> {
    const page = await this.call('ListStackResources', NextToken, limit, async (api, options) => {
      const read = await api.listStackResources({ StackName, NextToken }, options);
      return read.StackResourceSummaries && read;
    });
    const next = page?.NextToken;
    const more = next ? await this.resources(StackName, limit, next) : [];
    return [...(page?.StackResourceSummaries ?? []).map(resourceOf), ...more];
  }

  /** The events of a stack, of which an environment remembers what it has read. */
  public events(StackName: string): EventLog {
    const readPage: ReadPage = async (NextToken, limit) => {
      const page = await this.call('DescribeStackEvents', NextToken, limit, async (api, options) => {
        const read = await api.describeStackEvents({ StackName, NextToken }, options);
        return read.StackEvents && read;
      });
      return { events: (page?.StackEvents ?? []).map(eventOf), next: page?.NextToken || undefined };
    };
    const eventLog = this.eventLogs.get(StackName) ?? new EventLog(readPage);
    this.eventLogs.set(StackName, eventLog);
    return eventLog;
  }

  /** Makes one call until it gives some content; `undefined` where what was asked for does not exist. */
  private async call<Content>(
    operation: string,
    token: string | undefined,
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
          if (error.name === 'ValidationError' && !token) return undefined;
          if (error.name === 'ValidationError') throw error;
          // a read may be repeated, whatever refused it
          throw Object.assign(new Error(error.message), { name: error.name });
        }
      });
    } catch (error) {
      const isDenied = error instanceof Error && isAccessDenied(error.cause) && this.clock.now() < limit.at;
      throw isDenied ? new Denial(error.message) : error;
    }
  }
}

type LoggedEvent = StackEvent & { readonly eventId: string };

/** `next` is the token of the page with older ones. */
interface EventPage {
  readonly events: readonly LoggedEvent[];
  readonly next?: string;
}

type ReadPage = (token: string | undefined, limit: TimeLimit) => Promise<EventPage>;

/** The events of a stack, newest first, as far back as somebody needed them. */
export class EventLog {
  private known: readonly LoggedEvent[] = [];
  private isWhole = false;

  constructor(private readonly read: ReadPage) {}

  /** Reads from the newest event back until they are enough, together with those that are known already. */
  public async update(isEnough: (events: Events) => boolean, limit: TimeLimit): Promise<Events> {
    const { known, isWhole } = this;
    let token: string | undefined;
    let read: readonly LoggedEvent[] = [];
    do {
      const page = await this.read(token, limit);
      token = page.next;
      read = joined(read, page.events);
      // a stack that is gone shows none
      const isJoint =
        (read.length === 0 && !token) || read.some(({ eventId }) => eventId === known[0]?.eventId);
      if (!isJoint) continue;
      const all = joined(read, known);
      // the token that led on from what is known may be too old
      if (isWhole || isEnough(all)) return this.keep(all, isWhole);
    } while (token && !isEnough(read));
    return this.keep(read, !token);
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
