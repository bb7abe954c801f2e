import type { HttpHandlerOptions, HttpRequest, HttpResponse } from '@smithy/types';
import { authorizationOf } from './authorization';
import type { Clock } from './clock';
import { ConnectionFault } from './faults';
import type { Service, ServiceRequest } from './service';

/**
 * A `requestHandler` for SDK clients that calls `service` without a socket. Injected connection faults arrive
 * as a reset connection, or as a time-out after `requestTimeoutMs` of the clock (never, if it is left out).
 */
export function inProcessHandler(service: Service, clock: Clock, requestTimeoutMs?: number) {
  async function respond(request: HttpRequest, timeoutMs?: number): Promise<{ response: HttpResponse }> {
    try {
      const { status, headers = {}, body = '' } = await service(serviceRequest(request));
      return { response: { statusCode: status, headers: { ...headers }, body: Buffer.from(body) } };
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error;
      if (error.kind === 'hang') return silence(clock, timeoutMs);
      // the name is what the SDK's own handler gives to a reset connection
      throw Object.assign(named('TimeoutError', 'socket hang up'), { code: 'ECONNRESET' });
    }
  }
  return {
    handle: (request: HttpRequest, { abortSignal, requestTimeout }: HttpHandlerOptions = {}) =>
      Promise.race([aborted(abortSignal), respond(request, requestTimeout ?? requestTimeoutMs)]),
  };
}

function serviceRequest({ method, path, query = {}, headers, body }: HttpRequest): ServiceRequest {
  const lowerCase = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { service, region } = authorizationOf(lowerCase);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value ?? ''].flat()) search.append(name, one);
  }
  return {
    service,
    region,
    method,
    path: decodeURIComponent(path),
    query: search,
    headers: lowerCase,
    // the client's bytes pretend to be a string to whoever asks: take them as they are
    body: body instanceof Uint8Array ? Buffer.concat([body]) : Buffer.from(body ?? ''),
  };
}

function aborted(signal: HttpHandlerOptions['abortSignal']): Promise<never> {
  return new Promise((_, reject) => {
    if (signal && 'addEventListener' in signal) {
      signal.addEventListener('abort', () => reject(named('AbortError', 'request aborted')));
    }
  });
}

async function silence(clock: Clock, timeoutMs: number | undefined): Promise<never> {
  if (!timeoutMs) return new Promise(() => undefined);
  await clock.sleep(timeoutMs);
  throw named('TimeoutError', `no answer within ${timeoutMs} ms`);
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
