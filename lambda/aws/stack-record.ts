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
  private eventLog?: { readonly stackId: string; readonly events: EventLog };

  constructor(
    private readonly reads: () => Promise<CloudFormationReads>,
    private readonly retry: Retry,
    private readonly clock: Clock,
  ) {}

  /** The status of a stack, `gone` where there is no such stack, and when it was asked for. */
  public async status(stackId: string, limit: TimeLimit): Promise<{ value: string; readAt: number }> {
    let readAt = this.clock.now();
    const choose = (api: CloudFormationReads) => {
      readAt = this.clock.now();
      return api.describeStacks;
    };
    const input = { StackName: stackId };
    const value = await this.call(
      'DescribeStacks',
      input,
      limit,
      choose,
      read => read.Stacks?.[0]?.StackStatus,
    );
    return { value: value ?? 'gone', readAt };
  }

  /** A resource's own entry; `gone` where the stack has none. */
  public async entry(stackId: string, resource: string, limit: TimeLimit): Promise<OwnEntry | 'gone'> {
    const input = { StackName: stackId, LogicalResourceId: resource };
    const choose = (api: CloudFormationReads) => api.describeStackResource;
    const detail = await this.call(
      'DescribeStackResource',
      input,
      limit,
      choose,
      read => read.StackResourceDetail,
    );
    if (!detail) return 'gone';
    const { physicalResourceId, status } = resourceOf(detail);
    return { physicalResourceId, status, updatedAt: detail.LastUpdatedTimestamp?.getTime() ?? 0 };
  }

  /** All resources of a stack; with a token, those from its page on. */
  public async resources(stackId: string, limit: TimeLimit, token?: string): Promise<StackResource[]> {
    const input = { StackName: stackId, NextToken: token };
    const choose = (api: CloudFormationReads) => api.listStackResources;
    const page = await this.call('ListStackResources', input, limit, choose, read =>
      read.StackResourceSummaries ? read : undefined,
    );
    const resources = (page?.StackResourceSummaries ?? []).map(resourceOf);
    return page?.NextToken
      ? [...resources, ...(await this.resources(stackId, limit, page.NextToken))]
      : resources;
  }

  /** The events of a stack, of which an environment remembers what it has read. */
  public events(stackId: string): EventLog {
    if (this.eventLog?.stackId !== stackId) {
      const read: ReadPage = async (NextToken, limit) => {
        const input = { StackName: stackId, NextToken };
        const choose = (api: CloudFormationReads) => api.describeStackEvents;
        const page = await this.call('DescribeStackEvents', input, limit, choose, found =>
          found.StackEvents ? found : undefined,
        );
        return { events: (page?.StackEvents ?? []).map(eventOf), next: page?.NextToken || undefined };
      };
      this.eventLog = { stackId, events: new EventLog(read) };
    }
    return this.eventLog.events;
  }

  /** Makes one call until it gives some content; `undefined` where what was asked for does not exist. */
  private async call<Input extends { StackName: string; NextToken?: string }, Output, Content>(
    operation: string,
    input: Input,
    limit: TimeLimit,
    choose: (api: CloudFormationReads) => (input: Input, options: CallOptions) => Promise<Output>,
    contentOf: (output: Output) => Content | undefined,
  ): Promise<Content | undefined> {
    try {
      return await this.retry.untilDone(operation, QUOTA, limit, async () => {
        const api = await this.reads();
        try {
          const content = contentOf(await this.retry.once(limit, options => choose(api)(input, options)));
          // the SDK reads a broken response as an empty one
          if (!content) throw new Error('expected a response with content, got none');
          return content;
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
  /** the token of the page with older ones */
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
