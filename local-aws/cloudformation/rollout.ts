import { setMaxListeners } from 'node:events';
import { inDependencyOrder } from './dependency-order';
import { type Deployment, scopeOf } from './deployment';
import type { Environment } from './environment';
import { resolveProperties } from './intrinsics';
import {
  type ResourceCopy,
  ResourceFailure,
  type ResourceRequest,
  type ResourceState,
  type ResourceType,
} from './resource-type';
import type { Stack, StackResource } from './stack';
import { isEqual, type Properties } from './value';

export interface RolloutOptions {
  readonly stack: Stack;
  readonly deployment: Deployment;
  readonly environment: Environment;
  /** Aborted from outside to cancel, and by the first failure unless this is a rollback. */
  readonly controller: AbortController;
  /** The resources before the update that this rolls back. */
  readonly originals?: ReadonlyMap<string, StackResource>;
  /** Told of every copy that may exist. */
  readonly onCopy: (copy: StackResource) => void;
}

type Wanted = Pick<StackResource, 'logicalId' | 'type' | 'definition' | 'dependencies' | 'properties'>;

/** Brings the resources of a stack to what a deployment says: creates, updates, replaces, never deletes. */
export class Rollout {
  private readonly failures = new Map<string, 'create' | 'update'>();

  constructor(private readonly options: RolloutOptions) {
    // each resource in flight listens, however many there are
    setMaxListeners(0, options.controller.signal);
  }

  /** Resolves to the reason for a failure, or to `undefined` when all is as wanted. */
  async run(): Promise<string | undefined> {
    const { deployment, controller } = this.options;
    await inDependencyOrder(deployment.dependencies, id => this.bring(id));
    const failed = (verb: string) => [...this.failures].filter(([, how]) => how === verb).map(([id]) => id);
    const reasons = ['create', 'update'].flatMap(verb =>
      failed(verb).length > 0
        ? [`The following resource(s) failed to ${verb}: [${failed(verb).join(', ')}].`]
        : [],
    );
    if (reasons.length > 0) return reasons.join(' ');
    return controller.signal.aborted ? 'User Initiated' : undefined;
  }

  private async bring(logicalId: string): Promise<void> {
    const { stack, deployment, environment, controller } = this.options;
    const definition = deployment.template.resources.get(logicalId);
    if (!definition || controller.signal.aborted || this.failures.size > 0) return;
    const present = stack.resources.get(logicalId);
    const dependencies = deployment.dependencies.get(logicalId) ?? [];
    let wanted: Wanted = { logicalId, type: definition.type, definition, dependencies, properties: {} };
    try {
      const scope = scopeOf(stack, deployment, name => environment.importedValue(stack, name));
      wanted = { ...wanted, properties: resolveProperties(definition.properties, scope) };
      await this.bringTo(wanted, present);
    } catch (error) {
      if (present) this.failUpdate(wanted, present, error);
      else this.failCreate(wanted, error);
    }
  }

  private async bringTo(wanted: Wanted, present: StackResource | undefined): Promise<void> {
    if (!present) return this.create(wanted);
    if (!isEqual(wanted.properties, present.properties) || this.isTriedAgain(present))
      return this.update(wanted, present);
    const kept = { ...present, ...wanted };
    if (present.status !== 'UPDATE_FAILED') this.options.stack.resources.set(wanted.logicalId, kept);
    else this.options.stack.put({ ...kept, status: 'UPDATE_COMPLETE', reason: undefined });
  }

  /** Whether a rollback is continued at a resource that has the properties to go back to, but failed to. */
  private isTriedAgain({ status }: StackResource): boolean {
    const { originals, environment } = this.options;
    const { failedRollbackLeaves } = environment.variants;
    return originals !== undefined && failedRollbackLeaves === 'attempted' && status === 'UPDATE_FAILED';
  }

  private async create(wanted: Wanted): Promise<void> {
    const { stack, environment, onCopy } = this.options;
    stack.put({ ...wanted, attributes: {}, status: 'CREATE_IN_PROGRESS' });
    const state = await environment.resourceType(wanted.type).create(this.request(wanted));
    const created = { ...wanted, ...state };
    stack.put({ ...created, status: 'CREATE_IN_PROGRESS', reason: 'Resource creation Initiated' });
    stack.put({ ...created, status: 'CREATE_COMPLETE' });
    onCopy({ ...created, status: 'CREATE_COMPLETE' });
  }

  private failCreate(wanted: Wanted, error: unknown): void {
    const physicalId = error instanceof ResourceFailure ? error.physicalId : undefined;
    const reason = this.reasonOf(error, 'creation');
    const failed = { ...wanted, physicalId, attributes: {}, status: 'CREATE_FAILED', reason };
    this.options.stack.put(failed);
    this.options.onCopy(failed);
    this.fail(wanted.logicalId, 'create');
  }

  private async update(wanted: Wanted, present: StackResource): Promise<void> {
    const { stack, onCopy } = this.options;
    stack.put({ ...present, properties: wanted.properties, status: 'UPDATE_IN_PROGRESS', reason: undefined });
    const state = await this.updatedState(wanted, present);
    const updated = { ...wanted, ...state, attributes: this.attributesAfter(wanted, state) };
    const isOriginal = state.physicalId === this.options.originals?.get(wanted.logicalId)?.physicalId;
    if (state.physicalId !== present.physicalId && !isOriginal) {
      stack.put({ ...updated, status: 'UPDATE_IN_PROGRESS', reason: replacementReason });
    }
    stack.put({ ...updated, status: 'UPDATE_COMPLETE' });
    onCopy({ ...updated, status: 'UPDATE_COMPLETE' });
  }

  private async updatedState(wanted: Wanted, present: StackResource): Promise<ResourceState> {
    const { environment, originals } = this.options;
    const original = originals?.get(wanted.logicalId);
    const type = environment.resourceType(wanted.type);
    if (!needsReplacement(type, wanted.properties, present.properties)) {
      const isOriginal = original !== undefined && environment.variants.rollbackId === 'original';
      return type.update(this.request(wanted), copyOf(present, isOriginal ? original : present));
    }
    // the original of a replaced resource is still there until the clean-up
    const isUntouched = original !== undefined && isEqual(original.properties, wanted.properties);
    return isUntouched ? copyOf(original, original) : type.create(this.request(wanted));
  }

  private attributesAfter({ logicalId }: Wanted, state: ResourceState): Properties {
    const original = this.options.originals?.get(logicalId);
    const isEmpty = Object.keys(state.attributes).length === 0;
    const isRestored = this.options.environment.variants.restoresAttributes && isEmpty;
    return isRestored && original?.physicalId === state.physicalId ? original.attributes : state.attributes;
  }

  private failUpdate(wanted: Wanted, present: StackResource, error: unknown): void {
    const reason = this.reasonOf(error, 'update');
    const attempt =
      error instanceof ResourceFailure ? { physicalId: error.physicalId, properties: wanted.properties } : {};
    const failed = { ...present, ...attempt, status: 'UPDATE_FAILED', reason };
    const { originals, environment } = this.options;
    const isKept = originals !== undefined && environment.variants.failedRollbackLeaves === 'present';
    const properties = isKept ? present.properties : failed.properties;
    this.options.stack.put({ ...failed, properties });
    this.options.onCopy({ ...failed, properties });
    this.fail(wanted.logicalId, 'update');
  }

  private reasonOf(error: unknown, action: 'creation' | 'update'): string {
    const { signal } = this.options.controller;
    if (signal.aborted && error === signal.reason) return `Resource ${action} cancelled`;
    return error instanceof Error ? error.message : String(error);
  }

  private fail(logicalId: string, verb: 'create' | 'update'): void {
    this.failures.set(logicalId, verb);
    if (!this.options.originals) this.options.controller.abort();
  }

  private request({ logicalId, type, properties }: Wanted): ResourceRequest {
    const { stack, controller } = this.options;
    return { stack, logicalId, type, properties, signal: controller.signal };
  }
}

const replacementReason =
  'Requested update requires the creation of a new physical resource; hence creating one.';

/** Whether a change between these properties makes a new copy of a resource of this type. */
export function needsReplacement(type: ResourceType, wanted: Properties, present: Properties): boolean {
  return (type.replacedBy ?? []).some(name => !isEqual(wanted[name], present[name]));
}

function copyOf(
  { properties }: StackResource,
  { logicalId, physicalId, attributes }: StackResource,
): ResourceCopy {
  if (physicalId === undefined) throw new Error(`expected a physical id of ${logicalId}, got none`);
  return { physicalId, attributes, properties };
}
