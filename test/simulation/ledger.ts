import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent as Event } from 'aws-lambda';
import type { Stack } from '../../local-aws/cloudformation';
import type { WafKey } from '../../local-aws/wafv2';

/** One CreateAPIKey, and what its caller could know of its effect. */
export interface CreationCall {
  created?: KnownKey;
  /** Whether the caller was told, one way or the other. */
  isClear: boolean;
  endedAt?: number;
}

/** One run of the function. */
export interface Invocation {
  readonly number: number;
  /** Which environment it ran in. */
  readonly environment: number;
  readonly event: Event;
  readonly startedAt: number;
  readonly creations: CreationCall[];
  /** What went wrong around it. */
  readonly troubles: Set<string>;
  /** Digests of keys that its log names. */
  readonly logged: Set<string>;
  /** When it was first without its role after it had created a key. */
  deniedAt?: number;
  end?: 'done' | 'failed' | 'killed' | 'timed out';
  endedAt?: number;
}

/** A key with its origin and its fate. */
export interface KnownKey {
  readonly key: WafKey;
  readonly digest: string;
  /** Absent for a key created by hand. */
  readonly creator?: Invocation;
  readonly createdAt: number;
  /** The resources that CloudFormation was told to have it. */
  readonly holders: Set<string>;
  /** Those of them that had it as the stack's own. */
  readonly owners: Set<string>;
  /** Those that own it no more: CloudFormation has left it to the user, as their policy asks. */
  readonly givenUpBy: Map<string, GivenUp>;
  /** No stack owns it: created by hand, or its owner went while another resource of the stack used it. */
  isReleased: boolean;
  /** Whether that was ever so: the rollback of a hand-over brings it back. */
  wasReleased: boolean;
  goneAt?: number;
  isGoneByHand?: boolean;
}

interface GivenUp {
  /** Whether the resource has an id that names the key as the previous one, from an attempt that stopped at a failure. */
  readonly isStillNamed: boolean;
}

/** A response as CloudFormation reads it. */
export interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly APIKey?: string };
  readonly RequestId: string;
}

/** A key that a resource has under an id. */
interface Copy {
  readonly id: string;
  readonly known: KnownKey;
  readonly isImported: boolean;
  /** When CloudFormation was first told of it. */
  readonly since: number;
}

/** What is known of a key at a deletion. */
export interface Uses {
  /** Whether CloudFormation ever wrote an id down: a response to a cancelled request may come to nothing. */
  isRecorded(id: string): boolean;
  /** Whether another resource uses a key. */
  isUsed(apiKey: string): boolean;
}

/** Who created each key, and whose it is: known from the calls and the responses, not from what the handler believes. */
export class Ledger {
  /** By API key. */
  readonly keys = new Map<string, KnownKey>();
  readonly invocations: Invocation[] = [];
  private readonly byDigest = new Map<string, KnownKey>();
  /** Which key a resource has under an id, and whether it only uses it; by resource and id. */
  private readonly copies = new Map<string, Copy>();
  /** How many events of each stack have been read, by its id. */
  private readonly eventsRead = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  record(key: WafKey, creator?: Invocation): KnownKey {
    const digest = createHash('sha256').update(key.apiKey).digest('hex');
    const resources = {
      holders: new Set<string>(),
      owners: new Set<string>(),
      givenUpBy: new Map<string, GivenUp>(),
    };
    const isReleased = creator === undefined;
    const state = { createdAt: this.now(), isReleased, wasReleased: isReleased };
    const known: KnownKey = { key, digest, creator, ...state, ...resources };
    this.keys.set(key.apiKey, known);
    this.byDigest.set(digest, known);
    return known;
  }

  recordGone(apiKey: string, isByHand: boolean): void {
    const known = this.keys.get(apiKey);
    if (!known || known.goneAt !== undefined) return;
    known.goneAt = this.now();
    known.isGoneByHand = isByHand;
  }

  /** Notes that a resource has a key under an id. */
  noteCopy(event: Event, id: string, known: KnownKey): void {
    const resource = resourceOf(event);
    const isImported = event.ResourceProperties.ExistingApiKey === known.key.apiKey;
    const since = this.copies.get(`${resource} ${id}`)?.since ?? this.now();
    this.copies.set(`${resource} ${id}`, { id, known, isImported, since });
    known.holders.add(resource);
    known.isReleased = isImported ? known.isReleased || known.wasReleased : false;
    if (isImported) return;
    known.owners.add(resource);
    known.givenUpBy.delete(resource);
  }

  /** Notes the ids whose deletion CloudFormation has skipped: the keys are the user's from then on. */
  noteSkipped(stacks: readonly Stack[]): void {
    for (const { id: StackId, events } of stacks) {
      const unread = events.slice(this.eventsRead.get(StackId) ?? 0);
      this.eventsRead.set(StackId, events.length);
      const stopped = events.filter(
        ({ physicalId, status }) => physicalId === StackId && status === 'UPDATE_FAILED',
      );
      for (const { status, logicalId, physicalId } of unread) {
        const resource = resourceOf({ StackId, LogicalResourceId: logicalId });
        const stoppedAt = stopped.at(-1)?.timestamp ?? 0;
        if (status === 'DELETE_SKIPPED') this.noteGivenUp(resource, physicalId, stoppedAt);
      }
    }
  }

  /** Notes that the deletion of an id has succeeded. */
  noteDeletion(event: Event, id: string, { isRecorded, isUsed }: Uses): void {
    this.copies.delete(`${resourceOf(event)} ${id}`);
    const isOwned = (known: KnownKey) =>
      [...this.copies.values()].some(copy => copy.known === known && !copy.isImported && isRecorded(copy.id));
    for (const known of this.named(id)) {
      if (known.goneAt !== undefined || isOwned(known) || !isUsed(known.key.apiKey)) continue;
      known.isReleased = true;
      known.wasReleased = true;
    }
  }

  private noteGivenUp(resource: string, id: string, stoppedAt: number): void {
    this.copies.delete(`${resource} ${id}`);
    const [known] = this.named(id);
    const own = [...this.copies].filter(([copy]) => copy.startsWith(`${resource} `)).map(([, copy]) => copy);
    // the same key under another id stays the stack's
    if (!known || own.some(copy => copy.known === known && !copy.isImported)) return;
    const isStillNamed = own.some(
      copy => copy.since < stoppedAt && this.named(copy.id).slice(1).includes(known),
    );
    known.owners.delete(resource);
    known.givenUpBy.set(resource, { isStillNamed });
  }

  /** Whether a resource may be told to have a key that its properties do not name. */
  mayReturn(event: Event, { creator, holders }: KnownKey): boolean {
    const resource = resourceOf(event);
    return holders.has(resource) || (creator !== undefined && resourceOf(creator.event) === resource);
  }

  /** Whether a request may delete a key: one of the stack's own that its id names, or that was created for it. */
  mayDelete(event: Event, known: KnownKey): boolean {
    const resource = resourceOf(event);
    const { creator, owners, givenUpBy } = known;
    const givenUp = givenUpBy.get(resource);
    if (givenUp) return givenUp.isStillNamed;
    const copy =
      event.RequestType === 'Delete' ? this.copies.get(`${resource} ${event.PhysicalResourceId}`) : undefined;
    if (copy?.known === known) return !copy.isImported;
    return owners.has(resource) || (creator !== undefined && resourceOf(creator.event) === resource);
  }

  /** The keys that an id names. */
  named(id: string): KnownKey[] {
    return [...id.matchAll(/[0-9a-f]{64}/g)].flatMap(([digest]) => this.byDigest.get(digest) ?? []);
  }

  invocationsFor(requestId: string): Invocation[] {
    return this.invocations.filter(({ event }) => event.RequestId === requestId);
  }
}

export function resourceOf({
  StackId,
  LogicalResourceId,
}: Pick<Event, 'StackId' | 'LogicalResourceId'>): string {
  return `${StackId} ${LogicalResourceId}`;
}

export function stackOf(resource: string): string {
  return resource.slice(0, resource.indexOf(' '));
}

interface Kind {
  readonly region: string;
  readonly scope: string;
  readonly tokenDomains: readonly string[];
}

/** Whether two keys hold the same domains in the same place. */
export function isSameKind(one: Kind, other: Kind): boolean {
  return one.region === other.region && one.scope === other.scope && domainsOf(one) === domainsOf(other);
}

function domainsOf({ tokenDomains }: Kind): string {
  return [...new Set(tokenDomains.map(domain => domain.toLowerCase()))].sort().join(' ');
}
