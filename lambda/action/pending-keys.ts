import { Refusal } from '../aws/errors';
import type { StackRecord } from '../aws/stack-record';
import type { WafKeys } from '../aws/waf-keys';
import { afterResponse, isRequestOver, type Look, type Sending } from '../decision/after-response';
import type { DesiredKey } from '../decision/desired-key';
import { type ResourceRequest, showFailure } from '../decision/history';
import { digestOf, type KeyReference, type Location, newKeyId } from '../decision/key-id';
import { type Clock, type TimeLimit, within } from '../runtime/clock';
import type { Log } from '../runtime/log';
import { FIRST_RECHECK, LIST_LAG, LOOKS, SERVICE_TIMEOUT } from '../timings';

export interface PendingKeysOptions {
  readonly keys: WafKeys;
  readonly record: StackRecord;
  readonly clock: Clock;
  readonly log: Log;
}

/** A key that was created for a request, and that CloudFormation is not known to have. */
interface PendingKey {
  readonly request: ResourceRequest;
  readonly id: string;
  readonly location: Location;
  readonly key: string;
}

/** The keys that an environment created and answers for until CloudFormation has them. */
export class PendingKeys {
  private readonly pending = new Set<PendingKey>();
  /** what was desired when a CreateAPIKey first got no clear response */
  private readonly unclear = new Map<
    ResourceRequest,
    { readonly desired: DesiredKey; readonly sentAt: number }
  >();

  constructor(private readonly options: PendingKeysOptions) {}

  /** Creates the key that a request asks for, as long as it stands; its id names the previous key, if that stays. */
  public async create(request: ResourceRequest, desired: DesiredKey, limit: TimeLimit, after?: KeyReference) {
    const { keys, log } = this.options;
    const { location, rotation } = desired;
    const onUnclear = (sentAt: number) => {
      if (!this.unclear.has(request)) this.unclear.set(request, { desired, sentAt });
    };
    const recheck = this.recheck(request, limit);
    const key = await keys.create(desired, limit, recheck, onUnclear);
    const id = newKeyId({ location, digest: digestOf(key) }, rotation, { after });
    const created: PendingKey = { request, id, location, key };
    this.pending.add(created);
    log('created a key', { id });
    return created;
  }

  /** A key that is gone is no longer pending. */
  public forget(key: string): void {
    for (const created of this.pending) if (created.key === key) this.pending.delete(created);
  }

  /** Deletes what was created for a request, or for one of this id; resolves to the id of what could not be deleted. */
  public async undo(request: ResourceRequest | string, limit: TimeLimit): Promise<string | undefined> {
    const created = this.of(request);
    return created && !(await this.delete(created, limit)) ? created.id : undefined;
  }

  /** Deletes what was created for requests of a resource whose events show that they failed. */
  public async undoWhatFailed(resource: ResourceRequest, limit: TimeLimit): Promise<void> {
    const { record, log } = this.options;
    for (const created of this.pending) {
      const { request, id } = created;
      const { stackId, logicalResourceId } = request;
      if (stackId !== resource.stackId || logicalResourceId !== resource.logicalResourceId) continue;
      try {
        const events = await eventsSince(request, record, limit);
        if (showFailure(events, request)) await this.delete(created, limit);
      } catch (error) {
        log('could not read what became of the new key', { id, error: String(error) });
      }
    }
  }

  /** What is left to do once the response was sent; resolves to whether the key that was created is still there. */
  public async afterResponse(request: ResourceRequest, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const created = this.of(request);
    // beside each other: where the record cannot be read, the log still names what CreateAPIKey may have left
    const logged = this.logOrphanCandidates(request, limit);
    const isThere = !created || (await this.settle(created, sending, limit));
    await logged;
    return isThere;
  }

  private async logOrphanCandidates(request: ResourceRequest, limit: TimeLimit): Promise<void> {
    const { keys, clock, log } = this.options;
    const { requestId } = request;
    const unclear = this.unclear.get(request);
    if (!unclear) return;
    this.unclear.delete(request);
    // they may not be listed yet
    await clock.sleep(Math.max(0, Math.min(LIST_LAG, (limit.at - clock.now()) / 2)), limit.signal);
    const list = keys.list(unclear.desired.location);
    const ids = () => keys.createdSince(list, unclear.desired, unclear.sentAt).map(key => newKeyId(key));
    try {
      await list.readUntil(() => false, limit);
      // guard: orphan candidates are logged
      log('orphan candidates: CreateAPIKey got no clear response, and ownership cannot be determined', {
        ids: ids(),
      });
    } catch (error) {
      log('could not list all orphan candidates', { requestId, ids: ids(), error: String(error) });
    }
  }

  /** Watches the record; resolves to whether the new key is still there. */
  private async settle(created: PendingKey, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const { clock, log, record } = this.options;
    const { request, id, key } = created;
    const sentAt = clock.now();
    const looks: Look[] = [];
    for (let isBlind = false; ; ) {
      const plan = afterResponse({ request, newId: id, sending, looks, isBlind });
      if (plan === 'done') this.forget(key);
      // it stays pending: a Delete that comes to this environment may still prove that it is an orphan
      if (plan === 'leave the new key') log('left the new key to CloudFormation', { id });
      if (plan === 'delete the new key') return !(await this.delete(created, limit));
      if (plan !== 'look' && plan !== 'read events') return true;
      const last = looks.at(-1);
      try {
        if (plan === 'read events' && last) {
          looks.splice(-1, 1, { ...last, events: await eventsSince(request, record, limit) });
          continue;
        }
        const next = LOOKS.find(due => due > (last?.after ?? 0)) ?? Number.POSITIVE_INFINITY;
        const due = sentAt + (sending.end === 'unsent' ? 0 : next);
        isBlind = due > limit.at;
        if (isBlind) continue;
        await clock.sleep(Math.max(0, due - clock.now()), limit.signal);
        const after = clock.now() - sentAt;
        looks.push({ after, entry: await record.entry(request, limit) });
      } catch (error) {
        log('could not read what became of the new key', { id, error: String(error) });
        isBlind = true;
      }
    }
  }

  /** A check that throws once a request no longer stands; what the record says of it is read now and then. */
  private recheck(request: ResourceRequest, limit: TimeLimit): () => Promise<void> {
    const { clock, record, log } = this.options;
    let interval = FIRST_RECHECK;
    let dueAt = clock.now() + interval;
    let wasShown = false;
    return async () => {
      if (clock.now() >= request.signedAt + SERVICE_TIMEOUT)
        throw new Refusal(
          'expected a request of the last hour: CloudFormation no longer waits for a response',
        );
      if (clock.now() < dueAt) return;
      interval *= 2;
      dueAt = clock.now() + interval;
      const soon = within(clock, limit.budget.call / 2, limit);
      let isOver = false;
      try {
        const entry = await record.entry(request, soon);
        isOver = isRequestOver(entry, wasShown, request);
        // what is being deleted may be what an earlier request left
        if (entry !== 'gone' && entry.status.startsWith('DELETE_'))
          isOver = showFailure(await eventsSince(request, record, soon), request);
        wasShown ||= entry !== 'gone';
      } catch (error) {
        log('could not read whether the request still stands', { error: String(error) });
      }
      if (isOver) throw new Refusal('CloudFormation cancelled this request');
    };
  }

  /** By the request itself where it is known: another event may come with its id. */
  private of(request: ResourceRequest | string): PendingKey | undefined {
    return [...this.pending].find(({ request: own }) => own === request || own.requestId === request);
  }

  /** Deletes a new key; resolves to whether that was possible. */
  private async delete({ id, location, key }: PendingKey, limit: TimeLimit): Promise<boolean> {
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
}

function eventsSince({ stackId, signedAt }: ResourceRequest, record: StackRecord, limit: TimeLimit) {
  return record.events(stackId, events => (events.at(-1)?.at ?? signedAt) < signedAt, limit);
}
