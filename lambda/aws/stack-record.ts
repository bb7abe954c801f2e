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
  constructor(
    private readonly reads: () => Promise<CloudFormationReads>,
    private readonly retry: Retry,
    private readonly clock: Clock,
  ) {}

  /** The status of a stack, `gone` where there is no such stack, and when it was asked for. */
  public async status(stackId: string, limit: TimeLimit): Promise<{ value: string; readAt: number }> {
    let readAt = this.clock.now();
    const found = await this.call('DescribeStacks', { StackName: stackId }, limit, api => {
      readAt = this.clock.now();
      return api.describeStacks;
    });
    const value = found ? found.Stacks?.[0]?.StackStatus : 'gone';
    if (!value) throw new Error('DescribeStacks: expected a StackStatus, got none');
    return { value, readAt };
  }

  /** A resource's own entry; `gone` where the stack has none. */
  public async entry(stackId: string, resource: string, limit: TimeLimit): Promise<OwnEntry | 'gone'> {
    const input = { StackName: stackId, LogicalResourceId: resource };
    const found = await this.call('DescribeStackResource', input, limit, api => api.describeStackResource);
    if (!found?.StackResourceDetail) return 'gone';
    const { LastUpdatedTimestamp: updatedAt } = found.StackResourceDetail;
    const { physicalResourceId, status } = resourceOf(found.StackResourceDetail);
    return { physicalResourceId, status, updatedAt: updatedAt?.getTime() ?? 0 };
  }

  /** All resources of a stack; with a token, those from its page on. */
  public async resources(stackId: string, limit: TimeLimit, token?: string): Promise<StackResource[]> {
    const input = { StackName: stackId, NextToken: token };
    const page = await this.call('ListStackResources', input, limit, api => api.listStackResources);
    const resources = (page?.StackResourceSummaries ?? []).map(resourceOf);
    return page?.NextToken
      ? [...resources, ...(await this.resources(stackId, limit, page.NextToken))]
      : resources;
  }

  public events(stackId: string): EventLog {
    return new EventLog(async (token, limit) => {
      const input = { StackName: stackId, NextToken: token };
      const page = await this.call('DescribeStackEvents', input, limit, api => api.describeStackEvents);
      return { events: (page?.StackEvents ?? []).map(eventOf), next: page?.NextToken || undefined };
    });
  }

  /** Makes one call until it succeeds; `undefined` where what was asked for does not exist. */
  private async call<Input extends { StackName: string; NextToken?: string }, Output>(
    operation: string,
    input: Input,
    limit: TimeLimit,
    choose: (api: CloudFormationReads) => (input: Input, options: CallOptions) => Promise<Output>,
  ): Promise<Output | undefined> {
    try {
      return await this.retry.untilDone(operation, QUOTA, limit, async () => {
        const api = await this.reads();
        try {
          return await this.retry.once(limit, options => choose(api)(input, options));
        } catch (error) {
          if (!(error instanceof Error) || verdictOn(error) !== Verdict.REFUSED) throw error;
          // nothing but a token could be invalid in these requests
          if (error.name === 'ValidationError' && !input.NextToken) return undefined;
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

interface EventPage {
  readonly events: readonly LoggedEvent[];
  /** leads on from the oldest of them */
  readonly next?: string;
}

/** The events of a stack, newest first, read back as far as it was needed so far. */
export class EventLog {
  private known: EventPage = { events: [] };

  constructor(private readonly read: (token: string | undefined, limit: TimeLimit) => Promise<EventPage>) {}

  /** Reads the events that are new since the last time, and goes back until they are enough. */
  public async update(isEnough: (events: Events) => boolean, limit: TimeLimit): Promise<Events> {
    const [newestKnown] = this.known.events;
    let read = await this.read(undefined, limit);
    while (newestKnown && read.next && !read.events.some(({ eventId }) => eventId === newestKnown.eventId))
      read = joined(read, await this.read(read.next, limit));
    this.known = newestKnown ? joined(read, this.known) : read;
    while (this.known.next && !isEnough(this.known.events))
      this.known = joined(this.known, await this.read(this.known.next, limit));
    return this.known.events;
  }
}

/** Both, each event once: pages shift when new events come up. */
function joined(newer: EventPage, older: EventPage): EventPage {
  const known = new Set(newer.events.map(({ eventId }) => eventId));
  const events = [...newer.events, ...older.events.filter(({ eventId }) => !known.has(eventId))];
  return { events, next: older.next };
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
