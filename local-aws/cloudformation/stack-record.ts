import type { Stack, StackEvent, StackResource } from './stack';

/** What the reads of a stack show at one time. */
export interface StackRecord {
  readonly status: string;
  readonly reason?: string;
  /** By logical id. */
  readonly entries: ReadonlyMap<string, StackResource>;
  /** Oldest first. */
  readonly events: readonly StackEvent[];
}

/** The record of the stack as it was at a time of the clock; `undefined` before its first event. */
export function recordAt(stack: Stack, time: number): StackRecord | undefined {
  const { changes, status, reason, events } = stack;
  const newest = changes.at(-1);
  if (!newest) return undefined;
  if (newest.at <= time) return { status, reason, entries: stack.entries, events };
  const past = changes.slice(
    0,
    changes.findIndex(({ at }) => at > time),
  );
  const last = past.at(-1);
  if (!last) return undefined;
  const entries = new Map<string, StackResource>();
  for (const { logicalId, entry } of past) {
    if (logicalId === undefined) continue;
    if (entry) entries.set(logicalId, entry);
    else entries.delete(logicalId);
  }
  return { status: last.status, reason: last.reason, entries, events: events.slice(0, last.eventCount) };
}
