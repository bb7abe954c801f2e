import { Refusal } from '../aws/errors';
import type { EventLog, StackRecord } from '../aws/stack-record';
import type { WafKeys } from '../aws/waf-keys';
import { afterResponse, isRequestOver, type Look, type Sending } from '../decision/after-response';
import { type Requested, showFailure } from '../decision/history';
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

/** A key that was created for a request, and that CloudFormation is not known to have. */
export interface PendingKey {
  readonly request: Requested & { readonly requestId: string };
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

  /** Deletes a new key; resolves to whether that was possible. */
  public async undo({ id, location, key }: PendingKey, limit: TimeLimit): Promise<boolean> {
    const { keys, log } = this.options;
    try {
      await keys.delete(location, key, limit);
      this.forget(key);
      log('deleted the new key', { id });
      return true;
    } catch (error) {
      log('could not delete the new key', { id, error: String(error) });
      return false;
    }
  }

  /** Watches the record after the response; resolves to whether the new key is still there. */
  public async settle(created: PendingKey, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const { clock, log } = this.options;
    const { request, id, key } = created;
    const eventLog = this.options.record.events(request.stackId);
    const sentAt = clock.now();
    const looks: Look[] = [];
    for (let isBlind = false; ; ) {
      const plan = afterResponse({ request, newId: id, sending, looks, isBlind });
      if (plan === 'done') this.forget(key);
      // it stays pending: a Delete that comes to this environment may still prove that it is nobody's
      if (plan === 'leave the new key') log('left the new key to CloudFormation', { id });
      if (plan === 'delete the new key') return !(await this.undo(created, limit));
      if (plan !== 'look' && plan !== 'read events') return true;
      const last = looks.at(-1);
      try {
        if (plan === 'read events' && last) {
          looks.splice(-1, 1, { ...last, events: await eventsSince(request, eventLog, limit) });
          continue;
        }
        const due = sending.end === 'unsent' ? 0 : LOOKS.find(after => after > (last?.after ?? 0));
        isBlind = due === undefined || sentAt + due > limit.at;
        if (!isBlind) looks.push(await this.look(request, sentAt, due ?? 0, limit));
      } catch (error) {
        log('could not read what became of the new key', { id, error: String(error) });
        isBlind = true;
      }
    }
  }

  /** Deletes what was created for requests of a resource whose events show that they failed. */
  public async undoWhatFailed({ stackId, logicalResourceId }: Requested, limit: TimeLimit): Promise<void> {
    const { record, log } = this.options;
    for (const created of this.pending) {
      const { request, id } = created;
      if (request.stackId !== stackId || request.logicalResourceId !== logicalResourceId) continue;
      try {
        const events = await eventsSince(request, record.events(stackId), limit);
        if (showFailure(events, request)) await this.undo(created, limit);
      } catch (error) {
        log('could not read what became of the new key', { id, error: String(error) });
      }
    }
  }

  /** A check, made now and then, that throws once CloudFormation has cancelled a request. */
  public recheck(request: Requested, limit: TimeLimit): () => Promise<void> {
    const { clock, record, log } = this.options;
    const { stackId, logicalResourceId } = request;
    let interval = FIRST_RECHECK;
    let dueAt = clock.now() + interval;
    let wasShown = false;
    return async () => {
      if (clock.now() < dueAt) return;
      interval *= 2;
      dueAt = clock.now() + interval;
      const soon = within(clock, limit.budget.call / 2, limit);
      let isOver = false;
      try {
        const entry = await record.entry(stackId, logicalResourceId, soon);
        isOver = isRequestOver(entry, wasShown, request);
        // what is being deleted may be what an earlier request left
        if (entry !== 'gone' && entry.status.startsWith('DELETE_'))
          isOver = showFailure(await eventsSince(request, record.events(stackId), soon), request);
        wasShown ||= entry !== 'gone';
      } catch (error) {
        log('could not read whether the request still stands', { error: String(error) });
      }
      if (isOver) throw new Refusal('CloudFormation cancelled this request');
    };
  }

  private async look(request: Requested, sentAt: number, due: number, limit: TimeLimit): Promise<Look> {
    const { clock, record } = this.options;
    const pause = sentAt + due - clock.now();
    if (pause > 0) await clock.sleep(pause, limit.signal);
    const after = clock.now() - sentAt;
    return { after, entry: await record.entry(request.stackId, request.logicalResourceId, limit) };
  }
}

function eventsSince({ signedAt }: Requested, eventLog: EventLog, limit: TimeLimit) {
  return eventLog.update(events => (events.at(-1)?.at ?? signedAt) < signedAt, limit);
}
