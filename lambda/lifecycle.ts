import { sameTokenDomains } from '../lib/token-domains';
import { attributesOf } from './attributes';
import type { TimeLimit } from './clock';
import type { ApiKey, Inventory } from './key-registry';
import type { CreateEvent, DeleteEvent, LifecycleEvent, Outcome, UpdateEvent } from './lifecycle-event';
import { NewKeys, type NewKeysOptions } from './new-keys';
import { Ownership } from './ownership';
import {
  existingIdOf,
  failedCreateId,
  isFailedCreateId,
  isKeyOf,
  type KeyReference,
  type Location,
  locationOf,
  parsePhysicalId,
  referenceIn,
} from './physical-id';
import {
  existingApiKeyIn,
  parseWantedKey,
  readWantedKey,
  sameWantedKey,
  saysTheSame,
  type WantedKey,
} from './wanted-key';

const SECOND = 1000;
/**
 * How long a cancelled request may go on until it has noticed and cleaned up: it asks every half minute, and a call may
 * take ten seconds. It needs the role meanwhile.
 */
const CANCELLED_REQUEST_GRACE = 45 * SECOND;

/** What Create, Update and Delete mean for a key. */
export class Lifecycle {
  private readonly ownership: Ownership;
  private readonly newKeys: NewKeys;

  constructor(private readonly options: NewKeysOptions) {
    this.ownership = new Ownership(options);
    this.newKeys = new NewKeys(options);
  }

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
    const left = this.newKeys.idLeftBy(event);
    return left ?? (event.type === 'Create' ? failedCreateId(event.requestId) : event.physicalResourceId);
  }

  private async create(event: CreateEvent, limit: TimeLimit): Promise<Outcome> {
    const wanted = parseWantedKey(event.properties);
    if (wanted.existingApiKey) return this.use(event, wanted, wanted.existingApiKey, limit);
    const inventory = await this.options.keys.list(locationOf(wanted.scope, event.stackRegion), limit);
    return this.newKeys.make(event, wanted, inventory, limit);
  }

  private async update(event: UpdateEvent, limit: TimeLimit): Promise<Outcome> {
    const wanted = parseWantedKey(event.properties);
    if (wanted.existingApiKey) return this.use(event, wanted, wanted.existingApiKey, limit);
    const location = locationOf(wanted.scope, event.stackRegion);
    const old = await this.wishBefore(event, limit);
    const unchanged = old !== undefined && sameWantedKey(old, wanted);
    const reference = referenceIn(location, event.physicalResourceId);
    const isOwn = isKeyOf(reference);

    // an unchanged wish gets a new key only if the own one is really gone
    const inventory = await (unchanged
      ? this.options.keys.listWith(location, isOwn, limit)
      : this.listWhole(location, reference, limit));
    const fitting = inventory.keys.filter(({ tokenDomains }) =>
      sameTokenDomains(tokenDomains, wanted.tokenDomains),
    );
    const own = fitting.find(({ key }) => isOwn(key));
    if (own && !asksForAnother(old, wanted)) return this.keep(event.physicalResourceId, inventory, own);
    const kept = unchanged
      ? undefined
      : await this.ownership.formerOrHandedOver(event, old, wanted, { location, fitting, own }, limit);
    return kept
      ? this.keep(kept.id, inventory, kept.key)
      : this.newKeys.make(event, wanted, inventory, limit);
  }

  /** What was wanted before an update. One in the very same words tries again what failed: the events tell what was. */
  private async wishBefore(event: UpdateEvent, limit: TimeLimit): Promise<WantedKey | undefined> {
    const old = readWantedKey(event.oldProperties);
    if (!old || !saysTheSame(event.properties, event.oldProperties)) return old;
    const recorded = await this.ownership.recordedWish(event, limit);
    if (recorded) return recorded;
    // a key made elsewhere may only have been used: it is named by its id, for want of the key
    const isExisting = parsePhysicalId(event.physicalResourceId)?.isExisting === true;
    return isExisting ? { ...old, existingApiKey: event.physicalResourceId } : old;
  }

  /** Lists all keys; where the own one is missing, again with pauses: a former one may not be listed yet either. */
  private async listWhole(
    location: Location,
    own: KeyReference | undefined,
    limit: TimeLimit,
  ): Promise<Inventory> {
    const { keys } = this.options;
    const isOwn = isKeyOf(own);
    const inventory = await keys.list(location, limit);
    if (!own || inventory.keys.some(({ key }) => isOwn(key))) return inventory;
    await keys.listWith(location, isOwn, limit);
    return keys.list(location, limit);
  }

  private async delete(event: DeleteEvent, limit: TimeLimit): Promise<Outcome> {
    const { physicalResourceId } = event;
    const own = parsePhysicalId(physicalResourceId);
    const existing = existingApiKeyIn(event.properties);
    if (!own) {
      await this.deleteUnrecorded(event, limit);
    } else if (existing !== undefined && isKeyOf(own)(existing)) {
      this.options.log('left the key alone: it is only used here', { id: physicalResourceId });
    } else if (own.isExisting && !(await this.ownership.isHandedOver(event, limit))) {
      this.options.log('left the key alone: it may only be used here', { id: physicalResourceId });
    } else {
      await this.deleteRecorded(event, own, limit);
    }
    return { physicalResourceId };
  }

  /** Takes a key that was made elsewhere. */
  private async use(
    event: CreateEvent | UpdateEvent,
    wanted: WantedKey,
    existing: string,
    limit: TimeLimit,
  ): Promise<Outcome> {
    const location = locationOf(wanted.scope, event.stackRegion);
    const inventory = await this.options.keys.listWith(location, key => key === existing, limit);
    const found = inventory.keys.find(({ key }) => key === existing);
    if (!found) {
      throw new Error(
        `ExistingApiKey: expected a ${location.scope} key in ${location.region}, got one not listed there`,
      );
    }
    if (!sameTokenDomains(found.tokenDomains, wanted.tokenDomains)) {
      throw new Error(`ExistingApiKey: expected a key for ${listed(wanted)}, got one for ${listed(found)}`);
    }
    // another id for the key that the resource has would have CloudFormation delete it
    const present = event.type === 'Update' ? event.physicalResourceId : '';
    const isPresent = isKeyOf(referenceIn(location, present))(existing);
    return this.keep(isPresent ? present : existingIdOf(location, existing), inventory, found);
  }

  private keep(physicalResourceId: string, inventory: Inventory, { key, createdAt }: ApiKey): Outcome {
    this.options.log('kept the key', { id: physicalResourceId });
    return { physicalResourceId, data: attributesOf(inventory, key, createdAt) };
  }

  private async deleteRecorded(event: DeleteEvent, own: KeyReference, limit: TimeLimit): Promise<void> {
    const { keys, log } = this.options;
    const { physicalResourceId: id } = event;
    const isOwn = isKeyOf(own);
    const inventory = await keys.listWith(own.location, isOwn, limit);
    const current = inventory.keys.find(({ key }) => isOwn(key));
    if (current) await keys.delete(own.location, current.key, limit);
    this.newKeys.forget(own);
    log(current ? 'deleted the key' : 'the key is gone already', { id });
  }

  /** For an id that names no key: deletes what was made for this very resource and never reached CloudFormation. */
  private async deleteUnrecorded(event: DeleteEvent, limit: TimeLimit): Promise<void> {
    const { clock, log } = this.options;
    // an id that CloudFormation invented: the request may still be at work elsewhere, and needs its role to clean up
    if (!isFailedCreateId(event.physicalResourceId)) await clock.sleep(CANCELLED_REQUEST_GRACE, limit.signal);
    await this.newKeys.undoAllOf(event, limit);
    log('nothing more to delete', { id: event.physicalResourceId });
  }
}

/** Whether a change asks for another key even though the own one fits: for a fresh one, or for a former one. */
function asksForAnother(old: WantedKey | undefined, wanted: WantedKey): boolean {
  return (
    old !== undefined && (old.rotation !== wanted.rotation || old.existingApiKey !== wanted.existingApiKey)
  );
}

function listed({ tokenDomains }: { tokenDomains: readonly string[] }): string {
  return [...tokenDomains].sort().join(', ');
}
