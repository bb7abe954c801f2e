import { createHash } from 'node:crypto';
import type { Sending } from '../decision/after-response';
import { failedCreateId } from '../decision/key-id';
import { type Clock, leaving, type TimeLimit, timeLimit } from '../runtime/clock';
import type { Log, SeenKeys } from '../runtime/log';
import { type LifecycleEvent, type MalformedEvent, parseEvent, type ResponseAddress } from './event';
import { bodyOf, type Put, type Result, send } from './response';

/** How many responses an environment remembers for repeated events. */
const RESPONSES_REMEMBERED = 1000;

/** What a custom resource does with its events. */
export interface EventHandler {
  handle(event: LifecycleEvent, limit: TimeLimit): Promise<Result>;
  /** Undoes what was created for an event that fails; resolves to the physical id to fail it with. */
  fail(event: LifecycleEvent, limit: TimeLimit): Promise<string>;
  /** What is left to do once the response was sent; resolves to whether the response is still right. */
  afterResponse(event: LifecycleEvent, sending: Sending, limit: TimeLimit): Promise<boolean>;
}

export interface CustomResourceOptions {
  readonly clock: Clock;
  readonly put: Put;
  readonly log: Log;
  readonly seen: SeenKeys;
  /** The only stack whose events count; any stack's do where it is not given. */
  readonly stackId?: string;
}

/** The part of Lambda's context that the protocol needs. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

interface Responded {
  readonly body: Buffer;
  /** whether CloudFormation may have it */
  mayHaveArrived: boolean;
}

/**
 * The protocol of CloudFormation's custom resources: every event gets exactly one response before the deadline, and
 * the same one when the event comes again.
 *
 * The promise is rejected when the response could not be sent, so that Lambda sends the event again.
 */
export function customResource(
  handler: EventHandler,
  options: CustomResourceOptions,
): (received: unknown, context: InvocationContext) => Promise<void> {
  const { clock, log } = options;
  const responses = new Map<string, Responded>();
  return async (received, context) => {
    const cutOff = new AbortController();
    const limit = timeLimit(clock, context.getRemainingTimeInMillis(), cutOff.signal);
    const event = parseEvent(received, clock.now(), options.stackId);
    if (event.type === 'unanswerable')
      return log('left an event without a response', { reason: event.reason });
    const { address } = event;
    log('received', { type: event.type, ...namesOf(address) });

    const fingerprint = createHash('sha256').update(JSON.stringify(received)).digest('hex');
    const earlier = responses.get(fingerprint);
    const body = earlier?.body ?? (await respondTo(event, address, handler, limit, cutOff, options));
    const responded = { body, mayHaveArrived: earlier?.mayHaveArrived ?? false };
    remember(responses, fingerprint, responded);

    const { signal } = new AbortController();
    const { budget } = limit;
    const sent = await send(address, body, { ...leaving(limit, budget.toUndo), signal }, options);
    responded.mayHaveArrived ||= sent.mayHaveArrived;
    const sending = { ...sent, mayHaveArrived: responded.mayHaveArrived };
    log('responded', { ...sending, ...namesOf(address) });
    if (event.type !== 'malformed') {
      const rest = { ...leaving(limit, budget.toReturn), signal };
      if (!(await followUp(handler, event, sending, rest, log))) responses.delete(fingerprint);
    }
    if (sending.end === 'unsent')
      throw new Error('expected the response URL to take the response, got none that did');
  };
}

/** Works on an event, by the deadline at the latest; resolves to the body of its response. */
async function respondTo(
  event: LifecycleEvent | MalformedEvent,
  address: ResponseAddress,
  handler: EventHandler,
  limit: TimeLimit,
  cutOff: AbortController,
  { clock, log, seen }: CustomResourceOptions,
): Promise<Buffer> {
  const failure = (id: string, reason: string): Buffer => {
    const masked = seen.cutFrom(reason);
    log('failed', { ...namesOf(address), reason: masked });
    return bodyOf(address, { status: 'FAILED', id, reason: masked });
  };
  if (event.type === 'malformed')
    return failure(event.physicalResourceId ?? failedCreateId(address.requestId), event.reason);

  const finished = new AbortController();
  const guard = clock.sleep(Math.max(0, limit.at - clock.now()), finished.signal).then(() => {
    throw new Error(`the time is up; ${limit.progress.text ?? 'nothing was tried yet'}`);
  });
  try {
    const result = await Promise.race([handler.handle(event, limit), guard]);
    const body = bodyOf(address, result);
    log('succeeded', { ...namesOf(address), id: result.id });
    return body;
  } catch (error) {
    cutOff.abort(error);
    const { signal } = new AbortController();
    const { toUndo, toRespond } = limit.budget;
    const id = await handler.fail(event, { ...leaving(limit, (toUndo + toRespond) / 2), signal });
    return failure(id, reasonOf(error));
  } finally {
    finished.abort();
  }
}

/** Its failure is logged only: to fail would bring the event again that was responded to. */
async function followUp(
  handler: EventHandler,
  event: LifecycleEvent,
  sending: Sending,
  limit: TimeLimit,
  log: Log,
): Promise<boolean> {
  try {
    return await handler.afterResponse(event, sending, limit);
  } catch (error) {
    log('could not follow up on the response', { requestId: event.requestId, error: reasonOf(error) });
    return true;
  }
}

function namesOf(address: ResponseAddress) {
  const { requestId, stackId, logicalResourceId } = address;
  return { requestId, stackId, logicalResourceId };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function remember(responses: Map<string, Responded>, fingerprint: string, responded: Responded): void {
  responses.set(fingerprint, responded);
  const [oldest] = responses.keys();
  if (responses.size > RESPONSES_REMEMBERED && oldest !== undefined) responses.delete(oldest);
}
