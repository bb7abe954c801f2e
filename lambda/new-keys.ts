import { sameTokenDomains } from '../lib/token-domains';
import { attributesOf, integrationUrlOf } from './attributes';
import { Refusal, Verdict, verdictOn } from './aws-error';
import { type Clock, sooner, type TimeLimit } from './clock';
import type { Created, Creation, Inventory, KeyRegistry } from './key-registry';
import type { CreateEvent, LifecycleEvent, Outcome, ResourceEvent, UpdateEvent } from './lifecycle-event';
import type { Log } from './log';
import { Ownership } from './ownership';
import {
  isKeyOf,
  type KeyReference,
  type Location,
  locationOf,
  parsePhysicalId,
  physicalIdOf,
} from './physical-id';
import { readResourceHistory, type StackHistory, Standing, TIMESTAMP_SLACK } from './stack-history';
import { requestOf, type WantedKey } from './wanted-key';

const SECOND = 1000;
/** What must be left after a key was described: time to undo it. */
const UNDO_RESERVE = 20 * SECOND;
/** How long a request may wait before it asks whether it is still wanted; from then on after twice the time each. */
const FIRST_DOUBT = 10 * SECOND;
const LONGEST_DOUBT = 30 * SECOND;
/** How long to look that up. */
const DOUBT_TIMEOUT = 5 * SECOND;
/** How late an event may show up: what is newer has to be looked at again. */
const EVENTS_LAG = 60 * SECOND;
/** Pauses before it is looked up whether CloudFormation has recorded a new key. */
const RECORDING_PAUSES = [1 * SECOND, 4 * SECOND, 10 * SECOND, 20 * SECOND];

export interface NewKeysOptions {
  readonly keys: KeyRegistry;
  readonly history: StackHistory;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request for a key, and what is known of whether CloudFormation still waits for it. */
interface Request {
  readonly event: CreateEvent | UpdateEvent;
  readonly wanted: WantedKey;
  /** when it was last looked up, or when the request was made */
  askedAt: number;
  /** from when on the events are still to be looked at */
  since: number;
  /** how long until it is looked up again */
  patience: number;
}

interface NewKey extends Created {
  readonly request: Request;
  readonly location: Location;
}

/** Makes keys, and answers for each until CloudFormation has recorded it. */
export class NewKeys {
  private readonly unrecorded = new Set<NewKey>();
  private readonly ownership: Ownership;

  constructor(private readonly options: NewKeysOptions) {
    this.ownership = new Ownership(options);
  }

  public async make(
    event: CreateEvent | UpdateEvent,
    wanted: WantedKey,
    inventory: Inventory,
    limit: TimeLimit,
  ): Promise<Outcome> {
    const { keys, log } = this.options;
    const location = locationOf(wanted.scope, event.stackRegion);
    integrationUrlOf(inventory);
    const askedAt = event.requestedAt ?? this.options.clock.now();
    const since = askedAt - TIMESTAMP_SLACK;
    const request: Request = { event, wanted, askedAt, since, patience: FIRST_DOUBT };
    const created = await keys.create(this.creationOf(request, inventory, limit), limit);
    const { key } = created;
    const made: NewKey = { ...created, request, location };
    this.unrecorded.add(made);
    log('made a key', { id: idOf(made) });
    try {
      const createdAt = await keys.creationTime(location, key, sooner(limit, UNDO_RESERVE));
      return {
        physicalResourceId: idOf(made),
        data: attributesOf(inventory, key, createdAt),
        onDelivered: later => this.awaitRecording(made, later),
        onRefused: later => this.undoRefused(made, later),
      };
    } catch (error) {
      if (made.isFound && isGone(error)) {
        // it was another request's, which has undone it
        this.unrecorded.delete(made);
        return this.make(event, wanted, inventory, limit);
      }
      await this.undoFailed(made, limit);
      throw error;
    }
  }

  /** The id of the key that was made for an event and could not be undone. */
  public idLeftBy(event: LifecycleEvent): string | undefined {
    const left = [...this.unrecorded].find(({ request }) => request.event.requestId === event.requestId);
    return left && idOf(left);
  }

  /** Deletes what was made for a resource and never recorded. */
  public async undoAllOf({ stackId, logicalResourceId }: ResourceEvent, limit: TimeLimit): Promise<void> {
    for (const made of [...this.unrecorded]) {
      const { event } = made.request;
      if (event.stackId === stackId && event.logicalResourceId === logicalResourceId)
        await this.undo(made, limit);
    }
  }

  /** Leaves a key to CloudFormation, which has shown that it knows it. */
  public forget(reference: KeyReference): void {
    const isMeant = isKeyOf(reference);
    for (const made of this.unrecorded) if (isMeant(made.key)) this.unrecorded.delete(made);
  }

  private creationOf(request: Request, { keys }: Inventory, limit: TimeLimit): Creation {
    const { event, wanted } = request;
    const isFormer = isKeyOf(event.type === 'Update' ? parsePhysicalId(event.physicalResourceId) : undefined);
    const foreign = keys.filter(
      ({ key, tokenDomains }) => sameTokenDomains(tokenDomains, wanted.tokenDomains) && !isFormer(key),
    );
    return {
      location: locationOf(wanted.scope, event.stackRegion),
      tokenDomains: wanted.tokenDomains,
      before: keys,
      stillWanted: () => this.checkStillWanted(request, limit),
      mayBeAnothers: async key =>
        foreign.length > 0 ||
        !(await this.ownership.isMadeFor(event, wanted, key, sooner(limit, UNDO_RESERVE))),
    };
  }

  /** Throws when CloudFormation has gone on without the answer; it is asked now and then only. */
  private async checkStillWanted(request: Request, limit: TimeLimit): Promise<void> {
    const now = this.options.clock.now();
    if (now - request.askedAt < request.patience) return;
    // not for long: without an answer the work goes on
    const standing = await this.standingOf(request, { at: now + DOUBT_TIMEOUT, signal: limit.signal });
    if (standing === Standing.GIVEN_UP) throw new Refusal('the key is not wanted any more');
    if (standing !== undefined) request.since = Math.max(request.since, now - EVENTS_LAG);
    request.askedAt = now;
    request.patience = Math.min(request.patience * 2, LONGEST_DOUBT);
  }

  /** After the answer: a request that was cancelled, or answered twice, leaves a key that CloudFormation never sees. */
  private async awaitRecording(made: NewKey, limit: TimeLimit): Promise<void> {
    if ((await this.standingInTheEnd(made, limit)) === Standing.GIVEN_UP) return this.undo(made, limit);
    this.options.log('left the key to CloudFormation', { id: idOf(made) });
    this.unrecorded.delete(made);
  }

  /** The answer will never be taken. A found key may be that of a duplicate, whose answer was. */
  private async undoRefused(made: NewKey, limit: TimeLimit): Promise<void> {
    const standing = made.isFound ? await this.standingInTheEnd(made, limit) : Standing.GIVEN_UP;
    if (standing === Standing.RECORDED || standing === undefined) this.leaveAlone(made);
    else await this.undo(made, limit);
  }

  /** The key cannot be described. A found one is left to CloudFormation where that still waits: it is told the id. */
  private async undoFailed(made: NewKey, limit: TimeLimit): Promise<void> {
    const standing = made.isFound
      ? await this.standingOf(made.request, limit, idOf(made))
      : Standing.GIVEN_UP;
    if (standing === Standing.GIVEN_UP) await this.undo(made, limit);
    else this.leaveAlone(made);
  }

  private leaveAlone(made: NewKey): void {
    this.options.log('left alone: a duplicate may have made it', { ids: [idOf(made)] });
  }

  /** How a request stands once its key is recorded or not wanted any more, or when no event can be missing. */
  private async standingInTheEnd(made: NewKey, limit: TimeLimit): Promise<Standing | undefined> {
    const { clock } = this.options;
    let standing: Standing | undefined = Standing.UNKNOWN;
    for (const pause of RECORDING_PAUSES) {
      if (clock.now() + pause > limit.at) break;
      await clock.sleep(pause, limit.signal);
      standing = await this.standingOf(made.request, limit, idOf(made));
      if (standing !== Standing.AWAITED && standing !== Standing.UNKNOWN) break;
    }
    return standing;
  }

  /** How a request stands by the events not looked at yet; `undefined` where they cannot be read. */
  private async standingOf(
    { event, since }: Request,
    limit: TimeLimit,
    madeId?: string,
  ): Promise<Standing | undefined> {
    const history = await readResourceHistory(event, this.options, limit, since);
    return history?.standingOf(requestOf(event), madeId);
  }

  private async undo(made: NewKey, limit: TimeLimit): Promise<void> {
    const { keys, log } = this.options;
    try {
      await keys.delete(made.location, made.key, limit);
    } catch (error) {
      log('could not undo the key', { id: idOf(made), error: String(error) });
      throw error;
    }
    this.unrecorded.delete(made);
    log('undid the key', { id: idOf(made) });
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && verdictOn(error.cause) === Verdict.ABSENT;
}

function idOf({ location, key }: NewKey): string {
  return physicalIdOf(location, key);
}
