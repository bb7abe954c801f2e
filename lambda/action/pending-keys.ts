import { Refusal } from '../aws/errors';
import type { EventLog, StackRecord } from '../aws/stack-record';
import type { WafKeys } from '../aws/waf-keys';
import { afterResponse, isRequestOver, type Look, type Sending } from '../decision/after-response';
import { outcomeOf, type Requested, type StackEvent } from '../decision/history';
import type { Location } from '../decision/key-id';
import { type Clock, type TimeLimit, within } from '../runtime/clock';
import type { Log } from '../runtime/log';
import { FIRST_RECHECK, LOOKS } from '../timings';

export interface PendingKeysOptions {
  readonly keys: WafKeys;
  readonly record: StackRecord;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request for a key. */
export interface KeyRequested extends Requested {
  readonly requestId: string;
}

/** A key that was created for a request, and that CloudFormation is not known to have. */
export interface PendingKey {
  readonly request: KeyRequested;
  readonly id: string;
  readonly location: Location;
  readonly key: string;
}

/** The keys that an environment created and answers for until CloudFormation has them. */
export class PendingKeys {
  private readonly pending = new Set<PendingKey>();

  constructor(private readonly options: PendingKeysOptions) {}

  public add(created: PendingKey): void {
    this.pending.add(created);
  }

  public of(requestId: string): PendingKey | undefined {
    return [...this.pending].find(({ request }) => request.requestId === requestId);
  }

  /** A key that is gone is nobody's care any more. */
  public forget(key: string): void {
    for (const created of this.pending) if (created.key === key) this.pending.delete(created);
  }

  public async undo(created: PendingKey, limit: TimeLimit): Promise<void> {
    const { keys, log } = this.options;
    const { id, location, key } = created;
    try {
      await keys.delete(location, key, limit);
    } catch (error) {
      log('could not delete the new key', { id, error: String(error) });
      throw error;
    }
    this.pending.delete(created);
    log('deleted the new key', { id });
  }

  /** Watches the record after the response; resolves to whether the new key is still there. */
  public async settle(created: PendingKey, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const { clock, record, log } = this.options;
    const { request, id } = created;
    const sentAt = clock.now();
    const eventLog = record.events(request.stackId);
    const looks: Look[] = [];
    for (let isBlind = false; ; ) {
      const plan = afterResponse({ request, newId: id, sending, looks, isBlind });
      const last = looks.at(-1);
      switch (plan) {
        case 'done':
          this.pending.delete(created);
          return true;
        case 'leave the new key':
          // it stays pending: a Delete that comes to this environment may still prove that it is nobody's
          log('left the new key to CloudFormation', { id });
          return true;
        case 'delete the new key':
          await this.undo(created, limit);
          return false;
      }
      try {
        if (plan === 'read events' && last) {
          looks[looks.length - 1] = { ...last, events: await eventsSince(request, eventLog, limit) };
        } else if (await this.waitForLook(sentAt, sending.end === 'unsent', last, limit)) {
          const after = clock.now() - sentAt;
          looks.push({ after, entry: await record.entry(request.stackId, request.logicalResourceId, limit) });
        } else {
          isBlind = true;
        }
      } catch (error) {
        log('could not read what became of the new key', { id, error: String(error) });
        isBlind = true;
      }
    }
  }

  /** Deletes what was created for requests of a resource whose events show that they failed. */
  public async undoWhatFailed(of: Requested, limit: TimeLimit): Promise<void> {
    for (const created of [...this.pending]) {
      const { request } = created;
      if (request.stackId !== of.stackId || request.logicalResourceId !== of.logicalResourceId) continue;
      const events = await eventsSince(request, this.options.record.events(request.stackId), limit);
      if (outcomeOf(events, request).hasFailed) await this.undo(created, limit);
    }
  }

  /** A check, made now and then, that throws once CloudFormation has cancelled a request. */
  public recheck(request: KeyRequested, limit: TimeLimit): () => Promise<void> {
    const { clock, record, log } = this.options;
    let dueAt = clock.now() + FIRST_RECHECK;
    let interval = FIRST_RECHECK;
    let wasShown = false;
    return async () => {
      if (clock.now() < dueAt) return;
      interval *= 2;
      dueAt = clock.now() + interval;
      let isOver = false;
      try {
        const { stackId, logicalResourceId } = request;
        const entry = await record.entry(stackId, logicalResourceId, within(clock, limit.budget.call, limit));
        isOver = isRequestOver(entry, wasShown, request);
        wasShown ||= entry !== 'gone';
      } catch (error) {
        log('could not read whether the request still stands', { error: String(error) });
      }
      if (isOver) throw new Refusal('CloudFormation cancelled this request');
    };
  }

  /** Waits until the next look is due; resolves to whether there is time for one. */
  private async waitForLook(
    sentAt: number,
    isLast: boolean,
    last: Look | undefined,
    limit: TimeLimit,
  ): Promise<boolean> {
    const { clock } = this.options;
    const due = isLast ? 0 : LOOKS.find(after => after > (last?.after ?? 0));
    if (due === undefined || sentAt + due > limit.at) return false;
    const pause = sentAt + due - clock.now();
    if (pause > 0) await clock.sleep(pause, limit.signal);
    return true;
  }
}

async function eventsSince(
  { signedAt }: Requested,
  eventLog: EventLog,
  limit: TimeLimit,
): Promise<StackEvent[]> {
  return eventLog.update(events => (events.at(-1)?.at ?? signedAt) < signedAt, limit);
}
