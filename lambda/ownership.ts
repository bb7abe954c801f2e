import { RESOURCE_TYPE, SERVICE_TIMEOUT_SECONDS } from '../lib/properties';
import { sameTokenDomains } from '../lib/token-domains';
import type { Clock, TimeLimit } from './clock';
import type { ApiKey } from './key-registry';
import type { CreateEvent, DeleteEvent, ResourceEvent, UpdateEvent } from './lifecycle-event';
import { isKeyOf, type Location, locationOf, physicalIdOf, referenceIn } from './physical-id';
import {
  FIRST_EVENT_LAG,
  type ResourceHistory,
  readResourceHistory,
  type StackHistory,
  Standing,
} from './stack-history';
import { existingApiKeyIn, readWantedKey, requestOf, sameButForOrigin, type WantedKey } from './wanted-key';

const SECOND = 1000;
/** What should be left after the events were read: time to make a key. */
const MAKING_RESERVE = 120 * SECOND;
/** What they may take even so: to fail for lack of time is better than to make a key in place of the former one. */
const READING_PATIENCE = 60 * SECOND;
/** Pauses before the events are read again, when they do not show the request yet: longer than they may lag in all. */
const READING_PAUSES = [0, 2 * SECOND, 4 * SECOND, 8 * SECOND, 20 * SECOND];

export interface OwnershipOptions {
  readonly history: StackHistory;
  readonly clock: Clock;
}

/** Keys that an update may come to. */
interface Candidates {
  readonly location: Location;
  /** those with the wanted domains */
  readonly fitting: readonly ApiKey[];
  /** the one among them that the resource has */
  readonly own: ApiKey | undefined;
}

/** A key with the id that the resource has for it, to the letter. */
interface OwnKey {
  readonly id: string;
  readonly key: ApiKey;
}

/** Whose a key is, as far as a stack's own events prove it. Where they prove nothing, it is somebody else's. */
export class Ownership {
  constructor(private readonly options: OwnershipOptions) {}

  /** The key that an update leads back to on a rollback; otherwise the own one, if it is handed over. */
  public async formerOrHandedOver(
    event: UpdateEvent,
    old: WantedKey | undefined,
    wanted: WantedKey,
    { location, fitting, own }: Candidates,
    limit: TimeLimit,
  ): Promise<OwnKey | undefined> {
    if (fitting.length === 0) return undefined;
    const history = await this.historyWith(event, limit);
    if (!history) return undefined;
    if (history.rollingBack) {
      const id = history.idBefore ?? '';
      const wasOwn = isKeyOf(referenceIn(location, id));
      const key = fitting.find(candidate => wasOwn(candidate.key));
      return key && { id, key };
    }
    const handedOver = old?.existingApiKey !== undefined && sameButForOrigin(old, wanted);
    return handedOver && own ? { id: event.physicalResourceId, key: own } : undefined;
  }

  /** What the resource's key was recorded for; `undefined` where the events do not tell. */
  public async recordedWish(event: UpdateEvent, limit: TimeLimit): Promise<WantedKey | undefined> {
    const history = await this.historyWith(event, limit, 0);
    const recorded = history?.recordedWith(event.physicalResourceId);
    if (recorded === undefined) return undefined;
    // what is not shown whole may be the same
    return readWantedKey(requestOf(event).asksFor(recorded) ? event.properties : recorded);
  }

  /**
   * Whether a key made elsewhere, which is to be deleted, was handed over. The event's own properties do not tell: after
   * an update that failed they may be those of the update, or of its rollback.
   */
  public async isHandedOver({ properties, ...event }: DeleteEvent, limit: TimeLimit): Promise<boolean> {
    const id = event.physicalResourceId;
    const isShown = (history: ResourceHistory) => history.isDeleting(id);
    const history = await this.historyShowing(isShown, event, limit, 0);
    if (!history) return false;
    const recorded = history.recordedWith(id);
    if (recorded !== undefined) return existingApiKeyIn(recorded) === undefined;
    // recorded so long ago that there are no events of it any more
    return existingApiKeyIn(properties) === undefined && !history.hasFailed;
  }

  /**
   * Whether a new key was made for a request whose answer was lost, rather than for another resource of the stack or
   * for a duplicate of the request.
   */
  public async isMadeFor(
    event: CreateEvent | UpdateEvent,
    wanted: WantedKey,
    { key, createdAt }: ApiKey,
    limit: TimeLimit,
  ): Promise<boolean> {
    const { clock } = this.options;
    // whoever made the key may have been asked for it so late that the events do not show it yet
    const wait = createdAt.getTime() + FIRST_EVENT_LAG - clock.now();
    if (wait > 0) await clock.sleep(wait, limit.signal);
    // the stack may have settled since: look back as far as any request that may still be at work
    const since = event.requestedAt && event.requestedAt - SERVICE_TIMEOUT_SECONDS * SECOND;
    const history = await readResourceHistory(event, this.options, limit, since);
    if (!history) return false;
    // events that do not show this very request do not show the others either
    const id = physicalIdOf(locationOf(wanted.scope, event.stackRegion), key);
    const standing = history.standingOf(requestOf(event), id);
    const isShown = standing === Standing.AWAITED || standing === Standing.GIVEN_UP;
    const wantsTheSame = (properties: unknown) => mayWantTheSame(properties, wanted);
    return isShown && history.others(RESOURCE_TYPE, wantsTheSame).length === 0;
  }

  /** The history of the resource, once it shows this request: before, it may be that of the operation before. */
  private historyWith(
    event: UpdateEvent,
    limit: TimeLimit,
    since?: number,
  ): Promise<ResourceHistory | undefined> {
    const request = requestOf(event);
    const isShown = (history: ResourceHistory) => history.standingOf(request) === Standing.AWAITED;
    return this.historyShowing(isShown, event, limit, since);
  }

  private async historyShowing(
    isShown: (history: ResourceHistory) => boolean,
    event: Pick<ResourceEvent, 'stackId' | 'logicalResourceId'>,
    limit: TimeLimit,
    since?: number,
  ): Promise<ResourceHistory | undefined> {
    const { clock } = this.options;
    for (const pause of READING_PAUSES) {
      await clock.sleep(pause, limit.signal);
      const at = Math.min(limit.at, Math.max(limit.at - MAKING_RESERVE, clock.now() + READING_PATIENCE));
      const history = await readResourceHistory(event, this.options, { ...limit, at }, since);
      if (!history || isShown(history)) return history;
    }
    return undefined;
  }
}

/** Whether properties, as far as they can be read, ask for a key of the same scope and domains. */
function mayWantTheSame(properties: unknown, wanted: WantedKey): boolean {
  const other = readWantedKey(properties);
  return (
    !other || (other.scope === wanted.scope && sameTokenDomains(other.tokenDomains, wanted.tokenDomains))
  );
}
