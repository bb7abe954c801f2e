import type { CloudFormationCustomResourceEvent as Event } from 'aws-lambda';
import { SERVICE_TIMEOUT } from '../../lambda/timings';
import type { Stack } from '../../local-aws/cloudformation';
import type { Account } from './account';
import { type Answer, type Invocation, isSameKind, type KnownKey, stackOf } from './ledger';
import { domainsOf, isPreviousKept, type Key } from './template';

/** How a stack was when it was last settled; by logical id. */
export interface Settled {
  readonly keys: readonly Key[];
  readonly apiKeys: ReadonlyMap<string, string>;
  /** The keys that `keepPreviousKey` keeps. */
  readonly previous: ReadonlyMap<string, string>;
  /** The resources that a rollback was continued without. */
  readonly skipped: Set<string>;
  /** The resources that an attempt since, which stopped at a failure, was to replace without `keepPreviousKey`. */
  readonly replacedForGood: Set<string>;
  readonly at: number;
}

/** An operation on a stack that has come to an end. */
export interface Operation {
  readonly stack: Stack;
  /** What the operation was to bring about. */
  readonly wanted: readonly Key[];
  readonly settled: Settled;
  readonly startedAt: number;
}

/** Checks what can be checked of the promises after an operation. */
export function judge(account: Account, operation: Operation): void {
  const { stack, wanted, settled } = operation;
  account.trace(() => `${stack.name}: ${stack.status}`);
  checkRequests(account, operation);
  switch (stack.status) {
    case 'CREATE_COMPLETE':
    case 'UPDATE_COMPLETE':
      for (const key of wanted) checkOutput(account, operation, key);
      return;
    case 'UPDATE_ROLLBACK_COMPLETE':
      for (const key of settled.keys) checkRollback(account, operation, key);
      return;
    case 'CREATE_FAILED':
    case 'UPDATE_FAILED':
      for (const { logicalId, status } of stack.resources.values()) {
        const known = account.ledger.keys.get(apiKeyOf(stack, logicalId) ?? '');
        if (known && !status.endsWith('_FAILED'))
          checkIsLive(account, operation, logicalId, known, 'continuous');
      }
      return;
    // each of these has a request that failed, which has been looked at
    case 'ROLLBACK_COMPLETE':
    case 'DELETE_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'UPDATE_ROLLBACK_FAILED':
    case 'DELETE_FAILED':
      return;
    default:
      account.violation('live', `${stack.name} is stuck in ${stack.status}`);
  }
}

/** How the stack is settled once the operation is over. */
export function settledAfter(account: Account, { stack, wanted, settled }: Operation): Settled {
  const isSuccess = ['CREATE_COMPLETE', 'UPDATE_COMPLETE'].includes(stack.status);
  if (!isSuccess && stack.status !== 'UPDATE_ROLLBACK_COMPLETE') return settled;
  const keys = isSuccess ? wanted : settled.keys;
  const apiKeys = new Map<string, string>();
  const previous = new Map<string, string>();
  for (const key of keys) {
    const { logicalId } = key;
    const apiKey = apiKeyOf(stack, logicalId);
    if (apiKey !== undefined) apiKeys.set(logicalId, apiKey);
    const kept = previousOf(settled, key, apiKey);
    // what is gone has been judged
    if (kept !== undefined && account.ledger.keys.get(kept)?.goneAt === undefined)
      previous.set(logicalId, kept);
  }
  return {
    ...{ keys, apiKeys, previous, at: account.clock.now() },
    ...{ skipped: settled.skipped, replacedForGood: new Set<string>() },
  };
}

/** The key that stays beside this output. */
function previousOf(settled: Settled, key: Key, apiKey: string | undefined): string | undefined {
  const { logicalId, existingApiKey } = key;
  const before = settled.keys.find(one => one.logicalId === logicalId);
  const apiKeyBefore = settled.apiKeys.get(logicalId);
  if (!before || apiKeyBefore === undefined || settled.replacedForGood.has(logicalId)) return undefined;
  if (apiKey === apiKeyBefore) {
    // a key that is named anew keeps what was before it only if it is asked to
    const isNamedAnew =
      existingApiKey !== undefined &&
      (before.existingApiKey === undefined || before.rotation !== key.rotation);
    return isPreviousKept(key) || !isNamedAnew ? settled.previous.get(logicalId) : undefined;
  }
  return isPreviousKept(key) && before.existingApiKey === undefined ? apiKeyBefore : undefined;
}

function checkOutput(account: Account, operation: Operation, key: Key): void {
  const { stack, settled } = operation;
  const { logicalId, existingApiKey } = key;
  const output = outputOf(account, operation, logicalId);
  if (!output) return;
  const what = `${stack.name} ${logicalId}: ${shown(output)}`;
  const wanted = { ...key, region: regionOf(stack, key), tokenDomains: domainsOf(key) };
  const isSkipped = settled.skipped.has(logicalId);
  if (!isSkipped && !isSameKind(output.key, wanted))
    account.violation('continuous', `${what} is for ${output.key.tokenDomains}`);
  if (!isSkipped && existingApiKey !== undefined && existingApiKey !== output.key.apiKey)
    account.violation('continuous', `${what} is not the one that ExistingApiKey names`);
  checkIsLive(account, operation, logicalId, output, 'continuous');
  const kept = account.ledger.keys.get(previousOf(settled, key, output.key.apiKey) ?? '');
  if (kept) checkIsLive(account, operation, logicalId, kept, 'continuous', 'the previous key ');

  const before = settled.keys.find(one => one.logicalId === logicalId);
  const known = account.ledger.keys.get(settled.apiKeys.get(logicalId) ?? '');
  if (!before || !known || existingApiKey !== undefined) return;
  const isSame = output === known;
  const isRotated = before.rotation !== key.rotation;
  const isAsked = isRotated || before.domains !== key.domains || before.scope !== key.scope;
  if (!isAsked && !isSame && isShared(known) && known.goneAt !== undefined)
    account.count('the key of another stack');
  else if (!isAsked && !isSame && !known.isGoneByHand)
    excuse(account, operation, logicalId, 'continuous', `${what} was not asked for`);
  if (isRotated && isSame)
    excuse(account, operation, logicalId, 'continuous', `${what} should have been rotated`);
}

function checkRollback(account: Account, operation: Operation, { logicalId }: Key): void {
  const { stack, settled } = operation;
  const known = account.ledger.keys.get(settled.apiKeys.get(logicalId) ?? '');
  const output = outputOf(account, operation, logicalId);
  if (!known || !output || known.isGoneByHand) return;
  if (output !== known)
    excuse(account, operation, logicalId, 'restored', `${stack.name} ${logicalId} ends on ${shown(output)}`);
  else checkIsLive(account, operation, logicalId, output, 'restored');
  const kept = account.ledger.keys.get(settled.previous.get(logicalId) ?? '');
  if (kept) checkIsLive(account, operation, logicalId, kept, 'restored', 'the previous key ');
}

function checkIsLive(
  account: Account,
  operation: Operation,
  logicalId: string,
  known: KnownKey,
  promise: 'continuous' | 'restored',
  which = '',
): void {
  // what was gone when the stack was settled has been judged then
  if (known.goneAt === undefined || (known.goneAt < operation.settled.at && !known.isGoneByHand)) return;
  const what = `${operation.stack.name} ${logicalId}: ${which}${shown(known)}`;
  if (!known.isGoneByHand) {
    if (isShared(known)) account.count('the key of another stack');
    else excuse(account, operation, logicalId, promise, `${what} is gone`);
    return;
  }
  // lists may show it for a while
  const goneAt = known.goneAt + account.conditions.list.lagMs;
  const isNoticed = runsOf(account, operation, logicalId).some(
    ({ event, startedAt }) => event.RequestType === 'Update' && startedAt > goneAt,
  );
  if (isNoticed && promise === 'continuous' && which === '')
    account.violation(promise, `${what} was deleted by hand and not created anew`);
}

/** Whether resources of several stacks have had a key. */
function isShared({ holders }: KnownKey): boolean {
  return new Set([...holders].map(stackOf)).size > 1;
}

/** Counts an exception that the design names, or reports a violation. */
function excuse(
  account: Account,
  operation: Operation,
  logicalId: string,
  promise: 'continuous' | 'restored',
  text: string,
): void {
  const { stack, settled } = operation;
  const isDenied = account.lambda.sent
    .filter(({ event, sentAt }) => event.StackId === stack.id && sentAt >= settled.at)
    .flatMap(({ event }) => account.ledger.invocationsFor(event.RequestId))
    .some(({ troubles }) => troubles.has('denied'));
  if (settled.skipped.has(logicalId)) account.count(`${promise}: a rollback was continued without it`);
  else if (isDenied && hasDenial(account)) account.count(`${promise}: denied reads`);
  else if (lacksIds(account, stack)) account.count(`${promise}: the events with ids were gone`);
  else account.violation(promise, text);
}

/** Whether reads are refused for long enough to be denied. */
export function hasDenial({ conditions: { readsOut, timeoutSeconds } }: Account): boolean {
  const patience = Math.min(60_000, timeoutSeconds * 250);
  return readsOut?.how === 'denied' && readsOut.toMs - readsOut.fromMs >= patience - 15_000;
}

/** Whether events of a stack are gone, and later ones do not carry the ids from before. */
export function lacksIds({ eventsFrom, conditions }: Account, stack: Stack): boolean {
  return eventsFrom.has(stack) && conditions.variants.updateEventId === 'none';
}

/** The key of an output, with its history. */
function outputOf(account: Account, operation: Operation, logicalId: string): KnownKey | undefined {
  const { stack, settled } = operation;
  const apiKey = apiKeyOf(stack, logicalId);
  const found = account.ledger.keys.get(apiKey ?? '');
  if (!found) {
    const text = `${stack.name} ${logicalId}: expected an APIKey, got ${apiKey}`;
    excuse(account, operation, logicalId, 'continuous', text);
  }
  const id = stack.resources.get(logicalId)?.physicalId ?? '';
  const isComparable = account.isRealHandler && !settled.skipped.has(logicalId);
  const [named] = account.ledger.named(id);
  // a rollback to a key that was deleted by hand may have failed before
  if (found && isComparable && named !== found && !named?.isGoneByHand)
    account.violation('continuous', `${stack.name} ${logicalId}: ${id} is not the id of its APIKey`);
  return found;
}

/** The attribute that a page uses. */
export function apiKeyOf(stack: Stack, logicalId: string): string | undefined {
  const value = stack.resources.get(logicalId)?.attributes.APIKey;
  return typeof value === 'string' ? value : undefined;
}

/** The runs for what was asked of a resource since the stack was last settled. */
function runsOf(account: Account, { stack, settled }: Operation, logicalId: string): Invocation[] {
  return account.lambda.sent
    .filter(({ sentAt }) => sentAt >= settled.at)
    .filter(({ event }) => event.StackId === stack.id && event.LogicalResourceId === logicalId)
    .flatMap(({ event }) => account.ledger.invocationsFor(event.RequestId));
}

function regionOf(stack: Stack, { scope }: Key): string {
  return scope === 'CLOUDFRONT' ? 'us-east-1' : stack.region;
}

function shown({ digest }: KnownKey): string {
  return digest.slice(0, 6);
}

/** Every request that failed, or was never answered, has a cause that no handler can mend. */
function checkRequests(account: Account, { stack, startedAt }: Operation): void {
  for (const { event, sentAt } of account.lambda.sent) {
    if (event.StackId !== stack.id || sentAt < startedAt) continue;
    const answer = account.responses.accepted.get(event.RequestId);
    if (answer?.Status === 'SUCCESS') continue;
    const runs = account.ledger.invocationsFor(event.RequestId);
    const what = `${stack.name} ${event.LogicalResourceId} ${event.RequestType}`;
    if (answer) {
      const cause = causeOfFailure(account, event, answer, runs);
      if (cause) account.count(`failed: ${cause}`);
      else account.violation('live', `${what} failed without a cause: ${answer.Reason}`);
    } else if (!isCancelled(stack, event, sentAt)) {
      const cause = causeOfSilence(account, runs, sentAt);
      if (cause) account.count(`not answered: ${cause}`);
      else account.violation('live', `${what} was not answered`);
    }
  }
}

function causeOfFailure(
  account: Account,
  { ResourceProperties: { ExistingApiKey: named } = { ServiceToken: '' } }: Event,
  { Reason = '' }: Answer,
  runs: readonly Invocation[],
): string | undefined {
  const { timeoutSeconds, wafOut, readsOut } = account.conditions;
  const had = (trouble: string) => runs.some(({ troubles }) => troubles.has(trouble));
  if (had('refused')) return 'WAF refused for good';
  if (named && account.ledger.keys.get(named)?.goneAt !== undefined) return 'the existing key was deleted';
  if (had('denied') && Reason.includes('cloudformation:Describe')) return 'denied reads';
  const wereEventsNeeded = /which key the resource had before|cloudformation:Describe/.test(Reason);
  if (wereEventsNeeded && account.eventsFrom.size > 0) return 'the events with ids were gone';
  const now = account.clock.now();
  // a short function keeps more of its time for what comes after a creation
  const share = timeoutSeconds < 900 ? 0.25 : 0.7;
  const isTimeUp = runs.some(
    ({ startedAt, endedAt = now }) => endedAt - startedAt > timeoutSeconds * 1000 * share,
  );
  if (!isTimeUp && !Reason.includes('too little time is left')) return undefined;
  if (timeoutSeconds < 900) return `the time was up, of ${timeoutSeconds} s`;
  return had('out') && (wafOut || readsOut) ? 'the time was up, AWS being out of order' : undefined;
}

function causeOfSilence(account: Account, runs: readonly Invocation[], sentAt: number): string | undefined {
  if (runs.some(({ troubles }) => troubles.has('putRefused'))) return 'its URL refused the response';
  const late = sentAt + SERVICE_TIMEOUT - account.conditions.timeoutSeconds * 1000;
  const hadTime = runs.some(({ startedAt, end }) => startedAt < late && end !== 'killed');
  return hadTime ? undefined : 'Lambda was too late';
}

function isCancelled(stack: Stack, { LogicalResourceId }: Event, sentAt: number): boolean {
  // the failure of the request before may have the same millisecond
  return stack.events.some(
    ({ logicalId, timestamp, status, reason }) =>
      logicalId === LogicalResourceId &&
      timestamp >= sentAt &&
      status.endsWith('_FAILED') &&
      reason?.endsWith('cancelled') === true,
  );
}
