import { Attribute } from '../../lib/properties';
import { Denial } from '../aws/errors';
import type { KeyList } from '../aws/waf-keys';
import { decideDelete } from '../decision/decide-delete';
import { decideUpdate } from '../decision/decide-update';
import { type DesiredKey, parseDesiredKey } from '../decision/desired-key';
import type { Evidence, Need, StackReading } from '../decision/evidence';
import { eventsCount, historyOf, reachesSettled } from '../decision/history';
import * as keyIds from '../decision/key-id';
import type { LifecycleEvent } from '../protocol/event';
import type { Result } from '../protocol/response';
import { type TimeLimit, within } from '../runtime/clock';
import type { SeenKeys } from '../runtime/log';
import { FIRST_READING_PAUSE, LONGEST_READING_PAUSE, RECORD_LAG } from '../timings';
import type { PendingKeys, PendingKeysOptions } from './pending-keys';

type LifecycleOptions = PendingKeysOptions & { readonly seen: SeenKeys; readonly pending: PendingKeys };

/** What Create, Update and Delete do: gathers the evidence that a decision asks for, and carries its plan out. */
export class Lifecycle {
  /** of the locations that the event needs */
  private readonly lists: KeyList[] = [];

  constructor(
    private readonly options: LifecycleOptions,
    private readonly event: LifecycleEvent,
    private readonly limit: TimeLimit,
  ) {}

  public async createOrUpdate(): Promise<Result> {
    const { event } = this;
    const desired = parseDesiredKey(event.properties, event.stackRegion);
    const { existingApiKey } = desired;
    if (existingApiKey) this.options.seen.add(existingApiKey);
    if (event.type === 'Create' && !existingApiKey) return this.create(desired);
    const plan = await this.decide(evidence => decideUpdate(event, desired, evidence));
    if (plan.plan === 'fail') throw new Error(plan.reason);
    return plan.plan === 'create'
      ? this.create(desired, plan.after)
      : this.success(plan.id, plan.key, plan.location);
  }

  public async delete(): Promise<Result> {
    const { event, limit } = this;
    const { clock, log, pending } = this.options;
    const { physicalResourceId: id = '', stackRegion } = event;
    const keyId = keyIds.parseKeyId(id, stackRegion);
    const failedRequest = keyIds.failedRequestOf(id);
    if (keyId) {
      const plan = await this.decide(evidence => decideDelete(event, keyId, evidence));
      if (plan.plan === 'fail') throw new Error(plan.reason);
      if (plan.plan === 'nothing') log('left the key alone', { id, why: plan.why });
      else await this.deleteKeys(plan.keys, plan.left);
    } else if (failedRequest !== undefined) {
      await pending.undo(failedRequest, limit);
    } else {
      // CloudFormation invented the id: the request may still be at work elsewhere, and needs its role to clean up
      // guard: the role stays for a while
      await clock.sleep(limit.budget.cancelledRequestGrace, limit.signal);
      // a stack can always be deleted: no reading takes so long that the response is late
      const soon = within(clock, RECORD_LAG / 2, { ...limit, at: limit.at - limit.budget.call });
      await pending.undoWhatFailed(event, soon);
    }
    return { status: 'SUCCESS', id };
  }

  private async create(desired: DesiredKey, after?: keyIds.KeyReference): Promise<Result> {
    await this.listOf(desired.location).integrationUrl(this.limit);
    const { id, key, location } = await this.options.pending.create(this.event, desired, this.limit, after);
    return this.success(id, key, location);
  }

  private async deleteKeys(unnamed: readonly keyIds.KeyReference[], left: readonly keyIds.KeyReference[]) {
    const { keys, seen, log, pending } = this.options;
    for (const key of left)
      log('left a key that the record names, or may name', { id: keyIds.newKeyId(key) });
    for (const reference of unnamed) {
      const { location, digest } = reference;
      const key = seen.keyOf(digest) ?? (await this.listOf(location).lookFor(digest, this.limit))?.key;
      if (key) await keys.delete(location, key, this.limit);
      if (key) pending.forget(key);
      log(key ? 'deleted the key' : 'the key is gone already', { id: keyIds.newKeyId(reference) });
    }
  }

  private async success(id: string, key: string, location: keyIds.Location): Promise<Result> {
    const url = await this.listOf(location).integrationUrl(this.limit);
    const data: Record<Attribute, string> = {
      [Attribute.API_KEY]: key,
      [Attribute.APPLICATION_INTEGRATION_URL]: url,
      [Attribute.SCRIPT_URL]: `${url}/jsapi.js`,
    };
    return { status: 'SUCCESS', id, data };
  }

  /** Gathers evidence until it is enough for a plan. */
  private async decide<Plan extends object>(decide: (evidence: Evidence) => Plan | Need): Promise<Plan> {
    const { limit } = this;
    const { clock } = this.options;
    let record: Evidence['record'] = {};
    for (let waits = 0; ; ) {
      const decided = decide({ listings: this.lists, record });
      if (!('need' in decided)) return decided;
      if (decided.need === 'key') {
        const { location, digest } = decided.reference;
        await this.listOf(location).lookFor(digest, limit);
      } else if (decided.need === 'later reading' || record === 'denied') {
        limit.progress.text = 'expected a record that shows why this request was made, got none yet';
        await clock.sleep(Math.min(FIRST_READING_PAUSE * 2 ** waits, LONGEST_READING_PAUSE), limit.signal);
        waits += 1;
        record = {};
      } else {
        record = await this.readMore(record, decided.need);
      }
    }
  }

  private async readMore(reading: StackReading, next: keyof StackReading): Promise<Evidence['record']> {
    const { record, log } = this.options;
    const { event, limit } = this;
    const { status } = reading;
    try {
      if (!status) return { status: await record.status(event.stackId, limit) };
      if (next === 'resources')
        return { ...reading, resources: await record.resources(event.stackId, limit) };
      const events = await record.events(event.stackId, read => reachesSettled(read, event), limit);
      // guard: events show the request
      const history = eventsCount(events, status, event) ? historyOf(events, event) : 'late';
      return { ...reading, history };
    } catch (error) {
      if (!(error instanceof Denial)) throw error;
      log('the record may not be read', { error: error.message });
      return next === 'history' ? { ...reading, history: 'denied' } : 'denied';
    }
  }

  private listOf(location: keyIds.Location): KeyList {
    const existing = this.lists.find(list => keyIds.sameLocation(list.location, location));
    const list = existing ?? this.options.keys.list(location);
    if (!existing) this.lists.push(list);
    return list;
  }
}
