import type { StackEvent as ReadEvent } from '@aws-sdk/client-cloudformation';
import type { OwnEntry } from '../decision/after-response';
import type { Events, ResourceRequest, StackEvent, StackResource } from '../decision/history';
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
  /** what an environment has read */
  private readonly knownEvents = new Map<string, KnownEvents>();

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
  public async entry(request: ResourceRequest, limit: TimeLimit): Promise<OwnEntry | 'gone'> {
    const input = { StackName: request.stackId, LogicalResourceId: request.logicalResourceId };
    const detail = await this.call('DescribeStackResource', {}, limit, async (api, options) => {
      return (await api.describeStackResource(input, options)).StackResourceDetail;
    });
    if (!detail) return 'gone';
    return { ...resourceOf(detail), updatedAt: detail.LastUpdatedTimestamp?.getTime() ?? 0 };
  }

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

  /** Reads events from the newest back until they are enough, together with those that are known already. */
  public async events(
    StackName: string,
    isEnough: (events: Events) => boolean,
    limit: TimeLimit,
  ): Promise<Events> {
    const known = this.knownEvents.get(StackName) ?? { events: [], isWhole: false };
    const cursor: Cursor = {};
    let read: KnownEvents = known;
    do {
      const page = await this.call('DescribeStackEvents', cursor, limit, async (api, options) => {
        const content = await api.describeStackEvents({ StackName, NextToken: cursor.token }, options);
        return content.StackEvents && content;
      });
      const events = joined(cursor.token ? read.events : [], (page?.StackEvents ?? []).map(eventOf));
      cursor.token = page?.NextToken || undefined;
      read = { events, isWhole: !cursor.token };
      // a stack that is gone shows none
      const isGone = read.isWhole && events.length === 0;
      if (!isGone && !events.some(({ eventId }) => eventId === known.events[0]?.eventId)) continue;
      const all = joined(events, known.events);
      // the token that led on from what is known may be too old
      if (known.isWhole || isEnough(all)) read = { events: all, isWhole: known.isWhole };
    } while (!read.isWhole && !isEnough(read.events));
    this.knownEvents.set(StackName, read);
    return read.events;
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

/** The events of a stack, newest first, as far back as somebody needed them. */
interface KnownEvents {
  readonly events: readonly LoggedEvent[];
  readonly isWhole: boolean;
}

/** Both, newest first, each event once: pages shift when new events come up, be it by more than a page. */
function joined(newer: readonly LoggedEvent[], older: readonly LoggedEvent[]): LoggedEvent[] {
  const known = new Set(newer.map(({ eventId }) => eventId));
  const all = [...newer, ...older.filter(({ eventId }) => !known.has(eventId))];
  return all.sort((one, other) => other.at - one.at);
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
