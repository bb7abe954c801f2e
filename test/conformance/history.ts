import type { StackEvent } from '@aws-sdk/client-cloudformation';
import type { Observation } from './observer';
import type { Recording } from './recording';
import { NEIGHBOUR_TYPE, TWIN_TYPE } from './request';
import type { Reading, ResourceEntry } from './watch';

interface TwinRequest {
  readonly observation: Observation;
  readonly request: { readonly PhysicalResourceId?: string };
  /** The ids that the resource had before, oldest first. */
  readonly before: readonly string[];
}

/** A recording, and what it answers. */
export class History {
  constructor(readonly recording: Recording) {}

  /** The requests to twins of one type, in or out of a rollback. */
  twinRequests(when: 'rollback' | 'any', type: 'Create' | 'Update' | 'Delete'): TwinRequest[] {
    return this.twins().filter(({ observation: { event, receivedAt } }) => {
      return (
        event.RequestType === type && (when === 'any' || /ROLLBACK/.test(this.stackStatusAt(receivedAt)))
      );
    });
  }

  /** The logical ids and rollbacks of twins that were replaced by an update that was rolled back. */
  replacedInFailedUpdates(): { logicalId: string; at: number }[] {
    return this.rollbacks().flatMap(at => {
      const begun = this.lastOf(this.stackEvents(), at, 'UPDATE_IN_PROGRESS');
      return this.twinRequests('any', 'Update')
        .filter(({ observation: { receivedAt } }) => receivedAt >= begun - CLOCK_SKEW_MS && receivedAt < at)
        .filter(({ observation, before }) => observation.response.PhysicalResourceId !== before.at(-1))
        .map(({ observation }) => ({ logicalId: observation.event.LogicalResourceId, at }));
    });
  }

  wasUpdatedInRollback({ logicalId, at }: { logicalId: string; at: number }): boolean {
    return this.twinRequests('rollback', 'Update').some(
      ({ observation }) =>
        observation.event.LogicalResourceId === logicalId && observation.receivedAt >= at - CLOCK_SKEW_MS,
    );
  }

  firstEventsInRollbacks(): string[] {
    return this.replacedInFailedUpdates().flatMap(({ logicalId, at }) => {
      const ids = this.idsOf(logicalId, at);
      const first = this.eventsOf(logicalId).find(({ Timestamp }) => timeOf(Timestamp) >= at);
      return first ? [`${first.ResourceStatus} with ${named(first.PhysicalResourceId, ids)}`] : [];
    });
  }

  delays(): { signedAfter: number; receivedAfter: number }[] {
    return this.recording.requests.flatMap(({ event, receivedAt }) => {
      const status = { Create: 'CREATE', Update: 'UPDATE', Delete: 'DELETE' }[event.RequestType];
      // a copy that a clean-up deletes may have no events
      const isOfCopy = ({ PhysicalResourceId }: StackEvent) =>
        event.RequestType !== 'Delete' || PhysicalResourceId === event.PhysicalResourceId;
      const events = this.eventsOf(event.LogicalResourceId).filter(isOfCopy);
      // the first of its operation: another follows once the response is there
      const first = events.filter(
        ({ ResourceStatus }, at) => ResourceStatus !== events[at - 1]?.ResourceStatus,
      );
      const asked = this.lastOf(first, receivedAt, `${status}_IN_PROGRESS`);
      if (asked === 0) return [];
      return [{ signedAfter: signatureOf(event.ResponseURL) - asked, receivedAfter: receivedAt - asked }];
    });
  }

  /** The events of the twins' operations, each from its first to the one that ends it. */
  *operations(statuses: RegExp): Iterable<string> {
    for (const logicalId of this.twinIds()) {
      let operation: StackEvent[] = [];
      for (const event of this.eventsOf(logicalId)) {
        const { ResourceStatus = '' } = event;
        if (!statuses.test(ResourceStatus)) continue;
        operation.push(event);
        if (!/(COMPLETE|FAILED)$/.test(ResourceStatus)) continue;
        yield shownOperation(operation);
        operation = [];
      }
    }
  }

  *entriesAfterFailures(): Iterable<string> {
    for (const event of this.recording.events.map(({ event }) => event)) {
      const { ResourceStatus = '', ResourceType, LogicalResourceId = '', Timestamp } = event;
      if (ResourceType !== NEIGHBOUR_TYPE || !/^(CREATE|UPDATE)_FAILED$/.test(ResourceStatus)) continue;
      const next = this.recording.readings.find(({ at }) => at >= timeOf(Timestamp));
      const entry = next && this.entryAt(LogicalResourceId, next.at);
      yield `${ResourceStatus}: ${entry === undefined ? 'not read in time' : shownEntry(entry)}`;
    }
  }

  *entriesInCleanUps(): Iterable<string> {
    for (const { observation, ids } of this.cleanUps()) {
      const { event } = observation;
      if (event.RequestType === 'Create') continue;
      const entry = this.lastWhileHeld(observation, ({ described }) => described?.[event.LogicalResourceId]);
      if (entry === undefined) yield 'not read in time';
      else if (entry === null) yield 'no such resource';
      else {
        const isDeleted = entry.PhysicalResourceId === event.PhysicalResourceId;
        const id = isDeleted ? 'the id that is deleted' : named(entry.PhysicalResourceId, ids);
        yield `${entry.ResourceStatus} with ${id}`;
      }
    }
  }

  *statusesAtCleanUps(): Iterable<string> {
    for (const { observation } of this.cleanUps()) {
      yield this.lastWhileHeld(observation, ({ status }) => status) ?? 'not read in time';
    }
  }

  *stepsBack(): Iterable<string> {
    const { readings, late } = this.recording;
    let found = false;
    const stamps = new Map<string, string>();
    for (const { LogicalResourceId = '', LastUpdatedTimestamp = '' } of readings.flatMap(entriesOf)) {
      if (LastUpdatedTimestamp < (stamps.get(LogicalResourceId) ?? '')) {
        found = true;
        yield `an entry of ${LogicalResourceId.slice(0, 12)} went back`;
      }
      stamps.set(LogicalResourceId, LastUpdatedTimestamp);
    }
    let reached = 0;
    const own = this.stackEvents();
    for (const { status } of readings) {
      if (status === undefined || status === 'gone' || status === 'REVIEW_IN_PROGRESS') continue;
      const next = own.findIndex(
        ({ ResourceStatus }, index) => index >= reached && ResourceStatus === status,
      );
      // a status may have no event of its own on an engine; one that only occurs earlier is a step back
      const earlier = own.findIndex(({ ResourceStatus }) => ResourceStatus === status);
      if (next < 0 && earlier >= 0) {
        found = true;
        yield `the status went back to ${status}`;
      }
      if (next >= 0) reached = next;
    }
    if (late.length > 0) {
      found = true;
      yield `${late.length} events were shown after newer ones`;
    }
    if (!found) yield 'no step back';
  }

  *lags(): Iterable<string> {
    const events = this.recording.events.map(({ seenAt, event }) => seenAt - timeOf(event.Timestamp));
    if (events.length > 0) yield `events ${seconds(Math.max(...events))}`;
    const statuses = this.recording.readings.flatMap(({ at, status }) => {
      const since = this.lastOf(this.stackEvents(), at, status ?? '');
      return status === undefined || since === 0 ? [] : [at - since];
    });
    if (statuses.length > 0) yield `DescribeStacks ${seconds(Math.max(...statuses))}`;
    const listed = this.entryLags(({ resources = [] }) => resources);
    if (listed.length > 0) yield `ListStackResources ${seconds(Math.max(...listed))}`;
    const described = this.entryLags(({ described = {} }) => Object.values(described));
    if (described.length > 0) yield `DescribeStackResource ${seconds(Math.max(...described))}`;
  }

  *stamps(): Iterable<string> {
    const { readings } = this.recording;
    const say = (entries: readonly (ResourceEntry | null)[], what: string) => {
      const read = entries.filter(entry => entry !== null);
      if (read.length === 0) return `${what} is not offered`;
      return read.every(({ LastUpdatedTimestamp }) => LastUpdatedTimestamp) ? `${what} yes` : `${what} no`;
    };
    if (this.twinIds().length === 0) return;
    yield say(
      readings.flatMap(({ described = {} }) => Object.values(described)),
      'DescribeStackResource',
    );
    yield say(
      readings.flatMap(({ resources = [] }) => resources),
      'ListStackResources',
    );
  }

  *requestsWithoutRollback(): Iterable<string> {
    const failed = this.stackEvents().find(({ ResourceStatus }) => ResourceStatus === 'UPDATE_FAILED');
    if (!failed) return;
    const from = timeOf(failed.Timestamp);
    const before = this.twins().filter(({ observation }) => observation.receivedAt < from);
    const last = before.at(-1)?.observation;
    if (!last) return;
    const ids = this.idsOf(last.event.LogicalResourceId, from);
    const next = this.twins().filter(({ observation }) => observation.receivedAt >= from);
    const until = next[0]?.observation.receivedAt ?? Number.POSITIVE_INFINITY;
    const entry = this.entryAt(last.event.LogicalResourceId, until);
    yield `after the failure the entry shows ${entry ? named(entry.PhysicalResourceId, ids) : 'nothing'}`;
    const requests = next.map(({ observation: { event } }) =>
      event.RequestType === 'Create'
        ? 'Create'
        : `${event.RequestType} of ${named(event.PhysicalResourceId, ids)}`,
    );
    yield `then ${requests.join(', ') || 'no request'}`;
  }

  /** The Deletes of former copies: those of resources that go on. */
  private cleanUps(): { observation: Observation; ids: string[] }[] {
    return this.twinRequests('any', 'Delete').flatMap(({ observation }) => {
      const { receivedAt, event } = observation;
      const ids = this.idsOf(event.LogicalResourceId, receivedAt);
      const status = this.stackStatusAt(receivedAt);
      return /^DELETE|^ROLLBACK/.test(status) ? [] : [{ observation, ids }];
    });
  }

  private twins(): TwinRequest[] {
    const { requests } = this.recording;
    return requests
      .filter(({ event }) => this.twinIds().includes(event.LogicalResourceId))
      .map(observation => ({
        observation,
        request: observation.event.RequestType === 'Create' ? {} : observation.event,
        before: this.idsOf(observation.event.LogicalResourceId, observation.receivedAt),
      }));
  }

  /** By the events of their creation: a clean-up's Delete may have another type. */
  private twinIds(): string[] {
    const ids = this.recording.requests
      .filter(({ event }) => event.ResourceType === TWIN_TYPE)
      .map(({ event }) => event.LogicalResourceId);
    return [...new Set(ids)];
  }

  /** The ids that were responded for a resource before this time, oldest first. */
  private idsOf(logicalId: string, before: number): string[] {
    return this.recording.requests
      .filter(({ event, receivedAt }) => event.LogicalResourceId === logicalId && receivedAt < before)
      .filter(({ event }) => event.RequestType !== 'Delete')
      .map(({ response }) => response.PhysicalResourceId);
  }

  private rollbacks(): number[] {
    return this.stackEvents()
      .filter(({ ResourceStatus }) => ResourceStatus === 'UPDATE_ROLLBACK_IN_PROGRESS')
      .map(({ Timestamp }) => timeOf(Timestamp));
  }

  private stackEvents(): StackEvent[] {
    const { events, stackId } = this.recording;
    return events
      .map(({ event }) => event)
      .filter(({ PhysicalResourceId }) => PhysicalResourceId === stackId);
  }

  private eventsOf(logicalId: string): StackEvent[] {
    const { events } = this.recording;
    return events
      .map(({ event }) => event)
      .filter(({ LogicalResourceId }) => LogicalResourceId === logicalId);
  }

  /** When the last event of this status was before `at`; 0 where there is none. */
  private lastOf(events: readonly StackEvent[], at: number, status: string): number {
    const times = events
      .filter(({ ResourceStatus }) => ResourceStatus === status)
      .map(({ Timestamp }) => timeOf(Timestamp))
      .filter(time => time <= at + CLOCK_SKEW_MS);
    return times.at(-1) ?? 0;
  }

  /** What the stack's own events say of a time. */
  private stackStatusAt(at: number): string {
    return (
      this.stackEvents()
        .filter(({ Timestamp }) => timeOf(Timestamp) <= at)
        .at(-1)?.ResourceStatus ?? ''
    );
  }

  /** How old the time stamps of entries were when they were first shown. An older one than before is a step back. */
  private entryLags(entriesIn: (reading: Reading) => readonly (ResourceEntry | null)[]): number[] {
    const newest = new Map<string, number>();
    return this.recording.readings.flatMap(reading =>
      entriesIn(reading).flatMap(entry => {
        const { LogicalResourceId: id = '', LastUpdatedTimestamp = '' } = entry ?? {};
        const stamp = Date.parse(LastUpdatedTimestamp);
        // an entry without one is not late
        if (!(stamp > (newest.get(id) ?? 0))) return [];
        newest.set(id, stamp);
        return [reading.at - stamp];
      }),
    );
  }

  /** What was read last until a twin responded, if anything was read after its request arrived. */
  private lastWhileHeld<T>(
    { receivedAt, event }: Observation,
    part: (reading: Reading) => T | undefined,
  ): T | undefined {
    const until = receivedAt + Number(event.ResourceProperties?.HoldSeconds ?? 0) * 1000;
    const { readings } = this.recording;
    const read = readings.filter(({ at }) => at < until).map(part);
    return read.filter(value => value !== undefined).at(-1);
  }

  /** What DescribeStackResource showed last until a time; `null` for none, `undefined` where it was not read. */
  private entryAt(logicalId: string, until: number): ResourceEntry | null | undefined {
    const read = this.recording.readings.filter(({ at }) => at <= until);
    return read
      .flatMap(({ described = {} }) => (logicalId in described ? [described[logicalId]] : []))
      .at(-1);
  }
}

// events are dated by CloudFormation, requests by Lambda, readings by this machine
const CLOCK_SKEW_MS = 1000;

function entriesOf({ resources = [], described = {} }: Reading): ResourceEntry[] {
  return [...resources, ...Object.values(described).filter(entry => entry !== null)];
}

function shownOperation(events: readonly StackEvent[]): string {
  const ids = [...new Set(events.map(({ PhysicalResourceId }) => PhysicalResourceId || undefined))];
  const [first, second] = ids.filter(id => id !== undefined);
  const texts = events.map(({ ResourceStatus, PhysicalResourceId, ResourceStatusReason }) => {
    const which =
      second === undefined ? 'its id' : PhysicalResourceId === first ? 'the old id' : 'the new id';
    const reason = ResourceStatusReason ? `, "${ResourceStatusReason.slice(0, 60)}"` : '';
    return `${ResourceStatus} (${PhysicalResourceId ? which : 'no id'}${reason})`;
  });
  return texts.join(', ');
}

function shownEntry(entry: ResourceEntry | null): string {
  if (entry === null) return 'no such resource';
  return `${entry.ResourceStatus} ${entry.PhysicalResourceId ? 'with an id' : 'without an id'}`;
}

/** Which of a resource's ids an id is. */
function named(id: string | undefined, ids: readonly string[]): string {
  if (!id) return 'no id';
  if (id === ids.at(-1)) return 'the newest id';
  return ids.includes(id) ? 'a former id' : 'an id that nobody responded';
}

function timeOf(timestamp: Date | undefined): number {
  return timestamp?.getTime() ?? 0;
}

function signatureOf(url: string): number {
  const date = new URL(url).searchParams.get('X-Amz-Date') ?? '';
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

export function seconds(ms: number): string {
  return Number.isNaN(ms) ? 'without a date' : `${(ms / 1000).toFixed(1)} s`;
}
