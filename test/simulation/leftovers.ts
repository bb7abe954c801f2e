import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Account } from './account';
import { type CreationCall, type Invocation, isSameKind, type MadeKey, resourceOf } from './ledger';

/** Checks the fourth rule when all is over: counts the keys that are left by cause. */
export function countLeftovers(account: Account): void {
  for (const key of account.ledger.keys.values()) {
    const owner = account.ledger.ownerOf(key.key.apiKey);
    if (!owner || key.goneAt !== undefined) continue;
    const cause = key.maker ? causeOf(account, key) : causeOfKeptHandOver(account, key);
    const name = `${key.digest.slice(0, 6)} of ${owner}`;
    if (!cause) account.violation(4, `${name} is left for no reason`);
    else account.count(`left: ${cause}`);
    account.trace(() => `left: ${name}, ${cause}`);
    if (!key.maker) continue;
    const wasKnown = callOf(key)?.clear === true && key.maker.end !== 'killed';
    if (wasKnown && account.isRealHandler && !key.maker.logged.has(key.digest)) {
      account.violation(4, `${name} is left without a line in the log`);
    }
  }
}

function causeOf(account: Account, key: MadeKey): string | undefined {
  const { maker } = key;
  if (!maker) return undefined;
  const { troubles, end } = maker;
  if (account.ledger.isShared(key.key.apiKey)) return 'coincidence';
  if (wasSkipped(account, key)) return 'RETAIN';
  if (wasOnlyUsed(account, key)) return 'it was named by ExistingApiKey';
  if (end === 'killed') return 'the environment was killed after CreateAPIKey';
  const lost = causeOfLoss(account, key);
  if (lost) return `the answer of CreateAPIKey was lost: ${lost}`;
  const failed = causeOfFailedDeletion(account, key);
  if (failed) return `its deletion failed: ${failed}`;
  const missed = causeOfMissedRole(account, key);
  if (missed) return `the role was gone: ${missed}`;
  if (!wasConcealed(account, key)) {
    if (troubles.has('refused')) return 'WAF refused to delete it';
    if (troubles.has('outage')) return 'WAF was out of order';
  }
  if (troubles.has('eventsDenied')) return 'cancelled, and the events were denied';
  if (account.conditions.eventsLagMs > 20_000) return 'cancelled, and the events came too late';
  if (end === 'failed' && troubles.has('put')) return 'its answer could not be delivered';
  return undefined;
}

/** Why a key made by hand, which was handed over, was not deleted. */
function causeOfKeptHandOver(account: Account, key: MadeKey): string | undefined {
  if (account.ledger.isShared(key.key.apiKey)) return 'coincidence';
  if (wasSkipped(account, key)) return 'RETAIN';
  const failed = causeOfFailedDeletion(account, key);
  if (failed) return `its deletion failed: ${failed}`;
  return account.conditions.eventsDenied ? 'handed over, and the events were denied' : undefined;
}

/** Whether CloudFormation took an answer of the run that made the key, and was not told of the key. */
function wasConcealed(account: Account, { maker, digest }: MadeKey): boolean {
  if (!maker) return false;
  const { RequestId } = maker.event;
  const id = account.responses.accepted.get(RequestId)?.PhysicalResourceId ?? '';
  return account.responses.acceptedFrom.get(RequestId) === maker && !id.endsWith(digest);
}

/** Why a run that had made a key was not done before its role went. */
function causeOfMissedRole(account: Account, { maker }: MadeKey): string | undefined {
  if (maker?.deniedAt === undefined) return undefined;
  const { event, deniedAt, troubles } = maker;
  const { engine } = account.cloudFormation;
  const events = engine.stacks.find(({ id }) => id === event.StackId)?.events ?? [];
  const isRetained = events.some(
    ({ logicalId, status }) => logicalId === event.LogicalResourceId && status === 'DELETE_SKIPPED',
  );
  if (isRetained) return 'RETAIN let nobody wait for it';
  const hadTime = account.lambda.sent.some(
    ({ event: other, sentAt }) =>
      other.RequestType === 'Delete' &&
      resourceOf(other) === resourceOf(event) &&
      deniedAt - sentAt > GRACE &&
      sentAt >= maker.startedAt - GRACE,
  );
  if (hadTime) return causeOfDelay(account, maker);
  // no Delete waits for it: the one that came had the id of the key before the update
  if (event.RequestType === 'Update') return 'the stack was deleted right after the update was cancelled';
  const isAlone = account.ledger.invocationsFor(event.RequestId).length === 1;
  return !isAlone || troubles.has('repeated') || troubles.has('late') ? 'it came late or twice' : undefined;
}

/** Why a cancelled request took longer than it is given: where nothing goes wrong, it does not. */
function causeOfDelay(account: Account, { troubles }: Invocation): string | undefined {
  if (troubles.has('eventsDenied')) return 'the events were denied';
  if (account.conditions.eventsLagMs > 3000) return 'the events came too late';
  const others = [...troubles].filter(trouble => trouble !== 'denied');
  return others.length > 0 ? 'it took too long to notice' : undefined;
}

/** What a cancelled request has to notice it and to clean up. */
const GRACE = 40_000;

function wasSkipped(account: Account, { digest }: MadeKey): boolean {
  return account.cloudFormation.engine.stacks.some(({ events }) =>
    events.some(({ status, physicalId }) => status === 'DELETE_SKIPPED' && physicalId.endsWith(digest)),
  );
}

function wasOnlyUsed(account: Account, { digest, key }: MadeKey): boolean {
  return account.lambda.sent.some(
    ({ event }) =>
      event.RequestType === 'Delete' &&
      event.PhysicalResourceId.endsWith(digest) &&
      event.ResourceProperties.ExistingApiKey === key.apiKey,
  );
}

/** Why the handler could not find, or not take for its own, a key that it was not told of. */
function causeOfLoss(account: Account, key: MadeKey): string | undefined {
  const call = callOf(key);
  const { maker, madeAt } = key;
  if (!call || !maker || call.clear) return undefined;
  const endedAt = call.endedAt ?? Number.POSITIVE_INFINITY;
  if (madeAt > endedAt) return 'it was made after the caller had given up';
  if (maker.creations.filter(({ clear, made }) => !clear && made).length > 1) return 'more than once';
  if (hasRivals(account, key, call)) return 'it could have been another’s';
  const missed = causeOfMissedRole(account, key);
  if (missed) return `the role was gone: ${missed}`;
  if (maker.troubles.has('eventsDenied')) return 'the events were denied';
  if (maker.troubles.has('refused')) return 'WAF refused for good';
  if (maker.troubles.has('outage')) return 'WAF was out of order';
  return undefined;
}

/** Until when a run looked for the key of a call: until its next attempt, or its own end. */
function endOfLook({ creations, endedAt }: Invocation, call: CreationCall): number {
  const next = creations.find(({ sentAt }) => sentAt > (call.endedAt ?? call.sentAt));
  return next?.sentAt ?? endedAt ?? Number.POSITIVE_INFINITY;
}

function hasRivals(account: Account, { key, maker }: MadeKey, call: CreationCall): boolean {
  if (!maker) return false;
  const { event } = maker;
  const own = event.RequestType === 'Update' ? event.PhysicalResourceId : '';
  const until = endOfLook(maker, call);
  const isThere = [...account.ledger.keys.values()].some(
    other =>
      other.key !== key &&
      isSameKind(other.key, key) &&
      !own.endsWith(other.digest) &&
      other.madeAt < until &&
      (other.goneAt ?? Number.POSITIVE_INFINITY) + account.conditions.listLagMs > maker.startedAt,
  );
  const isWanted = account.lambda.sent.some(
    ({ event: other, sentAt }) =>
      other.StackId === event.StackId &&
      other.LogicalResourceId !== event.LogicalResourceId &&
      sentAt < until &&
      isSameKind({ ...key, ...kindOf(other.ResourceProperties, key.region) }, key),
  );
  return isThere || isWanted;
}

function kindOf(
  { Scope, TokenDomains }: CloudFormationCustomResourceEvent['ResourceProperties'],
  region: string,
) {
  return { region, scope: String(Scope), tokenDomains: TokenDomains ?? [] };
}

function causeOfFailedDeletion(account: Account, { digest }: MadeKey): string | undefined {
  const deletions = account.lambda.sent.filter(
    ({ event }) => event.RequestType === 'Delete' && event.PhysicalResourceId.endsWith(digest),
  );
  if (deletions.length === 0) return undefined;
  const runs = deletions.flatMap(({ event }) => account.ledger.invocationsFor(event.RequestId));
  if (runs.some(({ troubles }) => troubles.has('refused'))) return 'WAF refused for good';
  if (runs.some(({ troubles }) => troubles.has('outage'))) return 'WAF was out of order';
  if (runs.every(({ end }) => end === 'killed')) return 'every run was killed';
  if (runs.some(({ troubles }) => troubles.has('denied'))) return 'the role was gone';
  return undefined;
}

function callOf({ key, maker }: MadeKey): CreationCall | undefined {
  return maker?.creations.find(({ made }) => made?.key === key);
}
