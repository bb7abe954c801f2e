import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Stack } from '../../local-aws/cloudformation';
import type { Account } from './account';
import { type Invocation, isSameKind, type MadeKey } from './ledger';
import { domainsOf, isSameWish, type Key } from './template';

/** A settled operation on a stack, and how things stood before it. */
export interface Snapshot {
  readonly stack: Stack;
  readonly begunAt: number;
  /** The same, or when its rollback was continued: what came before that has been judged. */
  readonly startedAt: number;
  /** What the operation was to bring about. */
  readonly wanted: readonly Key[];
  /** What was deployed before. */
  readonly deployed: readonly Key[];
  /** The outputs before, by logical id. */
  readonly apiKeys: ReadonlyMap<string, string | undefined>;
}

/** The longest that the handler waits for events that prove a rollback. */
const EVENTS_PATIENCE = 34_000;

/** Checks rules 2, 3 and 5 after an operation. */
export function judge(account: Account, snapshot: Snapshot): void {
  const { stack } = snapshot;
  account.trace(() => `${stack.name}: ${stack.status}`);
  checkRequests(account, snapshot);
  switch (stack.status) {
    case 'CREATE_COMPLETE':
    case 'UPDATE_COMPLETE':
      for (const key of snapshot.wanted) checkOutput(account, snapshot, key);
      return;
    case 'UPDATE_ROLLBACK_COMPLETE':
      for (const key of snapshot.deployed) checkRollback(account, snapshot, key);
      return;
    case 'ROLLBACK_COMPLETE':
    case 'DELETE_COMPLETE':
    // each of these has a request that failed, which has been looked at
    case 'ROLLBACK_FAILED':
    case 'UPDATE_ROLLBACK_FAILED':
    case 'DELETE_FAILED':
      return;
    default:
      account.violation(5, `${stack.name} is stuck in ${stack.status}`);
  }
}

/** The second rule. */
function checkOutput(account: Account, snapshot: Snapshot, key: Key): void {
  const { stack, apiKeys, deployed } = snapshot;
  const output = outputOf(account, stack, key);
  if (!output) return;
  const what = `${stack.name} ${key.logicalId}: ${output.digest.slice(0, 6)}`;
  const wanted = { ...key, region: regionOf(stack, key), tokenDomains: domainsOf(key) };
  if (!isSameKind(output.key, wanted)) account.violation(2, `${what} is for ${output.key.tokenDomains}`);
  if (key.existingApiKey && key.existingApiKey !== output.key.apiKey) {
    account.violation(2, `${what} is not the one that ExistingApiKey names`);
  }
  checkIsLive(account, snapshot, key, output, 2);
  const before = deployed.find(({ logicalId }) => logicalId === key.logicalId);
  const apiKeyBefore = apiKeys.get(key.logicalId);
  if (!before || apiKeyBefore === undefined) return;
  const isSame = output.key.apiKey === apiKeyBefore;
  const wasDeleted = account.ledger.keys.get(apiKeyBefore)?.goneByHand === true;
  if (isSameWish(before, key) && !isSame && !wasDeleted) {
    const isHandedOver = before.existingApiKey !== undefined && !key.existingApiKey;
    const isShared = account.ledger.isShared(apiKeyBefore);
    const cause = (isHandedOver || isShared) && causeOfDoubt(account, snapshot, key, apiKeyBefore);
    if (cause) account.count(`a new key although the wish was the same: ${cause}`);
    else account.violation(2, `${what} was not asked for`);
  }
  if (before.rotation !== key.rotation && isSame && !key.existingApiKey) {
    account.violation(2, `${what} should have been rotated`);
  }
}

/** The third rule. */
function checkRollback(account: Account, snapshot: Snapshot, key: Key): void {
  const { stack, apiKeys } = snapshot;
  const before = apiKeys.get(key.logicalId);
  const output = outputOf(account, stack, key);
  if (before === undefined || !output) return;
  if (output.key.apiKey === before) {
    checkIsLive(account, snapshot, key, output, 3);
    return;
  }
  const wasDeleted = account.ledger.keys.get(before)?.goneByHand === true;
  const cause = wasDeleted ? 'it was deleted by hand' : causeOfDoubt(account, snapshot, key, before);
  if (cause) account.count(`rolled back to another key than before: ${cause}`);
  else account.violation(3, `${stack.name} ${key.logicalId} came back with ${output.digest.slice(0, 6)}`);
}

/** Why the handler could not prove whose a key is. */
function causeOfDoubt(account: Account, snapshot: Snapshot, key: Key, apiKey = ''): string | undefined {
  if (account.ledger.isShared(apiKey)) return 'another stack had taken it by coincidence';
  const updates = updatesOf(account, snapshot, key);
  if (updates.some(({ troubles }) => troubles.has('eventsDenied'))) return 'the events were denied';
  const { eventsLagMs, eventsHideRotation, listLagMs, variants } = account.conditions;
  if (eventsLagMs > EVENTS_PATIENCE) return 'the events came too late';
  const isAmbiguous = eventsLagMs > 0 || variants.failedRollbackLeaves === 'attempted';
  if (eventsHideRotation && isAmbiguous && isRotated(snapshot, key)) return 'its rotation was hidden';
  const listedFrom = (account.ledger.keys.get(apiKey)?.madeAt ?? 0) + listLagMs;
  // where the present key is in another list, nothing tells that this one lags
  const isMissed = ({ event, startedAt }: Invocation) => startedAt < listedFrom && isElsewhere(event);
  return updates.some(isMissed) ? 'it was too new to be listed' : undefined;
}

/** Whether the operation was to lead from one label to another. */
function isRotated({ wanted, deployed }: Snapshot, { logicalId }: Key): boolean {
  const labels = [wanted, deployed].map(keys => keys.find(key => key.logicalId === logicalId)?.rotation ?? 0);
  return labels.every(label => label > 0) && labels[0] !== labels[1];
}

/** Whether a resource's present key is in another scope than the wanted one. */
function isElsewhere(event: CloudFormationCustomResourceEvent): boolean {
  return (
    event.RequestType === 'Update' &&
    !event.PhysicalResourceId.startsWith(`WafCaptchaApiKey/${event.ResourceProperties.Scope}/`)
  );
}

function checkIsLive(account: Account, snapshot: Snapshot, key: Key, output: MadeKey, rule: number): void {
  if (output.goneAt === undefined) return;
  if (account.ledger.isShared(output.key.apiKey)) {
    account.count('a key that another stack took for its own by coincidence is gone');
    return;
  }
  const what = `${snapshot.stack.name} ${key.logicalId}: ${output.digest.slice(0, 6)}`;
  if (!output.goneByHand) account.violation(rule, `${what} does not exist`);
  const goneAt = output.goneAt + account.conditions.listLagMs;
  const noticed = updatesOf(account, snapshot, key).some(
    ({ event, startedAt }) => event.RequestType === 'Update' && startedAt > goneAt,
  );
  if (output.goneByHand && noticed && rule === 2)
    account.violation(2, `${what} was deleted by hand and not made anew`);
}

/** The key of an output, with its history. */
function outputOf(account: Account, stack: Stack, { logicalId }: Key): MadeKey | undefined {
  const apiKey = stack.resources.get(logicalId)?.attributes.APIKey;
  const found = typeof apiKey === 'string' ? account.ledger.keys.get(apiKey) : undefined;
  if (!found) account.violation(2, `${stack.name} ${logicalId}: expected an APIKey, got ${apiKey}`);
  const id = stack.resources.get(logicalId)?.physicalId ?? '';
  if (found && account.isRealHandler && !id.endsWith(found.digest)) {
    account.violation(2, `${stack.name} ${logicalId}: ${id} is not the id of its APIKey`);
  }
  return found;
}

/** The runs for what the operation asked of a resource; what an earlier one asked may come late. */
function updatesOf(account: Account, { stack, begunAt }: Snapshot, { logicalId }: Key): Invocation[] {
  return account.lambda.sent
    .filter(({ event, sentAt }) => sentAt >= begunAt && event.RequestType !== 'Delete')
    .filter(({ event }) => event.StackId === stack.id && event.LogicalResourceId === logicalId)
    .flatMap(({ event }) => account.ledger.invocationsFor(event.RequestId));
}

function regionOf(stack: Stack, { scope }: Key): string {
  return scope === 'CLOUDFRONT' ? 'us-east-1' : stack.region;
}

/** The fifth rule: every request that failed, or was never answered, has a cause that no handler can mend. */
function checkRequests(account: Account, { stack, startedAt }: Snapshot): void {
  for (const { event, sentAt } of account.lambda.sent) {
    if (event.StackId !== stack.id || sentAt < startedAt) continue;
    const answer = account.responses.accepted.get(event.RequestId);
    if (answer?.Status === 'SUCCESS') continue;
    const runs = account.ledger.invocationsFor(event.RequestId);
    const what = `${stack.name} ${event.LogicalResourceId} ${event.RequestType}`;
    if (answer) {
      const cause = causeOfFailure(account, event, runs);
      if (cause) account.count(`failed: ${cause}`);
      else account.violation(5, `${what} failed without a cause: ${answer.Reason}`);
    } else if (!wasCancelled(stack, event, sentAt)) {
      const cause = causeOfSilence(account, runs);
      if (cause) account.count(`not answered: ${cause}`);
      else account.violation(5, `${what} was not answered`);
    }
  }
}

function causeOfFailure(
  account: Account,
  { ResourceProperties: { ExistingApiKey: named } }: CloudFormationCustomResourceEvent,
  runs: readonly Invocation[],
): string | undefined {
  const had = (trouble: string) => runs.some(({ troubles }) => troubles.has(trouble));
  if (had('refused')) return 'WAF refused for good';
  if (named && account.ledger.keys.get(named)?.goneAt !== undefined) return 'the existing key was deleted';
  const isVictim = runs.some(({ creations }) =>
    creations.some(({ made }) => made && account.ledger.isShared(made.key.apiKey)),
  );
  if (isVictim || runs.some(run => account.ledger.mayHaveTaken(run))) return 'coincidence';
  // what is left for the answer, and for looking for a key that may be lost
  const now = account.clock.now();
  const isLate = runs.some(({ startedAt, endedAt = now }) => endedAt - startedAt > 800_000);
  if (isLate || had('late')) return 'the time was up';
  return undefined;
}

function causeOfSilence(account: Account, runs: readonly Invocation[]): string | undefined {
  if (runs.some(({ troubles }) => troubles.has('putRefused'))) return 'its URL had expired';
  if (runs.length === 0) return account.conditions.rates.late > 0 ? 'Lambda had lost it' : undefined;
  if (runs.every(({ end }) => end === 'killed')) return 'every run was killed';
  if (runs.some(({ end }) => end === 'done')) return undefined;
  return runs.some(({ troubles }) => troubles.has('put')) ? 'the URL was out of order' : undefined;
}

function wasCancelled(
  stack: Stack,
  { LogicalResourceId }: CloudFormationCustomResourceEvent,
  sentAt: number,
) {
  const next = stack.events.find(
    ({ logicalId, timestamp, status }) =>
      logicalId === LogicalResourceId && timestamp >= sentAt && status.endsWith('_FAILED'),
  );
  return next?.reason?.endsWith('cancelled') === true;
}
