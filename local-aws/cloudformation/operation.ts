import type { Deployment } from './deployment';
import type { Environment } from './environment';
import type { Elsewhere } from './intrinsics';
import { resolveOutputs, scopeOf } from './plan';
import { type RemovalOptions, remove } from './removal';
import { Rollout } from './rollout';
import type { Stack, StackResource } from './stack';

/** Tells a nested stack that has been updated whether the update of its parent succeeds, once that is known. */
export type ParentSucceeds = () => Promise<boolean>;

export interface RollbackOptions {
  /** Logical ids of resources that stay as they are; only for a rollback that is continued. */
  readonly skip?: readonly string[];
  /** Whether new resources are deleted in spite of `DeletionPolicy: Retain`. */
  readonly retainExceptOnCreate?: boolean;
}

/** Statuses in which nothing is left to do, and to which a rollback goes back. */
export const settledStatuses = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'];

// AWS CloudFormation User Guide, "Troubleshooting CloudFormation"
const cleanUpAttempts = 3;

/** One creation, update or rollback of a stack, from its first event to its last. */
export class Operation {
  private readonly controller = new AbortController();
  private isCancelled = false;
  /** Every copy that existed or may exist since the stack was last settled; the last word on each counts. */
  private readonly copies = new Map<string, StackResource>();
  /** Of copies that an operation before, which stopped at a failure, has replaced. */
  private readonly replaced: ReadonlySet<string>;

  constructor(
    private readonly stack: Stack,
    private readonly deployment: Deployment,
    private readonly environment: Environment,
  ) {
    if (stack.deployment && settledStatuses.includes(stack.status)) {
      stack.settled = { deployment: stack.deployment, resources: new Map(stack.resources) };
    }
    this.replaced = new Set(stack.leftovers.map(keyOf));
    for (const resource of [...stack.leftovers, ...stack.resources.values()]) this.addCopy(resource);
  }

  /** Gives up what is in flight and starts nothing more. */
  cancel(): void {
    this.isCancelled = true;
    this.controller.abort();
  }

  async create(): Promise<void> {
    const { stack } = this;
    stack.deployment = this.deployment;
    const reason = await this.rollOut(this.deployment);
    // a deletion that came meanwhile has its own way on from here
    if (stack.status !== 'CREATE_IN_PROGRESS') return;
    if (reason === undefined) return stack.enter('CREATE_COMPLETE');
    if (stack.disablesRollback) return this.pause('CREATE_FAILED', reason);
    stack.enter('ROLLBACK_IN_PROGRESS', `${reason} Rollback requested by user.`, true);
    await this.rollBackCreation();
  }

  async update(parentSucceeds?: ParentSucceeds): Promise<void> {
    const { stack, environment } = this;
    const reason = await this.rollOut(this.deployment);
    if (reason !== undefined) {
      if (!stack.disablesRollback || this.isCancelled)
        return this.startRollback(this.isCancelled ? undefined : reason);
      stack.deployment = this.deployment;
      return this.pause('UPDATE_FAILED', reason);
    }
    if (parentSucceeds) {
      stack.enter(environment.variants.nestedStackWaitsIn);
      if (!(await parentSucceeds())) return this.startRollback();
    }
    stack.deployment = this.deployment;
    stack.enter('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.cleanUp(this.deployment, copy => this.isRetainedAfterUpdate(copy));
    stack.enter('UPDATE_COMPLETE');
  }

  /** Goes back to the last settled state, once the stack has the status that says so. */
  async rollBack({ skip = [], retainExceptOnCreate = false }: RollbackOptions = {}): Promise<void> {
    const { stack } = this;
    const { settled } = stack;
    if (!settled) return this.rollBackCreation(retainExceptOnCreate);
    stack.deployment = settled.deployment;
    const failure = await this.rollOut(settled.deployment, settled.resources, skip);
    if (failure !== undefined) return this.pause('UPDATE_ROLLBACK_FAILED', failure);
    stack.enter('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    const isRetained = (copy: StackResource) => this.isRetainedAfterRollback(copy, retainExceptOnCreate);
    await this.cleanUp(settled.deployment, isRetained, true);
    stack.enter('UPDATE_ROLLBACK_COMPLETE');
  }

  private startRollback(reason = 'User Initiated'): Promise<void> {
    this.stack.enter(rollbackStatus(this.stack), reason, true);
    return this.rollBack();
  }

  private async rollBackCreation(retainExceptOnCreate = false): Promise<void> {
    const { stack, environment } = this;
    const isRetained = ({ definition }: StackResource) =>
      definition.deletionPolicy === 'Retain' && !retainExceptOnCreate;
    const copies = [...this.formerCopies(), ...stack.resources.values()];
    const goesOn = environment.variants.deletesDependenciesOfFailed;
    const left = await this.remove({ copies, isRetained, goesOn, attempts: 1, isOfStack: true });
    stack.leftovers = left.filter(copy => !stack.isCurrent(copy));
    stack.imports = new Set();
    stack.enter(left.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', deletionFailure(left));
  }

  /** Stops at a failure; a later operation goes on from here. */
  private pause(status: string, reason: string): void {
    this.stack.leftovers = this.formerCopies();
    this.stack.enter(status, reason);
  }

  private async rollOut(
    deployment: Deployment,
    originals?: ReadonlyMap<string, StackResource>,
    skip: readonly string[] = [],
  ): Promise<string | undefined> {
    const { stack, environment } = this;
    const elsewhere = environment.elsewhere(stack);
    const imports = new Set<string>();
    const importedValue = (name: string) => {
      imports.add(name);
      // until the end both what was and what is to be imported counts
      stack.imports = new Set([...stack.imports, name]);
      return elsewhere.importedValue(name);
    };
    const seen = { ...elsewhere, importedValue };
    const rollout = new Rollout({
      ...{ stack, deployment, environment, elsewhere: seen },
      controller: originals ? new AbortController() : this.controller,
      originals,
      skip,
      disablesRollback: stack.disablesRollback && !originals,
      onCopy: copy => this.addCopy(copy),
      dispose: copy => this.dispose(copy),
    });
    const failure = (await rollout.run()) ?? this.setOutputs(deployment, seen);
    if (failure === undefined) stack.imports = imports;
    return failure;
  }

  private setOutputs(deployment: Deployment, elsewhere: Elsewhere): string | undefined {
    const { stack, environment } = this;
    try {
      const outputs = resolveOutputs(scopeOf(stack, deployment, elsewhere));
      environment.checkExports(stack, outputs);
      stack.outputs = outputs;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private addCopy(copy: StackResource): void {
    this.copies.set(keyOf(copy), copy);
  }

  private formerCopies(): StackResource[] {
    return [...this.copies.values()].filter(
      copy => copy.physicalId !== undefined && !this.stack.isCurrent(copy),
    );
  }

  /** Deletes what a failed creation may have left, as the resource is created again. */
  private async dispose(copy: StackResource): Promise<void> {
    const isRetained = ({ definition }: StackResource) => definition.deletionPolicy === 'Retain';
    const left = await this.remove({ copies: [copy], isRetained, attempts: 1, isOfStack: false });
    if (left.length === 0) this.copies.delete(keyOf(copy));
  }

  private async cleanUp(
    deployment: Deployment,
    isRetained: (copy: StackResource) => boolean,
    isRollbackCleanUp = false,
  ): Promise<void> {
    const { stack, environment } = this;
    const removed = [...stack.resources.values()].filter(
      ({ logicalId }) => !deployment.dependencies.has(logicalId),
    );
    const returned = [...this.copies.values()].filter(
      copy => this.replaced.has(keyOf(copy)) && stack.isCurrent(copy),
    );
    const isDeleted = environment.variants.deletesReturned && !isRollbackCleanUp;
    const copies = [...this.formerCopies(), ...(isDeleted ? returned : []), ...removed];
    await this.remove({ copies, isRetained, attempts: cleanUpAttempts, isOfStack: false, isRollbackCleanUp });
    // what could not be deleted in a clean-up is abandoned
    stack.leftovers = [];
    for (const { logicalId } of removed) if (stack.resources.has(logicalId)) stack.drop(logicalId);
  }

  private isRetainedAfterUpdate(copy: StackResource): boolean {
    const replacement = this.stack.deployment?.dependencies.has(copy.logicalId)
      ? this.stack.resources.get(copy.logicalId)
      : undefined;
    if (replacement) return replacement.definition.updateReplacePolicy === 'Retain';
    return copy.definition.deletionPolicy !== 'Delete';
  }

  private isRetainedAfterRollback(
    { logicalId, definition }: StackResource,
    exceptOnCreate: boolean,
  ): boolean {
    const original = this.stack.settled?.resources.get(logicalId);
    if (!original) return definition.deletionPolicy === 'Retain' && !exceptOnCreate;
    const { rollbackDeletesRetained } = this.environment.variants;
    return original.definition.updateReplacePolicy === 'Retain' && !rollbackDeletesRetained;
  }

  private remove(options: Omit<RemovalOptions, 'stack' | 'environment' | 'goesOn'> & { goesOn?: boolean }) {
    return remove({ stack: this.stack, environment: this.environment, goesOn: true, ...options });
  }
}

/** The status in which the stack goes back to its last settled state. */
export function rollbackStatus({ settled }: Stack): string {
  return settled ? 'UPDATE_ROLLBACK_IN_PROGRESS' : 'ROLLBACK_IN_PROGRESS';
}

function keyOf({ logicalId, physicalId }: StackResource): string {
  return `${logicalId} ${physicalId}`;
}

export interface Deletion {
  readonly stack: Stack;
  readonly environment: Environment;
  /** Logical ids that the user wants to keep. */
  readonly retain: readonly string[];
  /** Ends when the creation that the deletion interrupts has given up. */
  readonly interrupted?: Promise<void>;
}

/** Deletes a stack with all that it owns and no policy keeps. */
export async function deleteStack({ stack, environment, retain, interrupted }: Deletion): Promise<void> {
  await interrupted;
  const left = await remove({
    stack,
    environment,
    copies: [...stack.leftovers, ...stack.resources.values()],
    isRetained: copy => copy.definition.deletionPolicy !== 'Delete' || retain.includes(copy.logicalId),
    goesOn: environment.variants.deletesDependenciesOfFailed,
    attempts: 1,
    isOfStack: true,
  });
  stack.leftovers = left.filter(copy => !stack.isCurrent(copy));
  if (left.length > 0) return stack.enter('DELETE_FAILED', deletionFailure(left));
  stack.deletionTime = environment.clock.now();
  stack.enter('DELETE_COMPLETE');
}

function deletionFailure(left: readonly StackResource[]): string | undefined {
  if (left.length === 0) return undefined;
  return `The following resource(s) failed to delete: [${left.map(copy => copy.logicalId).join(', ')}].`;
}
