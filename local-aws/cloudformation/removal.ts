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
  const { stack, environment, isRetained } = options;
  const isPresent = stack.isPresent(copy);
  const record = (status: string, reason?: string) => {
    const changed = { ...copy, status, reason };
    if (isPresent) stack.put(changed);
    else stack.note(changed);
  };
  const drop = () => isPresent && stack.resources.delete(copy.logicalId);
  if (isRetained(copy)) {
    record('DELETE_SKIPPED');
    drop();
    return true;
  }
  record('DELETE_IN_PROGRESS');
  try {
    await deletePhysically(copy, stack, environment);
  } catch (error) {
    record('DELETE_FAILED', error instanceof Error ? error.message : String(error));
    return false;
  }
  record('DELETE_COMPLETE');
  drop();
  return true;
}

async function deletePhysically(copy: StackResource, stack: Stack, environment: Environment): Promise<void> {
  const { logicalId, type, physicalId, properties, attributes } = copy;
  if (physicalId === undefined) return;
  const request = { stack, logicalId, type, properties, signal: new AbortController().signal };
  await environment.resourceType(type).delete(request, { physicalId, attributes, properties });
}
