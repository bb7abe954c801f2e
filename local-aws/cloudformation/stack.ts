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
  /** What is deployed; the last that succeeded, once there is one. */
  deployment?: Deployment;
  outputs: readonly Output[] = [];
  readonly resources = new Map<string, StackResource>();
  /** Copies that a failed rollback could not put away yet. */
  leftovers: readonly StackResource[] = [];
  /** Oldest first. */
  readonly events: StackEvent[] = [];
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

  /** Starts an operation: its events share an id and the caller's token. */
  begin(status: string, clientRequestToken?: string): void {
    this.clientRequestToken = clientRequestToken;
    this.enter(status, 'User Initiated', true);
  }

  /** Changes the stack's own status. A rollback is an operation of its own. */
  enter(status: string, reason?: string, isNewOperation = false): void {
    if (isNewOperation) this.operationId = uuid(this.random);
    this.status = status;
    this.reason = reason;
    const type = 'AWS::CloudFormation::Stack';
    this.append({ logicalId: this.name, physicalId: this.id, type, status, reason }, uuid(this.random));
  }

  /** Makes this the resource's present state, with an event. */
  put(resource: StackResource): void {
    this.resources.set(resource.logicalId, { ...resource, timestamp: this.note(resource) });
  }

  /** Records an event about a copy that need not be the present one; tells its time. */
  note({ logicalId, physicalId = '', type, status, reason, properties }: StackResource): number {
    const fields = { logicalId, physicalId, type, status, reason, properties: JSON.stringify(properties) };
    return this.append(fields);
  }

  isPresent({ logicalId, physicalId }: StackResource): boolean {
    return this.resources.get(logicalId)?.physicalId === physicalId;
  }

  get isGone(): boolean {
    return this.status === 'DELETE_COMPLETE';
  }

  private append(fields: Omit<StackEvent, 'eventId' | 'operationId' | 'timestamp'>, id?: string): number {
    const { operationId, clientRequestToken } = this;
    // readers sort by time, so no two events of a stack may share a millisecond
    const timestamp = Math.max(this.clock.now(), (this.events.at(-1)?.timestamp ?? 0) + 1);
    const eventId = id ?? `${fields.logicalId}-${fields.status}-${new Date(timestamp).toISOString()}`;
    this.events.push({ eventId, operationId, clientRequestToken, timestamp, ...fields });
    return timestamp;
  }
}
