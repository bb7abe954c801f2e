import { setMaxListeners } from 'node:events';
import { inDependencyOrder } from './dependency-order';
import type { Deployment } from './deployment';
import { type Environment, wait } from './environment';
import { type Elsewhere, resolveProperties } from './intrinsics';
import { scopeOf } from './plan';
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
  readonly elsewhere: Elsewhere;
  /** Aborted from outside to cancel, and by the first failure unless that stops nothing. */
  readonly controller: AbortController;
  /** The resources before the update that this rolls back. */
  readonly originals?: ReadonlyMap<string, StackResource>;
  /** Logical ids of resources that stay as they are, but count as brought. */
  readonly skip: readonly string[];
  /** Whether a failure leaves alone what does not depend on it. */
  readonly disablesRollback: boolean;
  /** Told of every copy that may exist. */
  readonly onCopy: (copy: StackResource) => void;
  /** Deletes what a failed creation may have left behind. */
  readonly dispose: (copy: StackResource) => Promise<void>;
}

type End = Pick<StackResource, 'status' | 'reason'>;
type Wanted = Pick<StackResource, 'logicalId' | 'type' | 'definition' | 'dependencies' | 'properties'>;

/** Brings the resources of a stack to what a deployment says: creates, updates, replaces, never deletes. */
export class Rollout {
  private readonly failures = new Map<string, 'create' | 'update'>();
  private readonly unreached = new Set<string>();

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
    const { stack, deployment, elsewhere } = this.options;
    const definition = deployment.template.resources.get(logicalId);
    if (!definition) return;
    if (this.isHeldUp(logicalId)) return void this.unreached.add(logicalId);
    const found = stack.resources.get(logicalId);
    // what a failed creation has left is never updated
    const present = found?.status === 'CREATE_FAILED' ? undefined : found;
    const dependencies = deployment.dependencies.get(logicalId) ?? [];
    let wanted: Wanted = { logicalId, type: definition.type, definition, dependencies, properties: {} };
    try {
      const scope = scopeOf(stack, deployment, elsewhere);
      wanted = { ...wanted, properties: resolveProperties(definition.properties, scope) };
      if (present && this.options.skip.includes(logicalId)) this.complete(wanted, present);
      else if (present) await this.bringTo(wanted, present);
      else await this.create(wanted, found);
    } catch (error) {
      if (!present) return this.failCreate(wanted, error);
      this.failUpdate(wanted, present, error);
      if (this.options.disablesRollback) await this.takeBack(present, error);
    }
  }

  private isHeldUp(logicalId: string): boolean {
    const { deployment, controller, disablesRollback } = this.options;
    if (controller.signal.aborted) return true;
    if (!disablesRollback) return this.failures.size > 0;
    const dependencies = deployment.dependencies.get(logicalId) ?? [];
    return dependencies.some(id => this.failures.has(id) || this.unreached.has(id));
  }

  private async bringTo(wanted: Wanted, present: StackResource): Promise<void> {
    if (!isEqual(wanted.properties, present.properties) || this.isTriedAgain(present))
      return this.update(wanted, present);
    if (present.status === 'UPDATE_FAILED') this.complete(wanted, present);
    else this.options.stack.keep({ ...present, ...wanted });
  }

  private complete(wanted: Wanted, present: StackResource): void {
    this.options.stack.put({ ...present, ...wanted, status: 'UPDATE_COMPLETE', reason: undefined });
  }

  /** Whether a failed resource is updated although it has the wanted properties. */
  private isTriedAgain({ logicalId, physicalId, status }: StackResource): boolean {
    const { originals, environment } = this.options;
    const isRetry = !originals || environment.variants.failedRollbackLeaves === 'attempted';
    const isAnother = originals?.get(logicalId)?.physicalId !== physicalId;
    return (isRetry || isAnother) && status === 'UPDATE_FAILED';
  }

  private async create(wanted: Wanted, failed: StackResource | undefined): Promise<void> {
    const { stack, environment, dispose } = this.options;
    const { failedCreationGoes } = environment.variants;
    const isDisposed = failed?.physicalId !== undefined && failedCreationGoes !== 'in the clean-up';
    if (isDisposed && failedCreationGoes === 'first') await dispose(failed);
    stack.put({ ...wanted, attributes: {}, status: 'CREATE_IN_PROGRESS' });
    const disposal = isDisposed && failedCreationGoes === 'meanwhile' ? dispose(failed) : undefined;
    try {
      await this.created(wanted);
    } finally {
      await disposal;
    }
  }

  private async created(wanted: Wanted): Promise<void> {
    const { stack, environment, onCopy } = this.options;
    const state = await environment.resourceType(wanted.type).create(this.request(wanted));
    const created = { ...wanted, ...state };
    stack.put({ ...created, status: 'CREATE_IN_PROGRESS', reason: initiated });
    await wait(environment, environment.variants.recordingDelayMs);
    stack.put({ ...created, status: 'CREATE_COMPLETE' });
    onCopy({ ...created, status: 'CREATE_COMPLETE' });
  }

  private failCreate(wanted: Wanted, error: unknown): void {
    const { stack, onCopy } = this.options;
    const { physicalId, isAnswered } =
      error instanceof ResourceFailure ? error : { physicalId: undefined, isAnswered: false };
    const reason = this.reasonOf(error, 'creation');
    const failed = { ...wanted, physicalId, attributes: {}, status: 'CREATE_FAILED', reason };
    if (isAnswered) stack.put({ ...failed, status: 'CREATE_IN_PROGRESS', reason: initiated });
    stack.put(failed);
    onCopy(failed);
    this.fail(wanted.logicalId, 'create');
  }

  private async update(wanted: Wanted, present: StackResource, end: End = { status: 'UPDATE_COMPLETE' }) {
    const { stack, environment, originals, onCopy } = this.options;
    const { updateEventId, recordingDelayMs } = environment.variants;
    const type = environment.resourceType(wanted.type);
    const isReplaced = needsReplacement(type, wanted.properties, present.properties);
    const reason = isReplaced && !originals ? replacementReason : undefined;
    const begun = { ...present, properties: wanted.properties, status: 'UPDATE_IN_PROGRESS', reason };
    stack.put(begun, updateEventId === 'none' ? '' : present.physicalId);
    const state = await this.updatedState(wanted, present);
    const updated = { ...wanted, ...state, attributes: this.attributesAfter(wanted, state) };
    const isOriginal = state.physicalId === originals?.get(wanted.logicalId)?.physicalId;
    if (state.physicalId !== present.physicalId && !isOriginal) {
      if (isReplaced) stack.put({ ...updated, status: 'UPDATE_IN_PROGRESS', reason: initiated });
      else this.noteReplacement(begun, updated);
      await wait(environment, recordingDelayMs);
    }
    stack.put({ ...updated, ...end });
    onCopy({ ...updated, ...end });
  }

  private noteReplacement(begun: StackResource, updated: Omit<StackResource, 'status'>): void {
    const { stack, environment } = this.options;
    const { replacementEventId } = environment.variants;
    if (replacementEventId === 'no event') return;
    const reason = 'Requested update required the provider to create a new physical resource';
    if (replacementEventId === 'new') stack.put({ ...updated, status: begun.status, reason });
    else stack.put({ ...begun, reason }, replacementEventId === 'none' ? '' : begun.physicalId);
  }

  /** Brings a resource whose update failed back to what it was, in place. */
  private async takeBack(before: StackResource, error: unknown): Promise<void> {
    const { stack, environment, controller } = this.options;
    const { failedUpdate } = environment.variants;
    const { logicalId, type, definition, dependencies, properties } = before;
    const failed = stack.resources.get(logicalId);
    if (failedUpdate === 'stays' || controller.signal.aborted || !failed) return;
    const { status, reason } = failed;
    const end = failedUpdate === 'is taken back' ? { status: 'UPDATE_COMPLETE' } : { status, reason };
    // a plain error has changed nothing
    if (!(error instanceof ResourceFailure)) return stack.put({ ...before, reason: undefined, ...end });
    const wanted = { logicalId, type, definition, dependencies, properties };
    try {
      await this.update(wanted, failed, end);
    } catch (again) {
      this.failUpdate(wanted, failed, again);
    }
  }

  private async updatedState(wanted: Wanted, present: StackResource): Promise<ResourceState> {
    const { environment, originals, disablesRollback } = this.options;
    const original = originals?.get(wanted.logicalId);
    const type = environment.resourceType(wanted.type);
    if (!needsReplacement(type, wanted.properties, present.properties)) {
      const isOriginal = original !== undefined && environment.variants.rollbackId === 'original';
      return type.update(this.request(wanted), copyOf(present, isOriginal ? original : present));
    }
    if (disablesRollback) {
      throw new Error('Replacement type updates not supported on stack with disable-rollback.');
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
    const { originals, disablesRollback, controller } = this.options;
    if (!originals && !disablesRollback) controller.abort();
  }

  private request({ logicalId, type, properties }: Wanted): ResourceRequest {
    const { stack, controller } = this.options;
    return { stack, logicalId, type, properties, signal: controller.signal };
  }
}

const replacementReason =
  'Requested update requires the creation of a new physical resource; hence creating one.';
const initiated = 'Resource creation Initiated';

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
