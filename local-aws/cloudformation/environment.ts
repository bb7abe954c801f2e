import type { Clock } from '../clock';
import type { Random } from './identifiers';
import type { Elsewhere } from './intrinsics';
import type { ResourceType } from './resource-type';
import type { Output, Stack } from './stack';

/** Points on which AWS is silent; each answer is possible. */
export interface Variants {
  /** How long after its event a custom resource's request is signed and sent, at most; drawn for each. */
  readonly signingDelayMs: number;
  /** How long after its response a custom resource's id and status are recorded, at most; drawn for each. */
  readonly recordingDelayMs: number;
  /** Whether a cancellation between response and record still makes the response void. */
  readonly cancelsUnrecorded: boolean;
  /** The id in the event with which a resource's update begins. */
  readonly updateEventId: 'current' | 'none';
  /** The id in the further event of a custom resource's update whose response has another id; or no such event. */
  readonly replacementEventId: 'new' | 'current' | 'none' | 'no event';
  /**
   * The entry of a resource while its replaced former copy is being deleted: the current one, the former one,
   * or the current one with the status of the deletion.
   */
  readonly cleanUpShows: 'current' | 'former' | 'mixed';
  /** Whether resources that were deleted with their stack, or as its creation was rolled back, still have an entry. */
  readonly showsDeleted: boolean;
  /** What Delete events of custom resources carry in a rollback's clean-up. */
  readonly rollbackDeletes: 'everything' | 'the service token' | 'no properties';
  /** The id in a rollback's Update event: what the failed update left, or the one before it. */
  readonly rollbackId: 'present' | 'original';
  /** Whether a rollback that is answered without Data with the original id brings its attributes back. */
  readonly restoresAttributes: boolean;
  /** Whether the clean-up of a rollback deletes the new copy in spite of `UpdateReplacePolicy: Retain`. */
  readonly rollbackDeletesRetained: boolean;
  /**
   * Whether the deletion of a stack, or of what its creation made, goes on to what a resource depends on when that
   * resource's own deletion failed.
   */
  readonly deletesDependenciesOfFailed: boolean;
  /** The properties that a resource has once its rollback has failed: those of the update, or those attempted. */
  readonly failedRollbackLeaves: 'present' | 'attempted';
  /**
   * With disabled rollback, what happens to a resource whose update has failed: nothing until the next operation,
   * or an Update back at once, after which it is complete or, as the User Guide has it, still counts as failed.
   */
  readonly failedUpdate: 'stays' | 'is taken back' | 'is taken back as failed';
  /** With disabled rollback, whether the clean-up deletes a replaced copy although its id has come back since. */
  readonly deletesReturned: boolean;
  /** With disabled rollback, when a failed creation is deleted if the next update creates the resource again. */
  readonly failedCreationGoes: 'first' | 'meanwhile' | 'in the clean-up';
  /** The status in which an updated nested stack waits to learn whether the update of its parent succeeds. */
  readonly nestedStackWaitsIn: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS' | 'UPDATE_COMPLETE';
}

export const defaultVariants: Variants = {
  signingDelayMs: 0,
  recordingDelayMs: 0,
  cancelsUnrecorded: false,
  updateEventId: 'current',
  replacementEventId: 'new',
  cleanUpShows: 'current',
  showsDeleted: true,
  rollbackDeletes: 'everything',
  rollbackId: 'present',
  restoresAttributes: false,
  rollbackDeletesRetained: false,
  deletesDependenciesOfFailed: true,
  failedRollbackLeaves: 'present',
  failedUpdate: 'is taken back as failed',
  deletesReturned: false,
  failedCreationGoes: 'first',
  nestedStackWaitsIn: 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
};

/** All that the operations on a stack take from outside. */
export interface Environment {
  readonly clock: Clock;
  readonly random: Random;
  readonly variants: Variants;
  /** Throws when the type is unknown. */
  resourceType(type: string): ResourceType;
  elsewhere(stack: Stack): Elsewhere;
  /** Throws when another stack exports the same name, or uses an export that changes or goes. */
  checkExports(stack: Stack, outputs: readonly Output[]): void;
}

/** Waits for a time drawn from 0 up to `atMostMs`. */
export async function wait(
  { clock, random }: Pick<Environment, 'clock' | 'random'>,
  atMostMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (atMostMs > 0) await clock.sleep(Math.floor(random() * atMostMs), signal);
}
