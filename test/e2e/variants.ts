import { defaultVariants, type Variants } from '../../local-aws/cloudformation';

/** Two contrary sets of answers where AWS's documents are silent, for `describe.each`. */
export const contraryVariants: readonly (readonly [string, Variants])[] = [
  ['default', defaultVariants],
  [
    'contrary',
    {
      ...defaultVariants,
      signingDelayMs: 1000,
      recordingDelayMs: 1000,
      cancelsUnrecorded: true,
      updateEventId: 'none',
      replacementEventId: 'no event',
      cleanUpShows: 'former',
      showsDeleted: false,
      rollbackDeletes: 'no properties',
      rollbackId: 'original',
      restoresAttributes: true,
      failedRollbackLeaves: 'attempted',
      failedUpdate: 'stays',
    },
  ],
];
