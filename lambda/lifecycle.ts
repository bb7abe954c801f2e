import { sameTokenDomains } from '../lib/token-domains';
import { sooner, type TimeLimit } from './clock';
import type { Log } from './log';
import {
  failedCreateId,
  type Location,
  locationOf,
  parsePhysicalId,
  physicalIdOf,
  refersTo,
  sameLocation,
} from './physical-id';
import { MalformedProperties, parseWantedKey, sameWantedKey, type WantedKey } from './wanted-key';

/** What must be left after a key was described: time to undo it. */
const UNDO_RESERVE = 20_000;

/** One API key as ListAPIKeys shows it. */
export interface ApiKey {
  readonly key: string;
  readonly tokenDomains: readonly string[];
  readonly createdAt: Date;
}

export interface Inventory {
  /** as WAF gives it, which is with a slash at its end */
  readonly applicationIntegrationUrl: string | undefined;
  readonly keys: readonly ApiKey[];
}

/** The API keys of one account. Every call goes on trying until it succeeds, is refused for good or the time is up. */
export interface KeyRegistry {
  list(location: Location, limit: TimeLimit): Promise<Inventory>;
  /** The same, listed again with pauses until a key matches: one that seems absent may only not be listed yet. */
  listWith(location: Location, matches: (key: string) => boolean, limit: TimeLimit): Promise<Inventory>;
  /** Makes one key and no second one; `before` is what existed when it was asked for. */
  create(
    location: Location,
    tokenDomains: readonly string[],
    before: readonly ApiKey[],
    limit: TimeLimit,
  ): Promise<string>;
  creationTime(location: Location, key: string, limit: TimeLimit): Promise<Date>;
  /** Deletes a key; one that is already gone is no error. */
  delete(location: Location, key: string, limit: TimeLimit): Promise<void>;
}

/** The names by which CloudFormation knows an event and its resource. */
interface ResourceEvent {
  readonly requestId: string;
  readonly stackId: string;
  readonly stackRegion: string;
  readonly logicalResourceId: string;
  readonly properties: unknown;
}

export interface CreateEvent extends ResourceEvent {
  readonly type: 'Create';
}

export interface UpdateEvent extends ResourceEvent {
  readonly type: 'Update';
  readonly physicalResourceId: string;
  readonly oldProperties: unknown;
}

export interface DeleteEvent extends ResourceEvent {
  readonly type: 'Delete';
  readonly physicalResourceId: string;
}

export type LifecycleEvent = CreateEvent | UpdateEvent | DeleteEvent;

/** What an event came to, and what is still to be done about it once CloudFormation has heard of it, or never will. */
export interface Outcome {
  readonly physicalResourceId: string;
  readonly data?: Readonly<Record<string, string>>;
  /** CloudFormation has taken the answer: it owns the key now. */
  onDelivered?(): void;
  /** CloudFormation will never take the answer: what was made for it must go. */
  onRefused?(limit: TimeLimit): Promise<void>;
}

interface MadeKey {
  readonly event: ResourceEvent;
  readonly location: Location;
  readonly key: string;
}

/** What Create, Update and Delete mean for a key. */
export class Lifecycle {
  /** Keys that this environment made and that no answer has handed over to CloudFormation yet. */
  private readonly made = new Set<MadeKey>();

  constructor(
    private readonly keys: KeyRegistry,
    private readonly log: Log,
  ) {}

  public handle(event: LifecycleEvent, limit: TimeLimit): Promise<Outcome> {
    switch (event.type) {
      case 'Create':
        return this.create(event, limit);
      case 'Update':
        return this.update(event, limit);
      case 'Delete':
        return this.delete(event, limit);
    }
  }

  /** The id to fail an event with: of the key that it made and could not undo, so that CloudFormation deletes it. */
  public idOnFailure(event: LifecycleEvent): string {
    const left = [...this.made].find(({ event: { requestId } }) => requestId === event.requestId);
    if (left) return physicalIdOf(left.location, left.key);
    return event.type === 'Create' ? failedCreateId(event.requestId) : event.physicalResourceId;
  }

  private async create(event: CreateEvent, limit: TimeLimit): Promise<Outcome> {
    const wanted = parseWantedKey(event.properties);
    const inventory = await this.keys.list(locationOf(wanted.scope, event.stackRegion), limit);
    return this.make(event, wanted, inventory, limit);
  }

  private async update(event: UpdateEvent, limit: TimeLimit): Promise<Outcome> {
    const wanted = parseWantedKey(event.properties);
    const location = locationOf(wanted.scope, event.stackRegion);
    const own = parsePhysicalId(event.physicalResourceId);
    const isOwn = (key: string) =>
      own !== undefined && sameLocation(own.location, location) && refersTo(own, key);
    // a changed wish needs a new key at once; an unchanged one gets it only if the own key is really gone
    const inventory = await (isUnchanged(event, wanted)
      ? this.keys.listWith(location, isOwn, limit)
      : this.keys.list(location, limit));
    const current = inventory.keys.find(
      ({ key, tokenDomains }) => isOwn(key) && sameTokenDomains(tokenDomains, wanted.tokenDomains),
    );
    if (!current) return this.make(event, wanted, inventory, limit);
    this.log('kept the key', { id: event.physicalResourceId });
    return {
      physicalResourceId: event.physicalResourceId,
      data: dataOf(inventory, current.key, current.createdAt),
    };
  }

  private async delete(event: DeleteEvent, limit: TimeLimit): Promise<Outcome> {
    const { physicalResourceId } = event;
    const own = parsePhysicalId(physicalResourceId);
    if (!own) {
      await this.deleteUnclaimed(event, limit);
      return { physicalResourceId };
    }
    const { keys } = await this.keys.listWith(own.location, key => refersTo(own, key), limit);
    const current = keys.find(({ key }) => refersTo(own, key));
    if (current) await this.keys.delete(own.location, current.key, limit);
    for (const made of this.made) if (refersTo(own, made.key)) this.made.delete(made);
    this.log(current ? 'deleted the key' : 'the key is gone already', { id: physicalResourceId });
    return { physicalResourceId };
  }

  /** For an id that names no key: what was made for this very resource and never reached CloudFormation. */
  private async deleteUnclaimed(event: DeleteEvent, limit: TimeLimit): Promise<void> {
    const unclaimed = [...this.made].filter(
      ({ event: { stackId, logicalResourceId } }) =>
        stackId === event.stackId && logicalResourceId === event.logicalResourceId,
    );
    for (const made of unclaimed) await this.undo(made, limit);
    if (unclaimed.length === 0) this.log('nothing to delete', { id: event.physicalResourceId });
  }

  private async make(
    event: CreateEvent | UpdateEvent,
    wanted: WantedKey,
    inventory: Inventory,
    limit: TimeLimit,
  ): Promise<Outcome> {
    const location = locationOf(wanted.scope, event.stackRegion);
    integrationUrlOf(inventory);
    const key = await this.keys.create(location, wanted.tokenDomains, inventory.keys, limit);
    const made: MadeKey = { event, location, key };
    this.made.add(made);
    const physicalResourceId = physicalIdOf(location, key);
    this.log('made a key', { id: physicalResourceId });
    try {
      const createdAt = await this.keys.creationTime(location, key, sooner(limit, UNDO_RESERVE));
      return {
        physicalResourceId,
        data: dataOf(inventory, key, createdAt),
        onDelivered: () => this.made.delete(made),
        onRefused: refusedLimit => this.undo(made, refusedLimit),
      };
    } catch (error) {
      await this.undo(made, limit);
      throw error;
    }
  }

  private async undo(made: MadeKey, limit: TimeLimit): Promise<void> {
    const id = physicalIdOf(made.location, made.key);
    try {
      await this.keys.delete(made.location, made.key, limit);
    } catch (error) {
      this.log('could not undo the key', { id, error: String(error) });
      throw error;
    }
    this.made.delete(made);
    this.log('undid the key', { id });
  }
}

function isUnchanged(event: UpdateEvent, wanted: WantedKey): boolean {
  try {
    return sameWantedKey(parseWantedKey(event.oldProperties), wanted);
  } catch (error) {
    // after a failed update the old properties are those that no key could be made from
    if (error instanceof MalformedProperties) return false;
    throw error;
  }
}

function dataOf(inventory: Inventory, key: string, createdAt: Date): Readonly<Record<string, string>> {
  const url = integrationUrlOf(inventory);
  return {
    APIKey: key,
    ApplicationIntegrationURL: url,
    ScriptURL: `${url}/jsapi.js`,
    CreationTimestamp: createdAt.toISOString(),
  };
}

// AWS gives it with a slash at its end, while its guide appends "/jsapi.js"
function integrationUrlOf({ applicationIntegrationUrl }: Inventory): string {
  if (applicationIntegrationUrl) return applicationIntegrationUrl.replace(/\/+$/, '');
  throw new Error('ListAPIKeys: expected an ApplicationIntegrationURL, got none');
}
