import type { StackIdentity } from './parameters';
import type { Properties } from './value';

/** What CloudFormation asks of one resource type. A plain error means that nothing was made or changed. */
export interface ResourceType {
  /** Properties whose change makes a new copy; the old one is deleted in the clean-up. */
  readonly replacedBy?: readonly string[];
  create(request: ResourceRequest): Promise<ResourceState>;
  /** Another physical id than the present one means that a new copy was made. */
  update(request: ResourceRequest, present: ResourceCopy): Promise<ResourceState>;
  delete(request: ResourceRequest, present: ResourceCopy): Promise<void>;
}

export interface ResourceRequest {
  readonly stack: StackIdentity;
  readonly logicalId: string;
  readonly type: string;
  /** The resolved properties. */
  readonly properties: Properties;
  /** Aborted when CloudFormation cancels the resource because another one failed. */
  readonly signal: AbortSignal;
  /** Whether this belongs to the clean-up of an update's rollback. */
  readonly isRollbackCleanUp?: boolean;
}

export interface ResourceState {
  readonly physicalId: string;
  readonly attributes: Properties;
}

export interface ResourceCopy extends ResourceState {
  readonly properties: Properties;
}

/** A failure after which something may exist, or may have changed, under `physicalId`. */
export class ResourceFailure extends Error {
  constructor(
    message: string,
    readonly physicalId: string,
    /** Whether the resource itself said that it failed. */
    readonly isAnswered = false,
  ) {
    super(message);
    this.name = 'ResourceFailure';
  }
}
