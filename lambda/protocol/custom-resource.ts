import type { Sending } from '../decision/after-response';
import { digestOf, failedCreateId } from '../decision/key-id';
import { leaving, type TimeLimit, timeLimit } from '../runtime/clock';
import type { SeenKeys } from '../runtime/log';
import { type LifecycleEvent, parseAddress, parseEvent, type ResponseAddress, signatureTime } from './event';
import { bodyOf, type Result, type SendOptions, send } from './response';

/** How many responses an environment remembers for repeated events. */
const RESPONSES_REMEMBERED = 1000;

/** What a custom resource does with its events. */
export interface EventHandler {
  handle(event: LifecycleEvent, limit: TimeLimit): Promise<Result>;
  /** Deletes what was created for an event that fails; resolves to the id to fail it with: that of what is left, if any. */
  fail(event: LifecycleEvent, limit: TimeLimit): Promise<string>;
  /** Finishes the event once its response was sent; resolves to whether the response is still right. */
  afterResponse(event: LifecycleEvent, sending: Sending, limit: TimeLimit): Promise<boolean>;
}

export interface CustomResourceOptions extends SendOptions {
  readonly seen: SeenKeys;
  /** The only stack whose events count; if absent, those of any stack do. */
  readonly stackId?: string;
}

/** The part of Lambda's context that the protocol needs. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

interface Response {
  readonly body: Buffer;
  /** absent if the event could not be acted on */
  readonly event?: LifecycleEvent;
  /** whether CloudFormation may have it */
  mayHaveArrived: boolean;
}

/**
 * The protocol of CloudFormation's custom resources: every event gets exactly one response before the deadline, and
 * the same one if the event arrives again.
 *
 * The promise is rejected when the response could not be sent, so that Lambda sends the event again.
 */
export function customResource(handler: EventHandler, options: CustomResourceOptions) {
  const { clock, log, seen } = options;
  const responses = new Map<string, Response>();

  /** Handles an event, by the deadline at the latest. */
  async function respondTo(received: unknown, address: ResponseAddress, limit: TimeLimit): Promise<Response> {
    const { requestId } = address;
    const cutOff = new AbortController();
    const work = { ...limit, signal: cutOff.signal };
    const finished = new AbortController();
    let event: LifecycleEvent | undefined;
    try {
      // without the time of its signature, an event counts from its arrival
      event = parseEvent(received, signatureTime(address.url) ?? clock.now(), options.stackId);
      const guard = clock.sleep(Math.max(0, limit.at - clock.now()), finished.signal).then(() => {
        throw new Error(`the time is up; ${limit.progress.text ?? 'nothing was tried yet'}`);
      });
      const result = await Promise.race([handler.handle(event, work), guard]);
      const body = bodyOf(address, result);
      log('succeeded', { requestId, id: result.id });
      return { event, body, mayHaveArrived: false };
    } catch (error) {
      cutOff.abort(error);
      const { toUndo, toRespond } = limit.budget;
      const id = event
        ? await handler.fail(event, leaving(limit, (toUndo + toRespond) / 2))
        : address.physicalResourceId || failedCreateId(requestId);
      const reason = seen.cutFrom(error instanceof Error ? error.message : String(error));
      log('failed', { requestId, id, reason });
      return { event, body: bodyOf(address, { status: 'FAILED', id, reason }), mayHaveArrived: false };
    } finally {
      finished.abort();
    }
  }

  return async (received: unknown, context: InvocationContext): Promise<void> => {
    const limit = timeLimit(clock, context.getRemainingTimeInMillis(), new AbortController().signal);
    const address = parseAddress(received);
    if (!address) return log('left an event without a response', { expected: 'a ResponseURL' });
    const { requestId, stackId, logicalResourceId } = address;
    log('received', { requestId, stackId, logicalResourceId });

    const fingerprint = digestOf(JSON.stringify(received));
    // guard: responses are remembered
    const response = responses.get(fingerprint) ?? (await respondTo(received, address, limit));
    responses.set(fingerprint, response);
    const [oldest = fingerprint] = responses.keys();
    if (responses.size > RESPONSES_REMEMBERED) responses.delete(oldest);

    const { toUndo, toReturn } = limit.budget;
    const sent = await send(address, response.body, leaving(limit, toUndo), options);
    response.mayHaveArrived ||= sent.mayHaveArrived;
    const sending = { ...sent, mayHaveArrived: response.mayHaveArrived };
    log('responded', { requestId, ...sending });
    try {
      const { event } = response;
      const isRight = !event || (await handler.afterResponse(event, sending, leaving(limit, toReturn)));
      if (!isRight) responses.delete(fingerprint);
    } catch (error) {
      // failing would make Lambda send the event again, although it was responded to
      log('could not follow up on the response', { requestId, error: String(error) });
    }
    if (sending.end === 'unsent')
      throw new Error('the response URL did not accept the response before the time was up');
  };
}
