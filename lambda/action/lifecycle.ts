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
export function lifecycle(
  options: LifecycleOptions,
  event: LifecycleEvent,
  limit: TimeLimit,
): Promise<Result> {
  const { keys, record, pending, clock, log, seen } = options;
  // of the locations that the event needs
  const lists: KeyList[] = [];
  return event.type === 'Delete' ? deleteId() : createOrUpdate();

  async function createOrUpdate(): Promise<Result> {
    const desired = parseDesiredKey(event.properties, event.stackRegion);
    const { existingApiKey } = desired;
    if (existingApiKey) seen.add(existingApiKey);
    if (event.type === 'Create' && !existingApiKey) return create(desired);
    const plan = await decide(evidence => decideUpdate(event, desired, evidence));
    if (plan.plan === 'fail') throw new Error(plan.reason);
    return plan.plan === 'create' ? create(desired, plan.after) : success(plan.id, plan.key, plan.location);
  }

  async function deleteId(): Promise<Result> {
    const { physicalResourceId: id = '', stackRegion } = event;
    const keyId = keyIds.parseKeyId(id, stackRegion);
    const failedRequest = keyIds.failedRequestOf(id);
    if (keyId) {
      const plan = await decide(evidence => decideDelete(event, keyId, evidence));
      if (plan.plan === 'fail') throw new Error(plan.reason);
      if (plan.plan === 'nothing') log('left the key alone', { id, why: plan.why });
      else await deleteKeys(plan.keys, plan.left);
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

  async function create(desired: DesiredKey, after?: keyIds.KeyReference): Promise<Result> {
    await listOf(desired.location).integrationUrl(limit);
    const { id, key, location } = await pending.create(event, desired, limit, after);
    return success(id, key, location);
  }

  async function deleteKeys(unnamed: readonly keyIds.KeyReference[], left: readonly keyIds.KeyReference[]) {
    for (const key of left)
      log('left a key that the record names, or may name', { id: keyIds.newKeyId(key) });
    for (const reference of unnamed) {
      const { location, digest } = reference;
      const key = seen.keyOf(digest) ?? (await listOf(location).lookFor(digest, limit))?.key;
      if (key) await keys.delete(location, key, limit);
      if (key) pending.forget(key);
      log(key ? 'deleted the key' : 'the key is gone already', { id: keyIds.newKeyId(reference) });
    }
  }

  async function success(id: string, key: string, location: keyIds.Location): Promise<Result> {
    const url = await listOf(location).integrationUrl(limit);
    const data: Record<Attribute, string> = {
      [Attribute.API_KEY]: key,
      [Attribute.APPLICATION_INTEGRATION_URL]: url,
      [Attribute.SCRIPT_URL]: `${url}/jsapi.js`,
    };
    return { status: 'SUCCESS', id, data };
  }

  /** Gathers evidence until it is enough for a plan. */
  async function decide<Plan extends object>(decision: (evidence: Evidence) => Plan | Need): Promise<Plan> {
    let reading: Evidence['record'] = {};
    for (let waits = 0; ; ) {
      const decided = decision({ listings: lists, record: reading });
      if (!('need' in decided)) return decided;
      if (decided.need === 'key') {
        const { location, digest } = decided.reference;
        await listOf(location).lookFor(digest, limit);
      } else if (decided.need === 'later reading' || reading === 'denied') {
        limit.progress.text = 'expected a record that shows why this request was made, got none yet';
        await clock.sleep(Math.min(FIRST_READING_PAUSE * 2 ** waits, LONGEST_READING_PAUSE), limit.signal);
        waits += 1;
        reading = {};
      } else {
        reading = await readMore(reading, decided.need);
      }
    }
  }

  async function readMore(reading: StackReading, next: keyof StackReading): Promise<Evidence['record']> {
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

  function listOf(location: keyIds.Location): KeyList {
    const existing = lists.find(list => keyIds.sameLocation(list.location, location));
    const list = existing ?? keys.list(location);
    if (!existing) lists.push(list);
    return list;
  }
}
