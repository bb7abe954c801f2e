import { CANCELLED_REQUEST_GRACE } from '../../lambda/timings';
import type { StackEvent } from '../../local-aws/cloudformation';
import type { Account } from './account';
import { hasDenial, lacksIds } from './judge';
import { type KnownKey, resourceOf } from './ledger';

/** Checks the promise "clean" when all is over: each key that is left has a cause that the design names. */
export function checkLeftovers(account: Account): void {
  for (const known of account.ledger.keys.values()) {
    if (known.goneAt !== undefined || (!known.creator && known.isReleased)) continue;
    const name = `${known.digest.slice(0, 6)} of ${[...known.owners, known.creator?.event.LogicalResourceId].join(', ')}`;
    const cause = causeOf(account, known);
    if (cause) account.count(`left: ${cause}`);
    else account.violation('clean', `${name} is left for no reason`);
    if (cause && !isNamed(account, known) && account.isRealHandler)
      account.violation('clean', `${name} is left without a line in the log: ${cause}`);
  }
}

function causeOf(account: Account, known: KnownKey): string | undefined {
  const { creator, digest } = known;
  const { stacks } = account.cloudFormation.engine;
  const events = stacks
    .flatMap(stack => stack.events)
    .filter(({ physicalId }) => physicalId.includes(digest));
  if (events.some(({ status }) => status === 'DELETE_SKIPPED')) return 'RETAIN';
  const call = creator?.creations.find(({ created }) => created === known);
  if (events.length === 0) {
    if (call && !call.isClear && creator?.end !== 'killed') return 'the response of CreateAPIKey was lost';
    if (creator?.end === 'killed') return 'the environment was killed';
  }
  // a rollback may have gone back to a key that was only used, whatever its template asks for
  const isUsedOnly = !creator && events.every(({ physicalId }) => physicalId.includes(`${digest}/imported`));
  if (known.isReleased || isUsedOnly) return 'a resource used it by ExistingApiKey';
  const deletions = account.lambda.sent.filter(
    ({ event }) =>
      event.RequestType === 'Delete' &&
      event.PhysicalResourceId.includes(digest) &&
      !event.PhysicalResourceId.includes(`${digest}/imported`),
  );
  const resources = new Set([...known.holders, ...(creator ? [resourceOf(creator.event)] : [])]);
  const wasDenied = account.ledger.invocations.some(
    ({ event, troubles }) => troubles.has('denied') && resources.has(resourceOf(event)),
  );
  if (wasDenied && hasDenial(account)) return 'denied reads';
  if (stacks.some(stack => lacksIds(account, stack) && [...resources].some(name => name.includes(stack.id))))
    return 'the events with ids were gone';
  if ([...resources].some(resource => account.skipped.has(resource)))
    return 'a rollback was continued without the resource';
  const isAnswered = ({ event }: (typeof deletions)[number]) =>
    account.responses.accepted.has(event.RequestId);
  if (deletions.length > 0 && !deletions.some(isAnswered)) return 'the Delete came too late';
  const usersGone = events.filter(
    ({ status, physicalId }) => status === 'DELETE_IN_PROGRESS' && physicalId.includes(`${digest}/imported`),
  );
  const isAtOnce = ({ sentAt }: (typeof deletions)[number]) =>
    usersGone.some(({ timestamp }) => Math.abs(timestamp - sentAt) < 120_000);
  if (deletions.some(isAtOnce)) return 'a resource that used it was removed at the same time';
  if (deletions.some(({ event, sentAt }) => mayShowEarlierCleanUp(account, event.StackId, sentAt)))
    return 'the record was late, and showed an earlier clean-up';
  const named = deletions.flatMap(({ event }) =>
    event.RequestType === 'Delete' ? account.ledger.named(event.PhysicalResourceId) : [],
  );
  if (named.some(({ isGoneByHand }) => isGoneByHand)) return 'the previous key of one deleted by hand';
  if (events.length === 0 && creator?.troubles.has('out')) return 'the record could not be read';
  if (creator?.end === 'failed') return 'its response could not be sent';
  // a response that its URL refused tells enough: the record is not asked
  const isRefused = creator?.troubles.has('putRefused') && !creator.troubles.has('put');
  if (events.length === 0 && !isRefused && isInProgressThroughout(account, known))
    return 'in another operation for as long as the record was watched';
  const isCancelled = events.length === 0;
  const isSkipped = ({ logicalId, status }: StackEvent) =>
    status === 'DELETE_SKIPPED' && logicalId === creator?.event.LogicalResourceId;
  if (
    isCancelled &&
    stacks.some(({ id, events: all }) => id === creator?.event.StackId && all.some(isSkipped))
  )
    return 'RETAIN, and the request was cancelled';
  if (creator?.deniedAt !== undefined) return causeOfMissedRole(account, known, creator.deniedAt);
  return account.conditions.timeoutSeconds < 900
    ? `the time of ${account.conditions.timeoutSeconds} s`
    : undefined;
}

/** Whether a late record may show, to the Delete of a stack's deletion, the clean-up of the operation before. */
function mayShowEarlierCleanUp(account: Account, stackId: string, sentAt: number): boolean {
  const stack = account.cloudFormation.engine.stacks.find(({ id }) => id === stackId);
  const own = stack?.events.filter(
    ({ physicalId, timestamp }) => physicalId === stackId && timestamp <= sentAt,
  );
  if (own?.[0] === undefined) return false;
  const from = sentAt - account.conditions.recordLagMs;
  const statuses = own.filter(({ timestamp }) => timestamp >= from).map(({ status }) => status);
  return statuses.at(-1) === 'DELETE_IN_PROGRESS' && statuses.some(status => status.includes('CLEANUP'));
}

/** Why a request that was cancelled was not undone before its role went. */
function causeOfMissedRole(
  account: Account,
  { creator, createdAt }: KnownKey,
  deniedAt: number,
): string | undefined {
  if (!creator) return undefined;
  const { event, troubles } = creator;
  if (account.conditions.readsPerSecond < 10) return 'the quota of reads was used up';
  // no Delete waits for it: the one that came had the id of the key before the update
  if (event.RequestType === 'Update') return 'the stack was deleted right after the update was cancelled';
  if (account.ledger.invocationsFor(event.RequestId).length > 1)
    return 'an event came twice, and the stack was deleted before the record could show which one counts';
  const deleted = account.lambda.sent.find(
    ({ event: other, sentAt }) =>
      other.RequestType === 'Delete' && resourceOf(other) === resourceOf(event) && sentAt <= deniedAt,
  );
  if (!deleted) return undefined;
  const isLate = createdAt > deleted.sentAt + 10_000 || troubles.size > 1;
  if (isLate) return 'cancelled, and the request took too long to notice';
  if (deniedAt - deleted.sentAt < CANCELLED_REQUEST_GRACE) return undefined;
  const requestedAt = account.lambda.sent.find(sent => sent.event.RequestId === event.RequestId)?.sentAt ?? 0;
  const isWithinSecond = deleted.sentAt - requestedAt < account.conditions.variants.signingDelayMs + 2000;
  const isHidden = account.conditions.recordLagMs > CANCELLED_REQUEST_GRACE / 3 || isWithinSecond;
  return isHidden ? 'cancelled, and the role was gone before the record could show it' : undefined;
}

/** Whether the log names the key, where somebody could know of it. */
function isNamed(account: Account, known: KnownKey): boolean {
  const { creator, digest } = known;
  const isLogged = account.ledger.invocations.some(({ logged }) => logged.has(digest));
  if (isLogged || !creator) return true;
  const call = creator.creations.find(({ created }) => created === known);
  const { wafOut, timeoutSeconds } = account.conditions;
  if (creator.end === 'killed') return true;
  if (call?.isClear) return false;
  // its effect came when nobody looked any more
  const isUnseen = wafOut !== undefined || timeoutSeconds < 900 || creator.troubles.has('role');
  return isUnseen || known.createdAt > (call?.endedAt ?? 0);
}

/** Whether the resource was in another operation when its record was looked at for the last time. */
function isInProgressThroughout(account: Account, { creator }: KnownKey): boolean {
  const { stacks } = account.cloudFormation.engine;
  const stack = stacks.find(({ id }) => id === creator?.event.StackId);
  const until = creator?.endedAt ?? 0;
  // the reads may have taken their time
  const from = until - account.conditions.recordLagMs - 30_000;
  const own = stack?.changes.filter(({ logicalId }) => logicalId === creator?.event.LogicalResourceId) ?? [];
  const before = own.findLast(({ at }) => at <= from);
  const shown = own.filter(({ at }) => at > from && at <= until);
  return [before, ...shown].some(change => change?.entry?.status.endsWith('_IN_PROGRESS'));
}
