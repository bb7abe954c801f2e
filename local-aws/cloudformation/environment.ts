import type { Clock } from '../clock';
import type { Random } from './identifiers';
import type { ResourceType } from './resource-type';
import type { Stack } from './stack';

/** Points on which AWS is silent; either answer is possible. */
export interface Variants {
  /** The id in a rollback's Update event: what the failed update left, or the one before it. */
  readonly rollbackId: 'present' | 'original';
  /** Whether a rollback that is answered without Data with the original id brings its attributes back. */
  readonly restoresAttributes: boolean;
  /** Whether the clean-up of a rollback deletes the new copy in spite of `UpdateReplacePolicy: Retain`. */
  readonly rollbackDeletesRetained: boolean;
  /** Whether a stack deletion goes on to what a resource depends on when that resource's own deletion failed. */
  readonly deletesDependenciesOfFailed: boolean;
  /** The properties that a resource has once its rollback has failed: those of the update, or those attempted. */
  readonly failedRollbackLeaves: 'present' | 'attempted';
  /** The status in which an updated nested stack waits to learn whether the update of its parent succeeds. */
  readonly nestedStackWaitsIn: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' | 'UPDATE_COMPLETE';
}

export const defaultVariants: Variants = {
  rollbackId: 'present',
  restoresAttributes: false,
  rollbackDeletesRetained: false,
  deletesDependenciesOfFailed: true,
  failedRollbackLeaves: 'present',
  nestedStackWaitsIn: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
};

/** All that the operations on a stack take from outside. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly variants: Variants;
  /** Throws when the type is unknown. */
  resourceType(type: string): ResourceType;
  importedValue(stack: Stack, exportName: string): string;
  /** Throws when another stack exports the same name. */
  checkExports(stack: Stack, exportNames: readonly string[]): void;
}
