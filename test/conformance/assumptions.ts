import { History, seconds } from './history';
import { recordingsOf } from './recording';
import type { Trial } from './trial';

/** A point that AWS leaves open, or that the design takes for granted. */
interface Assumption {
  /** Under which the scenarios note what they saw. */
  readonly id: string;
  readonly text: string;
  /** Reads it from a recording. @default - scenarios alone see it */
  readonly seenIn?: (history: History) => Iterable<string>;
}

export interface Sighting {
  readonly text: string;
  /** Each with how often it was seen. */
  readonly seen: readonly string[];
}

/** What was seen of every assumption, in the table's order. */
export function sightingsIn(trials: readonly Trial[]): Sighting[] {
  const histories = trials.flatMap(recordingsOf).map(recording => new History(recording));
  return ASSUMPTIONS.map(({ id, text, seenIn }) => {
    const noted = trials.flatMap(trial => trial.sightings.get(id) ?? []);
    const read = seenIn ? histories.flatMap(history => [...seenIn(history)]) : [];
    return { text, seen: counted([...noted, ...read]) };
  });
}

const RECORD_LAG_MS = 60_000;

const ASSUMPTIONS: readonly Assumption[] = [
  {
    id: 'rollback-id',
    text: 'The id that the Update of a rollback carries',
    seenIn: function* (history) {
      for (const { request, before } of history.twinRequests('rollback', 'Update')) {
        yield before.at(-1) === request.PhysicalResourceId
          ? "the replaced copy's new id"
          : 'the id from before';
      }
      for (const id of history.replacedInFailedUpdates()) {
        if (!history.wasUpdatedInRollback(id)) yield 'no Update at all: only a Delete of the new id';
      }
    },
  },
  {
    id: 'rollback-event',
    text: 'What the first event of a replaced resource shows in a rollback',
    seenIn: history => history.firstEventsInRollbacks(),
  },
  {
    id: 'signature',
    text: "How long after the resource's event its request is signed and arrives",
    seenIn: function* (history) {
      for (const { signedAfter, receivedAfter } of history.delays()) {
        yield `signed ${seconds(signedAfter)}, received ${seconds(receivedAfter)}`;
      }
    },
  },
  {
    id: 'response-url',
    text: 'What a response URL tells',
    seenIn: function* ({ recording }) {
      for (const { event } of recording.requests) {
        const query = new URL(event.ResponseURL).searchParams;
        yield [...query.keys()]
          .filter(name => /date|expires/i.test(name))
          .sort()
          .join(' and ') || 'nothing';
      }
    },
  },
  {
    id: 'creation-events',
    text: 'The events of a creation',
    seenIn: history => history.operations(/^CREATE/),
  },
  {
    id: 'replacement-events',
    text: 'The events of an update, and which of them carry the new id of a replacement',
    seenIn: history => history.operations(/^UPDATE/),
  },
  {
    id: 'failed-entry',
    text: 'What DescribeStackResource shows of a resource that failed',
    seenIn: history => history.entriesAfterFailures(),
  },
  {
    id: 'entry-in-clean-up',
    text: 'What the record shows of a resource while its former copy is being deleted',
    seenIn: history => history.entriesInCleanUps(),
  },
  {
    id: 'clean-up-status',
    text: "The stack's status when the Delete of a former copy arrives",
    seenIn: history => history.statusesAtCleanUps(),
  },
  {
    id: 'clean-up-request',
    text: 'The type and the properties of a Delete',
    seenIn: function* ({ recording }) {
      for (const { event } of recording.requests) {
        if (event.RequestType !== 'Delete') continue;
        yield `${event.ResourceType}, ${event.ResourceProperties ? 'with' : 'without'} properties`;
      }
    },
  },
  {
    id: 'backwards',
    text: 'Readings of one stack never go backwards, and events are complete up to the newest',
    seenIn: history => history.stepsBack(),
  },
  {
    id: 'lag',
    text: `A reading is late by ${RECORD_LAG_MS / 1000} s at most (seen from here, with the interval between readings)`,
    seenIn: history => history.lags(),
  },
  {
    id: 'stamps',
    text: 'LastUpdatedTimestamp is in both DescribeStackResource and ListStackResources',
    seenIn: history => history.stamps(),
  },
  {
    id: 'attributes',
    text: "Whether attributes are restored without the Data of a rollback's response",
  },
  { id: 'retain', text: 'What follows a rollback under RETAIN' },
  {
    id: 'disabled-rollback',
    text: 'What disabled rollback does with a replacement',
    seenIn: history => history.requestsWithoutRollback(),
  },
  { id: 'cancelled', text: 'What becomes of creations when a neighbour fails' },
  { id: 'refusal', text: "WAF's reason for a public suffix, in the events" },
  { id: 'odd-domains', text: 'Token domains that are accepted' },
  { id: 'domains', text: 'Order and letter case of the domains in a list' },
  { id: 'list-lag', text: 'How late a list of keys is' },
  { id: 'markers', text: "A list's markers" },
  { id: 'dates', text: "A key's time stamp in a list" },
  { id: 'url', text: 'How the integration URL ends' },
];

/** Each text once, with how often it was there; texts that differ only in a number of seconds as a range. */
function counted(texts: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const pattern = text.replace(/-?\d+\.\d s/g, '…');
    groups.set(pattern, [...(groups.get(pattern) ?? []), text]);
  }
  return [...groups].map(
    ([pattern, group]) => `${ranged(pattern, group)}${group.length > 1 ? ` (${group.length}×)` : ''}`,
  );
}

function ranged(pattern: string, group: readonly string[]): string {
  let index = 0;
  return pattern.replace(/…/g, whole => {
    const at = index++;
    const values = group.flatMap(text => [...text.matchAll(/-?\d+\.\d(?= s)/g)][at]?.[0] ?? []).map(Number);
    if (values.length === 0) return whole;
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? `${least.toFixed(1)} s` : `${least.toFixed(1)} to ${most.toFixed(1)} s`;
  });
}
