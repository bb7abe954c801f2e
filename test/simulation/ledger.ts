import { createHash } from 'node:crypto';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { WafKey } from '../../local-aws/wafv2';

/** One CreateAPIKey, and what its caller could know of its effect. */
export interface CreationCall {
  readonly sentAt: number;
  readonly region: string;
  readonly scope: string;
  readonly domains: readonly string[];
  made?: MadeKey;
  /** Whether the caller was told, one way or the other. */
  clear: boolean;
  endedAt?: number;
}

/** One run of the function. */
export interface Invocation {
  readonly number: number;
  /** Which environment it ran in. */
  readonly environment: number;
  readonly event: CloudFormationCustomResourceEvent;
  readonly startedAt: number;
  readonly creations: CreationCall[];
  /** What went wrong around it. */
  readonly troubles: Set<string>;
  /** Keys that the lists which reached it showed. */
  readonly seen: Set<string>;
  /** Digests of keys that its log names. */
  readonly logged: Set<string>;
  /** When its role was first found gone after it had made a key. */
  deniedAt?: number;
  end?: 'done' | 'failed' | 'killed' | 'timed out';
  endedAt?: number;
}

/** A key with its origin and its fate. */
export interface MadeKey {
  readonly key: WafKey;
  readonly digest: string;
  /** Absent for a key made by hand. */
  readonly maker?: Invocation;
  readonly madeAt: number;
  goneAt?: number;
  goneByHand?: boolean;
}

/** Who made each key, and whose it is now: known from the calls alone, not from what the handler believes. */
export class Ledger {
  readonly keys = new Map<string, MadeKey>();
  readonly invocations: Invocation[] = [];
  /** Keys that were named and then handed over, with the resource that has them now. */
  private readonly handedOver = new Map<string, string>();
  /** Those that were named again since: a rollback of that gives them back. */
  private readonly takenBack = new Map<string, string>();
  /** Keys of two owners that nobody could have told apart. */
  private readonly coincidences = new Set<string>();

  constructor(private readonly now: () => number) {}

  record(key: WafKey, maker?: Invocation): MadeKey {
    const digest = createHash('sha256').update(key.apiKey).digest('hex');
    const made: MadeKey = { key, digest, maker, madeAt: this.now() };
    this.keys.set(key.apiKey, made);
    return made;
  }

  recordGone(apiKey: string, byHand: boolean): void {
    const made = this.keys.get(apiKey);
    if (!made || made.goneAt !== undefined) return;
    made.goneAt = this.now();
    made.goneByHand = byHand;
  }

  handOver(apiKey: string, resource: string): void {
    this.handedOver.set(apiKey, resource);
  }

  takeBack(apiKey: string): void {
    const owner = this.handedOver.get(apiKey);
    if (owner !== undefined) this.takenBack.set(apiKey, owner);
    this.handedOver.delete(apiKey);
  }

  /** Whether a key had been handed over to a resource before it was named again. */
  wasHandedOver(apiKey: string, resource: string): boolean {
    return this.takenBack.get(apiKey) === resource;
  }

  ownerOf(apiKey: string): string | undefined {
    return this.handedOver.get(apiKey) ?? this.makerOf(apiKey);
  }

  owns(resource: string, apiKey: string): boolean {
    return this.ownerOf(apiKey) === resource || this.sharesIt(resource, apiKey);
  }

  /** Whether a resource is one of two that take a key for their own; the other may have had it handed over. */
  private sharesIt(resource: string, apiKey: string): boolean {
    if (this.isCoincidence(resource, apiKey)) return true;
    return this.makerOf(apiKey) === resource && this.isShared(apiKey);
  }

  private makerOf(apiKey: string): string | undefined {
    const maker = this.keys.get(apiKey)?.maker;
    return maker && resourceOf(maker.event);
  }

  /** Whether two resources have to take a key for their own. */
  isShared(apiKey: string): boolean {
    return [...this.coincidences].some(coincidence => coincidence.endsWith(` ${apiKey}`));
  }

  invocationsFor(requestId: string): Invocation[] {
    return this.invocations.filter(({ event }) => event.RequestId === requestId);
  }

  /**
   * Whether a resource had to take another's key for its own: its CreateAPIKey got no clear answer and had no effect
   * yet, and within that time another stack, or somebody by hand, made the very first key with these domains.
   */
  private isCoincidence(resource: string, apiKey: string): boolean {
    if (this.coincidences.has(`${resource} ${apiKey}`)) return true;
    const found = this.keys.get(apiKey);
    if (!found) return false;
    const fits = this.invocations
      .filter(({ event }) => resourceOf(event) === resource)
      .some(invocation => this.mayHaveTakenThis(invocation, found));
    if (fits) this.coincidences.add(`${resource} ${apiKey}`);
    return fits;
  }

  /** Whether an invocation may have taken another's key for its own, and lost it to its owner. */
  mayHaveTaken(invocation: Invocation): boolean {
    return [...this.keys.values()].some(
      found => found.goneAt !== undefined && this.mayHaveTakenThis(invocation, found),
    );
  }

  private mayHaveTakenThis(invocation: Invocation, found: MadeKey): boolean {
    const isOfAnotherStack = found.maker?.event.StackId !== invocation.event.StackId;
    const lost = invocation.creations.find(call => isWithoutTrace(call) && couldHaveMade(call, found));
    return isOfAnotherStack && lost !== undefined && !this.hadSeenRivals(invocation, found);
  }

  /** Whether the keys that were listed told that others make such keys as well. */
  private hadSeenRivals({ event, seen }: Invocation, found: MadeKey): boolean {
    return [...this.keys.values()].some(other => {
      const { key } = other;
      const isOwn = this.ownerOf(key.apiKey) === resourceOf(event);
      return other !== found && !isOwn && isSameKind(key, found.key) && seen.has(key.apiKey);
    });
  }
}

/** Whether a key was made where, and about when, a call that got no clear answer could have made it. */
function couldHaveMade(call: CreationCall, { key, madeAt }: MadeKey): boolean {
  const until = call.endedAt ?? Number.POSITIVE_INFINITY;
  const isMeanwhile = madeAt >= call.sentAt - CLOCK_SLACK && madeAt <= until + CLOCK_SLACK;
  return isMeanwhile && isSameKind({ ...call, tokenDomains: call.domains }, key);
}

/** Whether nobody could tell, when the call had ended without a clear answer, that it would have an effect. */
function isWithoutTrace({ clear, made, endedAt = Number.POSITIVE_INFINITY }: CreationCall): boolean {
  return !clear && (!made || made.madeAt > endedAt);
}

/** How far the handler must take WAF's clock to be off, and how far it is off here. */
const CLOCK_SLACK = 3000;

export function resourceOf({
  StackId,
  LogicalResourceId,
}: Pick<CloudFormationCustomResourceEvent, 'StackId' | 'LogicalResourceId'>): string {
  return `${StackId} ${LogicalResourceId}`;
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
