import { type Deployment, resolveOutputs, scopeOf } from './deployment';
import type { Environment } from './environment';
import { remove } from './removal';
import { Rollout } from './rollout';
import type { Stack, StackResource } from './stack';

/** Tells a nested stack that has been updated whether the update of its parent succeeds, once that is known. */
export type ParentSucceeds = () => Promise<boolean>;

/** One creation or update of a stack, from its first event to its last. */
export class Operation {
  private readonly controller = new AbortController();
  private isCancelled = false;
  private readonly before: ReadonlyMap<string, StackResource>;
  private readonly previous?: Deployment;
  /** Every copy that existed or may exist since the operation began; the last word on each counts. */
  private readonly copies = new Map<string, StackResource>();

  constructor(
    private readonly stack: Stack,
    private readonly deployment: Deployment,
    private readonly environment: Environment,
  ) {
    this.before = new Map(stack.resources);
    this.previous = stack.deployment;
    for (const resource of this.before.values()) this.addCopy(resource);
  }

  /** Gives up what is in flight and starts nothing more. */
  cancel(): void {
    this.isCancelled = true;
    this.controller.abort();
  }

  async create(clientRequestToken?: string): Promise<void> {
    const { stack } = this;
    stack.deployment = this.deployment;
    stack.begin('CREATE_IN_PROGRESS', clientRequestToken);
    const reason = await this.rollOut(this.deployment);
    // a deletion that came meanwhile has its own way on from here
    if (stack.status !== 'CREATE_IN_PROGRESS') return;
    if (reason === undefined) return stack.enter('CREATE_COMPLETE');
    stack.enter('ROLLBACK_IN_PROGRESS', `${reason} Rollback requested by user.`, true);
    const left = await this.removeAll(
      [...stack.resources.values()],
      copy => copy.definition.deletionPolicy === 'Retain',
    );
    stack.enter(left.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', deletionFailure(left));
  }

  async update(clientRequestToken?: string, parentSucceeds?: ParentSucceeds): Promise<void> {
    const { stack, environment } = this;
    stack.lastUpdatedTime = environment.clock.now();
    stack.begin('UPDATE_IN_PROGRESS', clientRequestToken);
    const reason = await this.rollOut(this.deployment);
    if (reason !== undefined) return this.rollBack(this.isCancelled ? undefined : reason);
    if (parentSucceeds) {
      stack.enter(environment.variants.nestedStackWaitsIn);
      if (!(await parentSucceeds())) return this.rollBack();
    }
    stack.deployment = this.deployment;
    stack.enter('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.cleanUp(this.deployment, copy => this.isRetainedAfterUpdate(copy));
    stack.enter('UPDATE_COMPLETE');
  }

  /** Takes an update back; once more when a rollback has failed. */
  async rollBack(reason = 'User Initiated'): Promise<void> {
    const { stack, previous } = this;
    if (!previous) throw new Error('expected a previous deployment to roll back to, got none');
    stack.enter('UPDATE_ROLLBACK_IN_PROGRESS', reason, true);
    const failure = await this.rollOut(previous, this.before);
    if (failure !== undefined) {
      stack.leftovers = [...this.copies.values()].filter(copy => !stack.isPresent(copy));
      return stack.enter('UPDATE_ROLLBACK_FAILED', failure);
    }
    stack.leftovers = [];
    stack.enter('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    await this.cleanUp(previous, copy => this.isRetainedAfterRollback(copy));
    stack.enter('UPDATE_ROLLBACK_COMPLETE');
  }

  private async rollOut(
    deployment: Deployment,
    originals?: ReadonlyMap<string, StackResource>,
  ): Promise<string | undefined> {
    const { stack, environment } = this;
    const controller = originals ? new AbortController() : this.controller;
    const onCopy = (copy: StackResource) => this.addCopy(copy);
    const rollout = new Rollout({ stack, deployment, environment, controller, originals, onCopy });
    return (await rollout.run()) ?? this.setOutputs(deployment);
  }

  private setOutputs(deployment: Deployment): string | undefined {
    const { stack, environment } = this;
    try {
      const outputs = resolveOutputs(
        scopeOf(stack, deployment, name => environment.importedValue(stack, name)),
      );
      environment.checkExports(
        stack,
        outputs.flatMap(({ exportName }) => exportName ?? []),
      );
      stack.outputs = outputs;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private addCopy(copy: StackResource): void {
    this.copies.set(`${copy.logicalId} ${copy.physicalId}`, copy);
  }

  private async cleanUp(deployment: Deployment, isRetained: (copy: StackResource) => boolean): Promise<void> {
    const { stack } = this;
    const isWanted = (copy: StackResource) => deployment.dependencies.has(copy.logicalId);
    const superfluous = [...this.copies.values()].filter(copy => !(isWanted(copy) && stack.isPresent(copy)));
    await this.removeAll(superfluous, isRetained);
    // what could not be deleted in a clean-up is abandoned
    for (const resource of [...stack.resources.values()]) {
      if (!isWanted(resource)) stack.resources.delete(resource.logicalId);
    }
  }

  private isRetainedAfterUpdate(copy: StackResource): boolean {
    const replacement = this.stack.deployment?.dependencies.has(copy.logicalId)
      ? this.stack.resources.get(copy.logicalId)
      : undefined;
    if (replacement) return replacement.definition.updateReplacePolicy === 'Retain';
    return copy.definition.deletionPolicy !== 'Delete';
  }

  private isRetainedAfterRollback(copy: StackResource): boolean {
    const original = this.before.get(copy.logicalId);
    if (!original) return copy.definition.deletionPolicy === 'Retain';
    const { rollbackDeletesRetained } = this.environment.variants;
    return original.definition.updateReplacePolicy === 'Retain' && !rollbackDeletesRetained;
  }

  private removeAll(copies: readonly StackResource[], isRetained: (copy: StackResource) => boolean) {
    return remove({ stack: this.stack, environment: this.environment, copies, isRetained, goesOn: true });
  }
}

export interface Deletion {
  readonly stack: Stack;
  readonly environment: Environment;
  /** Logical ids that the user wants to keep. */
  readonly retain: readonly string[];
  /** Ends when the creation that the deletion interrupts has given up. */
  readonly interrupted?: Promise<void>;
  readonly clientRequestToken?: string;
}

/** Deletes a stack with all that it owns and no policy keeps. */
export async function deleteStack(deletion: Deletion): Promise<void> {
  const { stack, environment, retain, interrupted, clientRequestToken } = deletion;
  stack.begin('DELETE_IN_PROGRESS', clientRequestToken);
  await interrupted;
  const left = await remove({
    stack,
    environment,
    copies: [...stack.leftovers, ...stack.resources.values()],
    isRetained: copy => copy.definition.deletionPolicy !== 'Delete' || retain.includes(copy.logicalId),
    goesOn: environment.variants.deletesDependenciesOfFailed,
  });
  stack.leftovers = left.filter(copy => !stack.isPresent(copy));
  if (left.length > 0) return stack.enter('DELETE_FAILED', deletionFailure(left));
  stack.deletionTime = environment.clock.now();
  stack.enter('DELETE_COMPLETE');
}

function deletionFailure(left: readonly StackResource[]): string | undefined {
  if (left.length === 0) return undefined;
  return `The following resource(s) failed to delete: [${left.map(copy => copy.logicalId).join(', ')}].`;
}
