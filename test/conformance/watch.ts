import { setTimeout } from 'node:timers/promises';
import {
  CloudFormationServiceException,
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  ListStackResourcesCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import type { Account } from './account';
import { NEIGHBOUR_TYPE, TWIN_TYPE } from './request';

/** What the record showed at one time. A part that is as it was in the reading before is left out. */
export interface Reading {
  /** when it was asked for, in milliseconds */
  readonly at: number;
  /** DescribeStacks */
  readonly status?: string;
  /** ListStackResources */
  readonly resources?: readonly ResourceEntry[];
  /** DescribeStackResource of each twin and neighbour, by logical id; `null` where there is none */
  readonly described?: Readonly<Record<string, ResourceEntry | null>>;
  /** DescribeStackEvents: the id of the newest event */
  readonly newestEvent?: string;
}

export interface ResourceEntry {
  readonly LogicalResourceId?: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceType?: string;
  readonly ResourceStatus?: string;
  readonly LastUpdatedTimestamp?: string;
}

/** What an event is in a recording: when it was first seen, and all that it held. */
export interface SeenEvent {
  readonly seenAt: number;
  readonly event: StackEvent;
}

/** Reads the record of one stack, again and again, as a handler could. */
export class Watch {
  readonly readings: Reading[] = [];
  /** By their ids, the oldest first. */
  readonly events = new Map<string, SeenEvent>();
  /** Whatever was read about events out of order: an older one that came after a newer one. */
  readonly late: string[] = [];
  /** Readings that failed. */
  readonly problems: string[] = [];
  stackId?: string;
  private last: Omit<Reading, 'at'> = {};
  private readonly stopping = new AbortController();
  private readonly work: Promise<void>;

  constructor(
    private readonly account: Account,
    private readonly stackName: string,
  ) {
    this.work = this.run();
  }

  /** Waits for the reading that is under way. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the watch is over'));
    await this.work;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted && !this.account.signal.aborted) {
      try {
        await this.read();
      } catch (error) {
        if (!signal.aborted && !this.account.signal.aborted) this.problems.push(String(error));
      }
      await setTimeout(this.account.engine.readEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async read(): Promise<void> {
    const at = Date.now();
    const stack = await this.account.describe(this.stackId ?? this.stackName);
    this.stackId ??= stack?.StackId;
    if (!this.stackId) return;
    const resources = await this.resources(this.stackId);
    const described = await this.described(this.stackId, resources);
    const newestEvent = await this.newEvents(this.stackId);
    const now = { status: stack?.StackStatus ?? 'gone', resources, described, newestEvent };
    const changed = Object.entries(now).filter(
      ([part, value]) => JSON.stringify(value) !== JSON.stringify(this.last[part as keyof typeof now]),
    );
    if (changed.length > 0) this.readings.push({ at, ...Object.fromEntries(changed) });
    this.last = now;
  }

  private async resources(stackId: string): Promise<ResourceEntry[] | undefined> {
    const { cloudFormation } = this.account;
    return orNone(async () => {
      const entries: ResourceEntry[] = [];
      let NextToken: string | undefined;
      do {
        const page = await cloudFormation.send(
          new ListStackResourcesCommand({ StackName: stackId, NextToken }),
        );
        entries.push(...(page.StackResourceSummaries ?? []).map(entryOf));
        NextToken = page.NextToken || undefined;
      } while (NextToken);
      return entries;
    });
  }

  private async described(
    stackId: string,
    entries: readonly ResourceEntry[] = [],
  ): Promise<Record<string, ResourceEntry | null>> {
    const known = new Set(Object.keys(this.last.described ?? {}));
    for (const { LogicalResourceId = '', ResourceType } of entries) {
      if (ResourceType === TWIN_TYPE || ResourceType === NEIGHBOUR_TYPE) known.add(LogicalResourceId);
    }
    const found: Record<string, ResourceEntry | null> = {};
    for (const id of known) {
      const command = new DescribeStackResourceCommand({ StackName: stackId, LogicalResourceId: id });
      const described = await orNone(() => this.account.cloudFormation.send(command));
      found[id] = described?.StackResourceDetail ? entryOf(described.StackResourceDetail) : null;
    }
    return found;
  }

  /** Reads the events down to the first that is known; resolves to the id of the newest. */
  private async newEvents(stackId: string): Promise<string | undefined> {
    const seenAt = Date.now();
    const page: StackEvent[] = [];
    let NextToken: string | undefined;
    do {
      const command = new DescribeStackEventsCommand({ StackName: stackId, NextToken });
      const answer = await orNone(() => this.account.cloudFormation.send(command));
      page.push(...(answer?.StackEvents ?? []));
      NextToken = answer?.NextToken || undefined;
    } while (NextToken && !page.some(({ EventId = '' }) => this.events.has(EventId)));
    const firstKnown = page.findIndex(({ EventId = '' }) => this.events.has(EventId));
    const unknown = page.filter(({ EventId = '' }) => !this.events.has(EventId));
    // each page shows its newest first
    for (const event of unknown.reverse()) {
      const { EventId = '' } = event;
      if (firstKnown >= 0 && page.indexOf(event) > firstKnown) this.late.push(EventId);
      this.events.set(EventId, { seenAt, event });
    }
    return page[0]?.EventId;
  }
}

type Entry = { readonly [Name in keyof ResourceEntry]: ResourceEntry[Name] | Date };

function entryOf(resource: Entry): ResourceEntry {
  const text = (value: string | Date | undefined) => (value instanceof Date ? value.toISOString() : value);
  return {
    LogicalResourceId: text(resource.LogicalResourceId),
    PhysicalResourceId: text(resource.PhysicalResourceId),
    ResourceType: text(resource.ResourceType),
    ResourceStatus: text(resource.ResourceStatus),
    LastUpdatedTimestamp: text(resource.LastUpdatedTimestamp),
  };
}

/** `undefined` for what the engine says is not there, or does not offer. */
async function orNone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof CloudFormationServiceException && error.$metadata.httpStatusCode !== 403) {
      return undefined;
    }
    throw error;
  }
}
