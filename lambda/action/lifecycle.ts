import { Attribute } from '../../lib/properties';
import { Denial, Refusal } from '../aws/errors';
import type { EventLog } from '../aws/stack-record';
import type { KeyList, WafKeys } from '../aws/waf-keys';
import type { Sending } from '../decision/after-response';
import { type DeleteEvidence, decideDelete } from '../decision/decide-delete';
import { decideUpdate, type KeyRequest, type UpdateEvidence } from '../decision/decide-update';
import { type DesiredKey, existingApiKeyIn, parseDesiredKey } from '../decision/desired-key';
import { historyOf, isAged, type ResourceHistory, reachesSettled, showRequest } from '../decision/history';
import {
  digestOf,
  failedCreateId,
  failedRequestOf,
  type KeyId,
  type KeyReference,
  type Location,
  newKeyId,
  parseKeyId,
  sameLocation,
} from '../decision/key-id';
import type { CreateEvent, DeleteEvent, LifecycleEvent, UpdateEvent } from '../protocol/event';
import type { Result } from '../protocol/response';
import type { TimeLimit } from '../runtime/clock';
import type { Log, SeenKeys } from '../runtime/log';
import { LIST_LAG, READING_PAUSES, SERVICE_TIMEOUT } from '../timings';
import { PendingKeys, type PendingKeysOptions } from './pending-keys';

export interface LifecycleOptions extends PendingKeysOptions {
  readonly seen: SeenKeys;
}

/** Calls of CreateAPIKey that got no clear response. */
interface UnclearCreation {
  readonly location: Location;
  readonly tokenDomains: readonly string[];
  readonly since: number;
}

/** Gathers the evidence that the decisions ask for, and carries their plans out. */
export class Lifecycle {
  private readonly pending: PendingKeys;
  /** by RequestId */
  private readonly unclear = new Map<string, UnclearCreation>();

  constructor(private readonly options: LifecycleOptions) {
    this.pending = new PendingKeys(options);
  }

  public handle(event: LifecycleEvent, limit: TimeLimit): Promise<Result> {
    return event.type === 'Delete' ? this.delete(event, limit) : this.createOrUpdate(event, limit);
  }

  /** Deletes what was created for the event; resolves to its id if that fails, so that CloudFormation deletes it. */
  public async fail(event: LifecycleEvent, limit: TimeLimit): Promise<string> {
    const created = this.pending.of(event.requestId);
    if (created) {
      await this.pending.undo(created, limit).catch(() => undefined);
    }
    const left = this.pending.of(event.requestId);
    return left?.id ?? event.physicalResourceId ?? failedCreateId(event.requestId);
  }

  public async afterResponse(event: LifecycleEvent, sending: Sending, limit: TimeLimit): Promise<boolean> {
    const created = this.pending.of(event.requestId);
    const isRight = !created || (await this.pending.settle(created, sending, limit));
    await this.logOrphanCandidates(event, limit);
    return isRight;
  }

  private async createOrUpdate(event: CreateEvent | UpdateEvent, limit: TimeLimit): Promise<Result> {
    const { log, seen } = this.options;
    const existing = existingApiKeyIn(event.properties);
    if (existing) seen.add(existing);
    const desired = parseDesiredKey(event.properties, event.stackRegion);
    const lists = new Lists(this.options.keys);
    if (event.type === 'Create' && !existing) return this.create(event, desired, undefined, lists, limit);

    const { requestId, stackRegion, physicalResourceId } = event;
    const request: KeyRequest = { requestId, stackRegion, physicalResourceId, desired };
    let history: UpdateEvidence['history'];
    for (;;) {
      const plan = decideUpdate(request, { listings: lists.all, history });
      switch (plan.plan) {
        case 'look for':
          await lists.of(plan.reference.location).lookFor(plan.reference.digest, limit);
          break;
        case 'read history':
          history = await this.readHistory(event, limit);
          break;
        case 'fail':
          throw new Error(plan.reason);
        case 'create':
          return this.create(event, desired, plan.after, lists, limit);
        case 'use': {
          const { id, key, location } = plan;
          const url = await lists.of(location).integrationUrl(limit);
          log('uses the key', { id });
          return { status: 'SUCCESS', id, data: attributesOf(key, url) };
        }
      }
    }
  }

  private async create(
    event: CreateEvent | UpdateEvent,
    { location, tokenDomains, rotation }: DesiredKey,
    after: KeyReference | undefined,
    lists: Lists,
    limit: TimeLimit,
  ): Promise<Result> {
    const { keys, log, clock } = this.options;
    const url = await lists.of(location).integrationUrl(limit);
    const recheck = this.pending.recheck(event, limit);
    const stands = async () => {
      if (clock.now() >= event.signedAt + SERVICE_TIMEOUT)
        throw new Refusal(
          'expected a request of the last hour: CloudFormation no longer waits for a response',
        );
      await recheck();
    };
    const onUnclear = (since: number) => {
      if (!this.unclear.has(event.requestId))
        this.unclear.set(event.requestId, { location, tokenDomains, since });
    };
    const key = await keys.create(location, tokenDomains, limit, stands, onUnclear);
    const id = newKeyId({ location, digest: digestOf(key), rotation, after });
    this.pending.add({ request: event, id, location, key });
    log('created a key', { id });
    return { status: 'SUCCESS', id, data: attributesOf(key, url) };
  }

  private async delete(event: DeleteEvent, limit: TimeLimit): Promise<Result> {
    const { clock, log } = this.options;
    const { physicalResourceId, stackRegion } = event;
    const id = parseKeyId(physicalResourceId, stackRegion);
    if (id) {
      await this.deleteKeys(event, id, limit);
      return { status: 'SUCCESS', id: physicalResourceId };
    }
    const failedRequest = failedRequestOf(physicalResourceId);
    if (failedRequest === undefined) {
      // CloudFormation invented the id: the request may still be at work elsewhere, and needs its role to clean up
      await clock.sleep(limit.budget.cancelledRequestGrace, limit.signal);
      await this.undoWhatFailed(event, limit);
    } else {
      const created = this.pending.of(failedRequest);
      if (created) await this.pending.undo(created, limit);
    }
    log('the id names no key', { id: physicalResourceId });
    return { status: 'SUCCESS', id: physicalResourceId };
  }

  /** A stack can always be deleted: what cannot be proven is left, and logged. */
  private async undoWhatFailed(event: DeleteEvent, limit: TimeLimit): Promise<void> {
    try {
      await this.pending.undoWhatFailed(event, limit);
    } catch (error) {
      this.options.log('could not undo what this environment created', { error: String(error) });
    }
  }

  /** Deletes the keys of an id, as far as the record does not name them. */
  private async deleteKeys(event: DeleteEvent, id: KeyId, limit: TimeLimit): Promise<void> {
    const { clock, log, record } = this.options;
    const eventLog = record.events(event.stackId);
    const request = { ...event, id };
    let evidence: DeleteEvidence | 'denied' = {};
    for (let waits = 0; ; ) {
      const plan = decideDelete(request, evidence);
      switch (plan.plan) {
        case 'read':
          if (evidence !== 'denied')
            evidence = await this.readMore(plan.next, request, evidence, eventLog, limit);
          break;
        case 'wait':
          limit.progress.text = 'the record does not show yet why this id is to be deleted';
          await clock.sleep(pauseOf(waits), limit.signal);
          waits += 1;
          evidence = {};
          break;
        case 'fail':
          throw new Error(plan.reason);
        case 'nothing':
          return log('left the key alone', { id: id.text, why: plan.why });
        case 'delete':
          for (const key of plan.left)
            log('left a key that the record names, or may name', { key: idOf(key) });
          for (const key of plan.keys) await this.deleteKey(key, limit);
          return;
      }
    }
  }

  private async readMore(
    what: 'status' | 'resources' | 'history',
    event: DeleteEvent,
    evidence: DeleteEvidence,
    eventLog: EventLog,
    limit: TimeLimit,
  ): Promise<DeleteEvidence | 'denied'> {
    const { record } = this.options;
    const { status } = evidence;
    return unlessDenied(this.options.log, async () => {
      if (what === 'resources')
        return { ...evidence, resources: await record.resources(event.stackId, limit) };
      if (what === 'status' || !status) return { status: await record.status(event.stackId, limit) };
      const history = await this.readHistoryOnce(event, status, eventLog, limit);
      return history === 'denied' ? history : { ...evidence, history };
    });
  }

  private async deleteKey({ location, digest }: KeyReference, limit: TimeLimit): Promise<void> {
    const { keys, log } = this.options;
    const list = keys.list(location);
    await list.lookFor(digest, limit);
    const found = list.keys.get(digest);
    if (found) {
      await keys.delete(location, found.key, limit);
      this.pending.forget(found.key);
    }
    log(found ? 'deleted the key' : 'the key is gone already', { key: idOf({ location, digest }) });
  }

  /** Reads the events until they show the request, or until they must show all that came before it. */
  private async readHistory(
    event: CreateEvent | UpdateEvent,
    limit: TimeLimit,
  ): Promise<UpdateEvidence['history']> {
    const { record, clock, log } = this.options;
    const eventLog = record.events(event.stackId);
    return unlessDenied(log, async () => {
      for (let waits = 0; ; waits += 1) {
        const status = await record.status(event.stackId, limit);
        if (status.value === 'gone') throw new Error(`expected a stack ${event.stackId}, got none`);
        const history = await this.readHistoryOnce(event, status, eventLog, limit);
        if (history === 'denied') return history;
        if (history !== 'late') return { ...history, isRollback: status.value.includes('ROLLBACK') };
        limit.progress.text = 'DescribeStackEvents: expected events that show this request, got none yet';
        await clock.sleep(pauseOf(waits), limit.signal);
      }
    });
  }

  private async readHistoryOnce(
    event: LifecycleEvent,
    status: { readonly value: string; readonly readAt: number },
    eventLog: EventLog,
    limit: TimeLimit,
  ): Promise<ResourceHistory | 'late' | 'denied'> {
    const events = await eventLog.update(read => reachesSettled(read, event), limit);
    if (!isAged(status.readAt, event) && !showRequest(events, status.value, event)) return 'late';
    return historyOf(events, event) ?? 'denied';
  }

  private async logOrphanCandidates({ requestId }: LifecycleEvent, limit: TimeLimit): Promise<void> {
    const { keys, clock, log } = this.options;
    const unclear = this.unclear.get(requestId);
    if (!unclear) return;
    this.unclear.delete(requestId);
    const { location, tokenDomains, since } = unclear;
    const pause = Math.min(LIST_LAG, (limit.at - clock.now()) / 2);
    if (pause > 0) await clock.sleep(pause, limit.signal);
    const digests = await keys.createdSince(location, tokenDomains, since, limit);
    const candidates = digests.map(digest => idOf({ location, digest }));
    log('orphan candidates: CreateAPIKey got no clear response, and ownership cannot be determined', {
      candidates,
    });
  }
}

/** The lists of the locations that one event needs. */
class Lists {
  public readonly all: KeyList[] = [];

  constructor(private readonly keys: WafKeys) {}

  public of(location: Location): KeyList {
    const existing = this.all.find(list => sameLocation(list.location, location));
    if (existing) return existing;
    const list = this.keys.list(location);
    this.all.push(list);
    return list;
  }
}

async function unlessDenied<T>(log: Log, read: () => Promise<T>): Promise<T | 'denied'> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Denial)) throw error;
    log('the record may not be read', { error: error.message });
    return 'denied';
  }
}

/** The attributes of a key, as the response's `Data`. */
function attributesOf(key: string, integrationUrl: string): Readonly<Record<Attribute, string>> {
  return {
    [Attribute.API_KEY]: key,
    [Attribute.APPLICATION_INTEGRATION_URL]: integrationUrl,
    [Attribute.SCRIPT_URL]: `${integrationUrl}/jsapi.js`,
  };
}

/** How a key is named in the log. */
function idOf(reference: KeyReference): string {
  return newKeyId({ ...reference, rotation: '' });
}

function pauseOf(waits: number): number {
  return READING_PAUSES[Math.min(waits, READING_PAUSES.length - 1)] ?? 0;
}
