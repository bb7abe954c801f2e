import type { Clock } from '../clock';
import type { Deployment } from './deployment';
import { type Random, uuid } from './identifiers';
import { partitionOf, type StackIdentity } from './parameters';
import type { ResourceDefinition } from './template';
import type { Properties } from './value';

/** A resource as the stack knows it; `properties` are those of the last attempt. */
export interface StackResource {
  readonly logicalId: string;
  readonly type: string;
  readonly definition: ResourceDefinition;
  readonly dependencies: readonly string[];
  readonly physicalId?: string;
  readonly properties: Properties;
  readonly attributes: Properties;
  readonly status: string;
  readonly reason?: string;
  readonly timestamp?: number;
}

/** One of DescribeStackEvents; times are milliseconds. */
export interface StackEvent {
  readonly eventId: string;
  readonly operationId: string;
  readonly clientRequestToken?: string;
  readonly timestamp: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly properties?: string;
}

export interface Output {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

/** One change of what the reads of a stack show. */
export interface RecordChange {
  /** Milliseconds of the clock; never before the change ahead of it. */
  readonly at: number;
  readonly status: string;
  readonly reason?: string;
  /** How many events there are from then on. */
  readonly eventCount: number;
  /** The resource whose entry changed. */
  readonly logicalId?: string;
  /** The entry from then on; absent when it is gone. */
  readonly entry?: StackResource;
}

/** A stack that was settled: what a rollback goes back to. */
export interface SettledState {
  readonly deployment: Deployment;
  readonly resources: ReadonlyMap<string, StackResource>;
}

export interface StackOptions {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** One stack: its resources, outputs, status and history. */
export class Stack implements StackIdentity {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly creationTime: number;
  lastUpdatedTime?: number;
  deletionTime?: number;
  status = 'REVIEW_IN_PROGRESS';
  reason?: string;
  disablesRollback = false;
  /** What is deployed, or was tried last by an operation whose rollback was disabled. */
  deployment?: Deployment;
  settled?: SettledState;
  outputs: readonly Output[] = [];
  /** Names of the exports of other stacks that this one uses. */
  imports: ReadonlySet<string> = new Set();
  /** Copies of resources that are not current any more, but could not be deleted yet. */
  leftovers: readonly StackResource[] = [];
  /** Oldest first. */
  readonly events: StackEvent[] = [];
  /** Every change of what the reads show, oldest first. */
  readonly changes: RecordChange[] = [];
  private readonly current = new Map<string, StackResource>();
  private readonly shown = new Map<string, StackResource>();
  private readonly clock: Clock;
  private readonly random: Random;
  private operationId = '';
  private clientRequestToken?: string;

  constructor({ name, region, accountId, clock, random }: StackOptions) {
    this.name = name;
    this.region = region;
    this.accountId = accountId;
    this.clock = clock;
    this.random = random;
    this.creationTime = clock.now();
    const prefix = `arn:${partitionOf(region)}:cloudformation:${region}:${accountId}`;
    this.id = `${prefix}:stack/${name}/${uuid(random)}`;
  }

  /** The resources as they are, whatever the reads show. */
  get resources(): ReadonlyMap<string, StackResource> {
    return this.current;
  }

  /** The resources as the reads show them. */
  get entries(): ReadonlyMap<string, StackResource> {
    return this.shown.size === 0 ? this.current : new Map([...this.current, ...this.shown]);
  }

  /** Starts an operation: its events share an id and the caller's token. */
  begin(status: string, clientRequestToken?: string, reason = 'User Initiated'): void {
    this.clientRequestToken = clientRequestToken;
    this.enter(status, reason, true);
  }

  /** Changes the stack's own status. A rollback is an operation of its own. */
  enter(status: string, reason?: string, isNewOperation = false): void {
    if (isNewOperation) this.operationId = uuid(this.random);
    this.status = status;
    this.reason = reason;
    const type = 'AWS::CloudFormation::Stack';
    this.append({ logicalId: this.name, physicalId: this.id, type, status, reason }, uuid(this.random));
    this.recordChange();
  }

  /** Makes this the resource's current state, with an event; the event may show another id. */
  put(resource: StackResource, shownId = resource.physicalId): void {
    const timestamp = this.appendOf({ ...resource, physicalId: shownId });
    this.keep({ ...resource, timestamp });
  }

  /** Makes this the resource's current state without an event. */
  keep(resource: StackResource): void {
    this.current.set(resource.logicalId, resource);
    this.recordChange(resource.logicalId);
  }

  /** Records an event about a copy that need not be the current one; returns its time. */
  note(copy: StackResource): number {
    const timestamp = this.appendOf(copy);
    this.recordChange();
    return timestamp;
  }

  /** Has the reads show this entry of a resource instead of its current state; without one, that state again. */
  show(logicalId: string, entry?: StackResource): void {
    if (entry) this.shown.set(logicalId, entry);
    else this.hide(logicalId);
    this.recordChange(logicalId);
  }

  /** Forgets a resource. The reads may go on showing an entry of it. */
  drop(logicalId: string, entry?: StackResource): void {
    this.current.delete(logicalId);
    this.show(logicalId, entry);
  }

  isCurrent({ logicalId, physicalId }: StackResource): boolean {
    const current = this.current.get(logicalId);
    return current !== undefined && current.physicalId === physicalId;
  }

  get isGone(): boolean {
    return this.status === 'DELETE_COMPLETE';
  }

  private hide(logicalId: string): void {
    const { timestamp: shownTime = 0 } = this.shown.get(logicalId) ?? {};
    this.shown.delete(logicalId);
    const current = this.current.get(logicalId);
    // the time of an entry never goes back
    if (current && shownTime > (current.timestamp ?? 0)) {
      this.current.set(logicalId, { ...current, timestamp: shownTime });
    }
  }

  private appendOf({ logicalId, physicalId = '', type, status, reason, properties }: StackResource): number {
    return this.append({
      logicalId,
      physicalId,
      type,
      status,
      reason,
      properties: JSON.stringify(properties),
    });
  }

  private append(fields: Omit<StackEvent, 'eventId' | 'operationId' | 'timestamp'>, id?: string): number {
    const { operationId, clientRequestToken } = this;
    // readers sort by time, so no two events of a stack may share a millisecond
    const timestamp = Math.max(this.clock.now(), (this.events.at(-1)?.timestamp ?? 0) + 1);
    const eventId = id ?? `${fields.logicalId}-${fields.status}-${new Date(timestamp).toISOString()}`;
    this.events.push({ eventId, operationId, clientRequestToken, timestamp, ...fields });
    return timestamp;
  }

  private recordChange(logicalId?: string): void {
    const { status, reason, events } = this;
    const entry =
      logicalId === undefined ? undefined : (this.shown.get(logicalId) ?? this.current.get(logicalId));
    this.changes.push({ at: this.clock.now(), status, reason, eventCount: events.length, logicalId, entry });
  }
}
