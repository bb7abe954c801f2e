import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineName } from './engines/engine';
import type { Observation } from './observer';
import { NEIGHBOUR_TYPE, TWIN_TYPE } from './request';
import type { Trial } from './trial';
import type { Reading, SeenEvent, Watch } from './watch';

/** All that was seen of one stack's life: what custom resources received, and what could be read meanwhile. */
export interface Recording {
  readonly engine: EngineName;
  readonly scenario: string;
  readonly stackId: string;
  /** What the twins and neighbours received and responded, oldest first. */
  readonly requests: readonly Observation[];
  /** Those of the stack, its keys, twins and neighbours, oldest first. The readings name no other resources either. */
  readonly events: readonly SeenEvent[];
  readonly readings: readonly Reading[];
  /** The ids of events that were shown after newer ones. */
  readonly late: readonly string[];
}

const TYPES_KEPT = ['AWS::CloudFormation::Stack', 'Custom::WafCaptchaApiKey', TWIN_TYPE, NEIGHBOUR_TYPE];

export function recordingsOf(trial: Trial): Recording[] {
  return [...trial.watches.values()].flatMap(watch => recordingOf(trial, watch) ?? []);
}

/** Writes recordings with nothing in them that belongs to an account. */
export async function writeRecordings(folder: string, trials: readonly Trial[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const trial of trials) {
    for (const recording of recordingsOf(trial).filter(hasTwin)) {
      const stack = recording.stackId.split('/')[1]?.replace(trial.names.stackPrefix, '');
      const file = join(folder, `${recording.engine}-${stack}.json`);
      await writeFile(file, `${redacted(JSON.stringify(recording, undefined, 1), recording, trial)}\n`);
      written.push(file);
    }
  }
  return written;
}

function recordingOf(trial: Trial, watch: Watch): Recording | undefined {
  if (!watch.stackId) return undefined;
  const { engine } = trial.account;
  const events = [...watch.events.values()].filter(({ event }) => isKept(event)).sort(byTime);
  return {
    engine: engine.name,
    scenario: trial.scenario.name,
    stackId: watch.stackId,
    requests: trial.observations.filter(({ event }) => event.StackId === watch.stackId),
    events,
    readings: watch.readings.map(withKept),
    late: watch.late,
  };
}

function isKept({ ResourceType = '' }: { readonly ResourceType?: string }): boolean {
  return TYPES_KEPT.includes(ResourceType);
}

function withKept(reading: Reading): Reading {
  return reading.resources ? { ...reading, resources: reading.resources.filter(isKept) } : reading;
}

function byTime(one: SeenEvent, other: SeenEvent): number {
  return (one.event.Timestamp?.getTime() ?? 0) - (other.event.Timestamp?.getTime() ?? 0);
}

function hasTwin({ requests }: Recording): boolean {
  return requests.some(({ event }) => event.ResourceType === TWIN_TYPE);
}

/** Puts others in the place of the account, the run, keys, response URLs and WAF's URLs. */
function redacted(text: string, { stackId }: Recording, { names, keysSeen }: Trial): string {
  const account = stackId.split(':')[4] ?? '';
  const run = names.stackPrefix.slice(0, -1);
  let result = text
    .replaceAll(account, '111122223333')
    .replaceAll(run, 'conformance')
    // domains in another letter case
    .replaceAll(run.toUpperCase(), 'CONFORMANCE');
  [...keysSeen].forEach((key, index) => {
    result = result.replaceAll(JSON.stringify(key).slice(1, -1), `KEY-${index + 1}`);
  });
  let responses = 0;
  return result
    .replace(/"ResponseURL": "([^"]*)"/g, (_, url: string) => {
      responses += 1;
      const query = new URL(url).searchParams;
      const kept = ['X-Amz-Date', 'X-Amz-Expires'].filter(name => query.has(name));
      const shown = kept.map(name => `${name}=${query.get(name)}`).join('&');
      return `"ResponseURL": "https://response.example/${responses}${shown && `?${shown}`}"`;
    })
    .replace(/https:\/\/[^"\\ ]*awswaf\.com[^"\\ ]*/g, 'https://integration.example/');
}
