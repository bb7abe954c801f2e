import { Attribute } from '../../lib/properties';
import { Denial, Refusal } from '../aws/errors';
import type { EventLog } from '../aws/stack-record';
import type { KeyList } from '../aws/waf-keys';
import type { Sending } from '../decision/after-response';
import { decideDelete } from '../decision/decide-delete';
import { decideUpdate } from '../decision/decide-update';
import { type DesiredKey, parseDesiredKey } from '../decision/desired-key';
import type { Evidence, Need, StackReading } from '../decision/evidence';
import { historyOf, isAged, reachesSettled, showRequest } from '../decision/history';
import {
  digestOf,
  failedCreateId,
  failedRequestOf,
  type KeyReference,
  type Location,
  newKeyId,
  parseKeyId,
  sameLocation,
} from '../decision/key-id';
import type { EventHandler } from '../protocol/custom-resource';
import type { LifecycleEvent } from '../protocol/event';
import type { Result } from '../protocol/response';
import type { TimeLimit } from '../runtime/clock';
import type { SeenKeys } from '../runtime/log';
import { LIST_LAG, READING_PAUSES, SERVICE_TIMEOUT } from '../timings';
import { PendingKeys, type PendingKeysOptions } from './pending-keys';

interface UnclearCreation {
  readonly desired: DesiredKey;
  readonly sentAt: number;
}

/** Gathers the evidence that the decisions ask for, and carries their plans out. */
export class Lifecycle implements EventHandler {
  private readonly pending: PendingKeys;
  /** the first CreateAPIKey without a clear response, by RequestId */
  private readonly unclear = new Map<string, UnclearCreation>();

  constructor(private readonly options: PendingKeysOptions & { readonly seen: SeenKeys }) {
    this.pending = new PendingKeys(options);
  }

  public handle(event: LifecycleEvent, limit: TimeLimit): Promise<Result> {
    return event.type === 'Delete' ? this.delete(event, limit) : this.createOrUpdate(event, limit);
  }

  /** Deletes what was created for the event; resolves to its id if that fails, so that CloudFormation deletes it. */
  public async fail(event: LifecycleEvent, limit: TimeLimit): Promise<string> {
    const { requestId, physicalResourceId = failedCreateId(requestId) } = event;
    const created = this.pending.of(requestId);
    return created && !(await this.pending.undo(created, limit)) ? created.id : physicalResourceId;
  }

  public async afterResponse(event: LifecycleEvent, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const created = this.pending.of(event.requestId);
    const isRight = !created || (await this.pending.settle(created, sending, limit));
    await this.logOrphanCandidates(event, limit);
    return isRight;
  }

  private async createOrUpdate(event: LifecycleEvent, limit: TimeLimit): Promise<Result> {
    const desired = parseDesiredKey(event.properties, event.stackRegion);
    const { existingApiKey } = desired;
    if (existingApiKey) this.options.seen.add(existingApiKey);
    const lists = new Lists(location => this.options.keys.list(location));
    if (event.type === 'Create' && !existingApiKey)
      return this.create(event, desired, undefined, lists, limit);

    const plan = await this.decide(event, evidence => decideUpdate(event, desired, evidence), lists, limit);
    if (plan.plan === 'fail') throw new Error(plan.reason);
    if (plan.plan === 'create') return this.create(event, desired, plan.after, lists, limit);
    return {
      status: 'SUCCESS',
      id: plan.id,
      data: await attributesOf(plan.key, lists.of(plan.location), limit),
    };
  }

  private async create(
    event: LifecycleEvent,
    desired: DesiredKey,
    after: KeyReference | undefined,
    lists: Lists,
    limit: TimeLimit,
  ): Promise<Result> {
    const { keys, log, clock } = this.options;
    const { location, tokenDomains, rotation } = desired;
    const list = lists.of(location);
    await list.integrationUrl(limit);
    const recheck = this.pending.recheck(event, limit);
    const beforeAttempt = async () => {
      if (clock.now() >= event.signedAt + SERVICE_TIMEOUT)
        throw new Refusal(
          'expected a request of the last hour: CloudFormation no longer waits for a response',
        );
      await recheck();
    };
    const onUnclear = (sentAt: number) => {
      if (!this.unclear.has(event.requestId)) this.unclear.set(event.requestId, { desired, sentAt });
    };
    const key = await keys.create(location, tokenDomains, limit, beforeAttempt, onUnclear);
    const id = newKeyId({ location, digest: digestOf(key) }, rotation, { after });
    this.pending.add({ request: event, id, location, key });
    log('created a key', { id });
    return { status: 'SUCCESS', id, data: await attributesOf(key, list, limit) };
  }

  private async delete(event: LifecycleEvent, limit: TimeLimit): Promise<Result> {
    const { clock, log } = this.options;
    const { physicalResourceId: id = '', stackRegion } = event;
    const keyId = parseKeyId(id, stackRegion);
    const failedRequest = failedRequestOf(id);
    const lists = new Lists(location => this.options.keys.list(location));
    if (keyId) {
      const plan = await this.decide(event, evidence => decideDelete(event, keyId, evidence), lists, limit);
      if (plan.plan === 'fail') throw new Error(plan.reason);
      if (plan.plan === 'nothing') log('left the key alone', { id, why: plan.why });
      else await this.deleteKeys(plan.keys, plan.left, lists, limit);
    } else if (failedRequest !== undefined) {
      const created = this.pending.of(failedRequest);
      if (created) await this.pending.undo(created, limit);
    } else {
      // CloudFormation invented the id: the request may still be at work elsewhere, and needs its role to clean up
      await clock.sleep(limit.budget.cancelledRequestGrace, limit.signal);
      await this.pending.undoWhatFailed(event, limit);
    }
    return { status: 'SUCCESS', id };
  }

  private async deleteKeys(
    keys: readonly KeyReference[],
    left: readonly KeyReference[],
    lists: Lists,
    limit: TimeLimit,
  ): Promise<void> {
    const { log } = this.options;
    for (const key of left) log('left a key that the record names, or may name', { id: newKeyId(key) });
    for (const { location, digest } of keys) {
      const list = lists.of(location);
      await list.lookFor(digest, limit);
      const key = list.keys.get(digest)?.key;
      if (key) await this.options.keys.delete(location, key, limit);
      if (key) this.pending.forget(key);
      log(key ? 'deleted the key' : 'the key is gone already', { id: newKeyId({ location, digest }) });
    }
  }

  /** Gathers evidence until it is enough for a plan. */
  private async decide<Plan extends object>(
    event: LifecycleEvent,
    decide: (evidence: Evidence) => Plan | Need,
    lists: Lists,
    limit: TimeLimit,
  ): Promise<Plan> {
    const eventLog = this.options.record.events(event.stackId);
    let record: Evidence['record'] = {};
    for (let waits = 0; ; ) {
      const decided = decide({ listings: lists.all, record });
      if (!('need' in decided)) return decided;
      if (decided.need === 'key') {
        const { location, digest } = decided.reference;
        await lists.of(location).lookFor(digest, limit);
      } else if (decided.need === 'later reading' || record === 'denied') {
        limit.progress.text = 'expected a record that shows why this request was made, got none yet';
        await this.options.clock.sleep(
          READING_PAUSES[Math.min(waits, READING_PAUSES.length - 1)] ?? 0,
          limit.signal,
        );
        waits += 1;
        record = {};
      } else {
        record = await this.readMore(event, record, decided.need, eventLog, limit);
      }
    }
  }

  private async readMore(
    event: LifecycleEvent,
    reading: StackReading,
    next: keyof StackReading,
    eventLog: EventLog,
    limit: TimeLimit,
  ): Promise<StackReading | 'denied'> {
    const { record, log } = this.options;
    const { status } = reading;
    try {
      if (!status) return { status: await record.status(event.stackId, limit) };
      if (next === 'resources')
        return { ...reading, resources: await record.resources(event.stackId, limit) };
      const events = await eventLog.update(read => reachesSettled(read, event), limit);
      if (!isAged(status.readAt, event) && !showRequest(events, status.value, event))
        return { ...reading, history: 'late' };
      const history = historyOf(events, event);
      return history ? { ...reading, history } : 'denied';
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      log('the record may not be read', { error: error.message });
      return 'denied';
    }
  }

  private async logOrphanCandidates({ requestId }: LifecycleEvent, limit: TimeLimit): Promise<void> {
    const { keys, clock, log } = this.options;
    const unclear = this.unclear.get(requestId);
    if (!unclear) return;
    this.unclear.delete(requestId);
    // they may not be listed yet
    await clock.sleep(Math.max(0, Math.min(LIST_LAG, (limit.at - clock.now()) / 2)), limit.signal);
    const { location, tokenDomains } = unclear.desired;
    const candidates = await keys.createdSince(location, tokenDomains, unclear.sentAt, limit);
    log('orphan candidates: CreateAPIKey got no clear response, and ownership cannot be determined', {
      ids: candidates.map(key => newKeyId(key)),
    });
  }
}

/** The lists of the locations that one event needs. */
class Lists {
  public readonly all: KeyList[] = [];

  constructor(private readonly list: (location: Location) => KeyList) {}

  public of(location: Location): KeyList {
    const existing = this.all.find(list => sameLocation(list.location, location));
    if (!existing) this.all.push(this.list(location));
    return existing ?? this.of(location);
  }
}

/** The attributes of a key, as the response's `Data`. */
async function attributesOf(
  key: string,
  list: KeyList,
  limit: TimeLimit,
): Promise<Record<Attribute, string>> {
  const url = await list.integrationUrl(limit);
  return {
    [Attribute.API_KEY]: key,
    [Attribute.APPLICATION_INTEGRATION_URL]: url,
    [Attribute.SCRIPT_URL]: `${url}/jsapi.js`,
  };
}
