import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Sending } from '../decision/after-response';
import { type Clock, type TimeLimit, withTimeout } from '../runtime/clock';
import type { Log } from '../runtime/log';
import { FIRST_SENDING_PAUSE, LONGEST_SENDING_PAUSE } from '../timings';
import type { ResponseAddress } from './event';

/** The largest body that CloudFormation reads, in bytes (CloudFormation User Guide, "Custom resource response objects"). */
const MAX_BODY_BYTES = 4096;
/** How many refusals of a response are taken as final. */
const REFUSALS = 3;

/** The result with which a custom resource responds. */
export type Result =
  | { readonly status: 'SUCCESS'; readonly id: string; readonly data?: Readonly<Record<string, string>> }
  | { readonly status: 'FAILED'; readonly id: string; readonly reason: string; readonly data?: undefined };

/** The outcome of one attempt to send a response. */
export type Attempt =
  | { readonly status: number }
  | { readonly error: string; readonly mayHaveArrived: boolean };

/** Sends a body to a response URL, and gives up when the signal is aborted; never rejects. */
export type Put = (url: string, body: Buffer, signal: AbortSignal) => Promise<Attempt>;

export interface SendOptions {
  readonly clock: Clock;
  readonly put: Put;
  readonly log: Log;
}

/** Sends a response, repeatedly, until the URL accepts it or refuses it for good, or until the limit. */
export async function send(
  { url, requestId }: ResponseAddress,
  body: Buffer,
  limit: TimeLimit,
  { clock, put, log }: SendOptions,
): Promise<Sending> {
  const putOnce = (signal: AbortSignal) => put(url, body, signal);
  let mayHaveArrived = false;
  let refusals = 0;
  for (let pause = FIRST_SENDING_PAUSE; ; pause = Math.min(pause * 2, LONGEST_SENDING_PAUSE)) {
    const attempt = await withTimeout(clock, limit.budget.call / 2, limit.signal, putOnce);
    if ('status' in attempt) {
      const { status } = attempt;
      if (status >= 200 && status < 300) return { end: 'accepted', mayHaveArrived: true };
      // guard: a response is sent again
      const isRefusal = status >= 300 && status < 500 && status !== 408 && status !== 429;
      refusals = isRefusal ? refusals + 1 : 0;
      if (refusals === REFUSALS) {
        log('the response URL refused the response', { requestId, status });
        return { end: 'refused', mayHaveArrived };
      }
    } else {
      mayHaveArrived ||= attempt.mayHaveArrived;
    }
    log('the response did not get through', { requestId, ...attempt });
    if (clock.now() + pause > limit.at) return { end: 'unsent', mayHaveArrived };
    await clock.sleep(pause, limit.signal);
  }
}

/**
 * The response as JSON of at most 4096 bytes: a longer reason is cut.
 *
 * @throws if it still does not fit.
 */
export function bodyOf(address: ResponseAddress, result: Result): Buffer {
  const fields = {
    Status: result.status,
    Reason: result.status === 'FAILED' ? result.reason : undefined,
    PhysicalResourceId: result.id,
    StackId: address.stackId,
    RequestId: address.requestId,
    LogicalResourceId: address.logicalResourceId,
    Data: result.data,
  };
  const body = Buffer.from(JSON.stringify(fields));
  if (body.length <= MAX_BODY_BYTES) return body;
  if (result.status === 'SUCCESS' || result.reason === '')
    throw new Error(`expected a response of at most ${MAX_BODY_BYTES} bytes, got ${body.length}`);
  const characters = [...result.reason];
  // JSON may escape a character in six bytes: cut until it fits
  const excess = Math.max(1, Math.ceil((body.length - MAX_BODY_BYTES) / 6));
  return bodyOf(address, { ...result, reason: characters.slice(0, -excess).join('') });
}

export const put: Put = (url, body, signal) =>
  new Promise<Attempt>(resolve => {
    const isPlain = new URL(url).protocol === 'http:';
    let isConnected = false;
    const fail = (error: Error) =>
      resolve({ error: `${error.name}: ${error.message}`, mayHaveArrived: isConnected });
    // the URL's signature covers an empty content type; a new connection shows whether one was established
    const headers = { 'content-type': '', 'content-length': body.length };
    const options = { method: 'PUT', headers, agent: false, signal };
    const request = (isPlain ? httpRequest : httpsRequest)(url, options, response => {
      response.resume().on('error', fail);
      resolve({ status: response.statusCode ?? 0 });
    });
    request.on('socket', socket => {
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        isConnected = true;
      });
    });
    request.on('error', fail).end(body);
    // a URL that cannot be called at all throws
  }).catch(error => ({ error: String(error), mayHaveArrived: false }));
