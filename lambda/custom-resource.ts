import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { SERVICE_TIMEOUT_SECONDS } from '../lib/properties';
import { type Answer, type Delivery, deliver, type Put } from './answer';
import type { Clock, TimeLimit } from './clock';
import type { LifecycleEvent, Outcome } from './lifecycle-event';
import { type Log, withoutKeys } from './log';

/** What must be left when the work is cut off: time to deliver the answer. */
const ANSWER_RESERVE = 10_000;
/** What must be left when the delivery is given up: time to return before Lambda kills the environment. */
const RETURN_RESERVE = 500;
/** What must be left when the last call after the answer begins: it may take ten seconds. */
const FOLLOW_UP_RESERVE = 12_000;
/** How many answers an environment remembers for repeated events. */
const ANSWERS_REMEMBERED = 1000;

/** What a custom resource does with its events. */
export interface EventHandler {
  handle(event: LifecycleEvent, limit: TimeLimit): Promise<Outcome>;
  /** The physical id to answer with when the event has failed. */
  idOnFailure(event: LifecycleEvent): string;
}

export interface CustomResourceOptions {
  readonly clock: Clock;
  readonly put: Put;
  readonly log: Log;
}

/** The part of Lambda's context that the protocol needs. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

interface Settled {
  readonly answer: Answer;
  readonly outcome?: Outcome;
}

/**
 * The protocol of CloudFormation's custom resources: every event gets exactly one answer before the deadline, and
 * the same one when the event comes again.
 *
 * The promise is rejected when the answer could not be delivered, so that Lambda sends the event again.
 */
export function customResource(
  handler: EventHandler,
  options: CustomResourceOptions,
): (event: CloudFormationCustomResourceEvent, context: InvocationContext) => Promise<void> {
  const { clock, log } = options;
  const answers = new Map<string, Settled>();
  return async (received, context) => {
    const deadline = clock.now() + context.getRemainingTimeInMillis();
    const event = lifecycleEventOf(received);
    log('received', { type: event.type, ...namesOf(received) });

    const settled =
      answers.get(event.requestId) ?? (await settle(handler, event, received, deadline, options));
    remember(answers, event.requestId, settled);

    const { signal } = new AbortController();
    const limit = { at: deadline - RETURN_RESERVE, signal };
    const delivery = await deliver(received.ResponseURL, settled.answer, limit, options);
    log('answered', { delivery, status: settled.answer.Status, id: settled.answer.PhysicalResourceId });
    await followUp(settled, delivery, { at: deadline - FOLLOW_UP_RESERVE, signal }, log);
  };
}

/** Works on an event and says what came of it, by the deadline at the latest. */
async function settle(
  handler: EventHandler,
  event: LifecycleEvent,
  received: CloudFormationCustomResourceEvent,
  deadline: number,
  { clock, log }: CustomResourceOptions,
): Promise<Settled> {
  const cutOff = new AbortController();
  const finished = new AbortController();
  const at = Math.min(deadline, expiryOf(event)) - ANSWER_RESERVE;
  const guard = clock.sleep(Math.max(0, at - clock.now()), finished.signal).then(() => {
    throw new Error('the time was up before the work was done');
  });
  try {
    const work = handler.handle(event, { at, signal: cutOff.signal });
    const outcome = await Promise.race([work, guard]);
    return { outcome, answer: successOf(received, outcome) };
  } catch (error) {
    cutOff.abort(error);
    const reason = withoutKeys(error instanceof Error ? error.message : String(error));
    log('failed', { requestId: event.requestId, reason });
    return { answer: failureOf(received, handler.idOnFailure(event), reason) };
  } finally {
    finished.abort();
  }
}

/** What is left to do after the answer. Its failure is logged only: to fail would bring the answered event again. */
async function followUp(
  { answer, outcome }: Settled,
  delivery: Delivery,
  limit: TimeLimit,
  log: Log,
): Promise<void> {
  try {
    await (delivery === 'delivered' ? outcome?.onDelivered?.(limit) : outcome?.onRefused?.(limit));
  } catch (error) {
    log('could not follow up on the answer', { id: answer.PhysicalResourceId, error: String(error) });
  }
}

function lifecycleEventOf(received: CloudFormationCustomResourceEvent): LifecycleEvent {
  const names = {
    requestId: received.RequestId,
    requestedAt: requestTimeOf(received),
    stackId: received.StackId,
    stackRegion: regionOf(received.StackId),
    logicalResourceId: received.LogicalResourceId,
    properties: received.ResourceProperties,
  };
  switch (received.RequestType) {
    case 'Create':
      return { ...names, type: 'Create' };
    case 'Update':
      return {
        ...names,
        type: 'Update',
        physicalResourceId: received.PhysicalResourceId,
        oldProperties: received.OldResourceProperties,
      };
    case 'Delete':
      return { ...names, type: 'Delete', physicalResourceId: received.PhysicalResourceId };
  }
}

function regionOf(stackId: string): string {
  const region = stackId.split(':')[3];
  if (region) return region;
  throw new Error(`StackId: expected an ARN with a Region, got ${JSON.stringify(stackId)}`);
}

function namesOf({ RequestId, StackId, LogicalResourceId }: CloudFormationCustomResourceEvent) {
  return { requestId: RequestId, stackId: StackId, logicalResourceId: LogicalResourceId };
}

/** When CloudFormation sent a request: the signature of the response URL tells. */
function requestTimeOf({ ResponseURL }: CloudFormationCustomResourceEvent): number | undefined {
  const [, ...parts] = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(ResponseURL) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  return year === undefined || month === undefined
    ? undefined
    : Date.UTC(year, month - 1, day, hour, minute, second);
}

/** When CloudFormation stops waiting: a key made later would be nobody's. A deletion is right at any time. */
function expiryOf({ type, requestedAt }: LifecycleEvent): number {
  if (type === 'Delete' || requestedAt === undefined) return Number.POSITIVE_INFINITY;
  return requestedAt + SERVICE_TIMEOUT_SECONDS * 1000;
}

function successOf(received: CloudFormationCustomResourceEvent, outcome: Outcome): Answer {
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: outcome.physicalResourceId,
    ...verbatimOf(received),
    ...(outcome.data && { Data: outcome.data }),
  };
}

function failureOf(
  received: CloudFormationCustomResourceEvent,
  physicalResourceId: string,
  reason: string,
): Answer {
  return {
    Status: 'FAILED',
    Reason: reason,
    PhysicalResourceId: physicalResourceId,
    ...verbatimOf(received),
  };
}

function verbatimOf({ StackId, RequestId, LogicalResourceId }: CloudFormationCustomResourceEvent) {
  return { StackId, RequestId, LogicalResourceId };
}

function remember(answers: Map<string, Settled>, requestId: string, settled: Settled): void {
  answers.set(requestId, settled);
  const [oldest] = answers.keys();
  if (answers.size > ANSWERS_REMEMBERED && oldest !== undefined) answers.delete(oldest);
}
