import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackEvent } from '@aws-sdk/client-cloudformation';
import type { Recording } from '../recording';
import type { SeenEvent } from '../watch';

/** A recording as JSON holds it: dates are texts. */
export interface StoredRecording extends Omit<Recording, 'events'> {
  readonly events: readonly (Omit<SeenEvent, 'event'> & { readonly event: RecordedEvent })[];
}

export type RecordedEvent = {
  readonly [Name in keyof StackEvent]: StackEvent[Name] extends string | undefined
    ? StackEvent[Name]
    : string;
} & { readonly [name: string]: string | undefined };

const folder = join(__dirname, '..', 'recordings');

export const RECORDINGS: readonly string[] = readdirSync(folder).filter(name => name.endsWith('.json'));

export function readRecording(name: string): StoredRecording {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as StoredRecording;
}

/** The recording as it was before it was stored. */
export function readRecordingWithDates(name: string): Recording {
  const { events, ...rest } = readRecording(name);
  return { ...rest, events: events.map(({ seenAt, event }) => ({ seenAt, event: withDate(event) })) };
}

function withDate({ Timestamp, ...rest }: RecordedEvent): StackEvent {
  return { ...rest, Timestamp: new Date(Timestamp ?? '') } as StackEvent;
}
