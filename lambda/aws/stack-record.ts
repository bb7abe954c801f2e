import type {
  DescribeStackEventsCommandInput,
  DescribeStackEventsCommandOutput,
  DescribeStackResourceCommandInput,
  DescribeStackResourceCommandOutput,
  DescribeStacksCommandInput,
  DescribeStacksCommandOutput,
  ListStackResourcesCommandInput,
  ListStackResourcesCommandOutput,
  StackEvent as ReadEvent,
} from '@aws-sdk/client-cloudformation';
import type { OwnEntry } from '../decision/after-response';
import type { StackResource } from '../decision/decide-delete';
import type { StackEvent } from '../decision/history';
import type { Clock, TimeLimit } from '../runtime/clock';
import { Denial, isAccessDenied } from './errors';
import type { Retry } from './retry';

type Call<Input, Output> = (input: Input, options: { readonly abortSignal: AbortSignal }) => Promise<Output>;

/** The calls of CloudFormation that the handler makes. */
export interface CloudFormationReads {
  readonly describeStacks: Call<DescribeStacksCommandInput, DescribeStacksCommandOutput>;
  readonly describeStackResource: Call<DescribeStackResourceCommandInput, DescribeStackResourceCommandOutput>;
  readonly listStackResources: Call<ListStackResourcesCommandInput, ListStackResourcesCommandOutput>;
  readonly describeStackEvents: Call<DescribeStackEventsCommandInput, DescribeStackEventsCommandOutput>;
}

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
    const status = found.Stacks?.[0]?.StackStatus;
    if (status) return { value: status, readAt };
    throw new Error('DescribeStacks: expected a StackStatus, got none');
  }

  /** A resource's own entry; `gone` where the stack has none. */
  public async entry(
    stackId: string,
    logicalResourceId: string,
    limit: TimeLimit,
  ): Promise<OwnEntry | 'gone'> {
    const found = await this.call('DescribeStackResource', limit, (reads, options) =>
      reads.describeStackResource({ StackName: stackId, LogicalResourceId: logicalResourceId }, options),
    );
    const detail = found?.StackResourceDetail;
    if (!detail) return 'gone';
    return {
      physicalResourceId: detail.PhysicalResourceId || undefined,
      status: detail.ResourceStatus ?? '',
      updatedAt: detail.LastUpdatedTimestamp?.getTime() ?? 0,
    };
  }

  /** All resources of a stack. */
  public async resources(stackId: string, limit: TimeLimit): Promise<StackResource[]> {
    const resources: StackResource[] = [];
    let token: string | undefined;
    do {
      const page = await this.call('ListStackResources', limit, (reads, options) =>
        reads.listStackResources({ StackName: stackId, NextToken: token }, options),
      );
      for (const { LogicalResourceId, PhysicalResourceId, ResourceStatus } of page?.StackResourceSummaries ??
        []) {
        resources.push({
          logicalResourceId: LogicalResourceId ?? '',
          physicalResourceId: PhysicalResourceId || undefined,
          status: ResourceStatus ?? '',
        });
      }
      token = page?.NextToken || undefined;
    } while (token);
    return resources;
  }

  public events(stackId: string): EventLog {
    return new EventLog(async (token, limit) => {
      const page = await this.call('DescribeStackEvents', limit, (reads, options) =>
        reads.describeStackEvents({ StackName: stackId, NextToken: token }, options),
      );
      return { events: page?.StackEvents ?? [], next: page?.NextToken || undefined };
    });
  }

  /** Makes one call until it succeeds; `undefined` where what was asked for does not exist. */
  private async call<T>(
    operation: string,
    limit: TimeLimit,
    send: (reads: CloudFormationReads, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.retry.untilDone(operation, QUOTA, limit, async () => {
        const reads = await this.reads();
        try {
          return await this.retry.once(limit, options => send(reads, options));
        } catch (error) {
          // nothing else in these requests could be invalid
          if (error instanceof Error && error.name === 'ValidationError') return undefined;
          throw error;
        }
      });
    } catch (error) {
      if (error instanceof Error && isAccessDenied(error.cause) && this.clock.now() < limit.at)
        throw new Denial(error.message);
      throw error;
    }
  }
}

interface EventPage {
  readonly events: readonly ReadEvent[];
  readonly next?: string;
}

/** The events of a stack, read back as far as it was needed so far. */
export class EventLog {
  private read: { readonly id: string; readonly event: StackEvent }[] = [];
  /** what leads on from the oldest event read; `undefined` at the beginning and the end */
  private next?: string;
  private isWhole = false;

  constructor(
    private readonly readPage: (token: string | undefined, limit: TimeLimit) => Promise<EventPage>,
  ) {}

  /** Newest first. */
  public get events(): StackEvent[] {
    return this.read.map(({ event }) => event);
  }

  /** Reads the events that are new since the last time, and goes back until they are enough. */
  public async update(
    isEnough: (events: readonly StackEvent[]) => boolean,
    limit: TimeLimit,
  ): Promise<StackEvent[]> {
    await this.readNew(limit);
    while (!this.isWhole && !isEnough(this.events)) {
      const page = await this.readPage(this.next, limit);
      const known = new Set(this.read.map(({ id }) => id));
      this.read.push(...page.events.map(parsed).filter(({ id }) => !known.has(id)));
      this.goOnAfter(page);
    }
    return this.events;
  }

  private async readNew(limit: TimeLimit): Promise<void> {
    const known = new Set(this.read.map(({ id }) => id));
    const fresh: typeof this.read = [];
    let token: string | undefined;
    do {
      const page = await this.readPage(token, limit);
      const events = page.events.map(parsed);
      const overlap = events.findIndex(({ id }) => known.has(id));
      if (overlap >= 0) {
        this.read.unshift(...fresh, ...events.slice(0, overlap));
        return;
      }
      fresh.push(...events);
      if (known.size === 0) {
        this.read = fresh;
        this.goOnAfter(page);
        return;
      }
      token = page.next;
    } while (token);
  }

  private goOnAfter({ next }: EventPage): void {
    this.next = next;
    this.isWhole = next === undefined;
  }
}

function parsed(event: ReadEvent): { id: string; event: StackEvent } {
  return {
    id: event.EventId ?? JSON.stringify(event),
    event: {
      logicalResourceId: event.LogicalResourceId ?? '',
      physicalResourceId: event.PhysicalResourceId || undefined,
      status: event.ResourceStatus ?? '',
      at: event.Timestamp?.getTime() ?? 0,
    },
  };
}
