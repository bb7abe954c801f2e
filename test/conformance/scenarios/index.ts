import type { Scenario } from '../trial';
import { failedCreation, lifecycle, refused, rollback } from './changes';
import { adoption, keepPreviousKey, move, noRollback, rename, retain } from './ownership';
import { attributes, waf } from './questions';

/** The longest first: they run side by side. */
export const SCENARIOS: readonly Scenario[] = [
  lifecycle,
  adoption,
  noRollback,
  keepPreviousKey,
  rollback,
  move,
  refused,
  retain,
  rename,
  failedCreation,
  attributes,
  waf,
];
