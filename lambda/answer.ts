import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Clock, type TimeLimit, withTimeout } from './clock';
import type { Log } from './log';

/** The largest body that CloudFormation reads, in bytes (CloudFormation User Guide, "Custom resource response objects"). */
const MAX_BODY_BYTES = 4096;
const ATTEMPT_TIMEOUT = 3000;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 8000;

export interface Answer {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly Data?: Readonly<Record<string, string>>;
}

/** Whether CloudFormation has the answer, or has refused it for good because the URL has expired. */
export type Delivery = 'delivered' | 'refused';

/** Sends a body to a response URL; resolves to the HTTP status, rejects when the connection fails. */
export type Put = (url: string, body: Buffer, signal: AbortSignal) => Promise<number>;

export interface AnswerOptions {
  readonly clock: Clock;
  readonly put: Put;
  readonly log: Log;
}

/**
 * Delivers an answer, again and again until the limit.
 *
 * @throws when the time is up: CloudFormation may or may not have the answer.
 */
export async function deliver(
  url: string,
  answer: Answer,
  limit: TimeLimit,
  options: AnswerOptions,
): Promise<Delivery> {
  const { clock, log } = options;
  const body = bodyOf(answer);
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    const outcome = await attempt(url, body, limit, options);
    if (outcome === 'delivered' || outcome === 'refused') return outcome;
    log('the answer did not get through', { requestId: answer.RequestId, outcome });
    if (clock.now() + pause + ATTEMPT_TIMEOUT > limit.at) {
      throw new Error(`expected the response URL to take the answer, got ${outcome}`);
    }
    await clock.sleep(pause, limit.signal);
  }
}

/** The answer as JSON of at most 4096 bytes: a longer Reason is cut. */
export function bodyOf(answer: Answer): Buffer {
  const body = Buffer.from(JSON.stringify(answer));
  if (body.length <= MAX_BODY_BYTES || !answer.Reason) return body;
  const excess = body.length - MAX_BODY_BYTES;
  // a character may take more than one byte, and more still when JSON escapes it: cut until it fits
  const kept = [...answer.Reason].slice(0, -Math.max(1, Math.ceil(excess / 6)));
  return bodyOf({ ...answer, Reason: kept.join('') });
}

export const put: Put = (url, body, signal) =>
  new Promise((resolve, reject) => {
    const request = url.startsWith('http:') ? httpRequest : httpsRequest;
    // the URL's signature covers an empty content type
    const headers = { 'content-type': '', 'content-length': body.length };
    request(url, { method: 'PUT', headers, signal }, response => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    })
      .on('error', reject)
      .end(body);
  });

async function attempt(
  url: string,
  body: Buffer,
  limit: TimeLimit,
  { clock, put: send }: AnswerOptions,
): Promise<Delivery | string> {
  try {
    const status = await withTimeout(clock, ATTEMPT_TIMEOUT, limit.signal, signal => send(url, body, signal));
    if (status >= 200 && status < 300) return 'delivered';
    return status === 403 ? 'refused' : `HTTP status ${status}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}
