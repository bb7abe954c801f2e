import { inDependencyOrder, reversed } from './dependency-order';
import type { Environment } from './environment';
import type { Stack, StackResource } from './stack';

export interface RemovalOptions {
  readonly stack: Stack;
  readonly environment: Environment;
  readonly copies: readonly StackResource[];
  /** Copies that a policy keeps. */
  readonly isRetained: (copy: StackResource) => boolean;
  /** Whether what a failed resource depends on is deleted all the same. */
  readonly goesOn: boolean;
  /** How often a deletion is tried. */
  readonly attempts: number;
  /** Whether the reads may go on showing what has been deleted. */
  readonly isOfStack: boolean;
  readonly isRollbackCleanUp?: boolean;
}

/** Deletes copies, dependents first. Resolves to those that are left because they could not be deleted. */
export async function remove(options: RemovalOptions): Promise<readonly StackResource[]> {
  const byId = grouped(options.copies);
  const dependents = reversed(
    new Map([...byId].map(([id, of]) => [id, of.flatMap(copy => copy.dependencies)])),
  );
  const left: StackResource[] = [];
  const isLeft = (id: string) => left.some(copy => copy.logicalId === id);
  await inDependencyOrder(dependents, async id => {
    const isBlocked = !options.goesOn && (dependents.get(id) ?? []).some(isLeft);
    for (const copy of byId.get(id) ?? []) {
      if (isBlocked || !(await removeCopy(copy, options))) left.push(copy);
    }
  });
  return left;
}

function grouped(copies: readonly StackResource[]): Map<string, StackResource[]> {
  const byId = new Map<string, StackResource[]>();
  for (const copy of copies) byId.set(copy.logicalId, [...(byId.get(copy.logicalId) ?? []), copy]);
  return byId;
}

async function removeCopy(copy: StackResource, options: RemovalOptions): Promise<boolean> {
  const { stack, environment, isRetained, isOfStack, attempts } = options;
  const { logicalId } = copy;
  const isCurrent = stack.isCurrent(copy);
  const record = (status: string, reason?: string) => {
    const changed = { ...copy, status, reason };
    if (isCurrent) stack.put(changed);
    else noteFormer(changed, options);
  };
  const end = (status: string): true => {
    record(status);
    const last = isOfStack && environment.variants.showsDeleted ? stack.resources.get(logicalId) : undefined;
    if (isCurrent) stack.drop(logicalId, last);
    return true;
  };
  try {
    if (isRetained(copy)) return end('DELETE_SKIPPED');
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      record('DELETE_IN_PROGRESS');
      const failure = await failureToDelete(copy, options);
      if (failure === undefined) return end('DELETE_COMPLETE');
      record('DELETE_FAILED', failure);
    }
    return false;
  } finally {
    if (!isCurrent) stack.show(logicalId);
  }
}

/** Records what happens to a copy that is not the current one. */
function noteFormer(copy: StackResource, { stack, environment }: RemovalOptions): void {
  const timestamp = stack.note(copy);
  const { cleanUpShows } = environment.variants;
  const current = stack.resources.get(copy.logicalId);
  if (!current || cleanUpShows === 'current') return;
  const { status, reason } = copy;
  stack.show(
    copy.logicalId,
    cleanUpShows === 'former' ? { ...copy, timestamp } : { ...current, status, reason, timestamp },
  );
}

async function failureToDelete(copy: StackResource, options: RemovalOptions): Promise<string | undefined> {
  const { logicalId, type, physicalId, properties, attributes } = copy;
  if (physicalId === undefined) return undefined;
  const { stack, environment, isRollbackCleanUp } = options;
  const signal = new AbortController().signal;
  const request = { stack, logicalId, type, properties, signal, isRollbackCleanUp };
  try {
    await environment.resourceType(type).delete(request, { physicalId, attributes, properties });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
