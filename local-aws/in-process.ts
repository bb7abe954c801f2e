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
  return {
    async handle(
      request: HttpRequest,
      options: HttpHandlerOptions = {},
    ): Promise<{ response: HttpResponse }> {
      try {
        const { status, headers = {}, body = '' } = await service(serviceRequest(request));
        return { response: { statusCode: status, headers: { ...headers }, body: Buffer.from(body) } };
      } catch (error) {
        if (!(error instanceof ConnectionFault)) throw error;
        if (error.kind === 'hang') return silence(options, clock, requestTimeoutMs);
        // the name is what the SDK's own handler gives to a reset connection
        throw Object.assign(named('TimeoutError', 'socket hang up'), { code: 'ECONNRESET' });
      }
    },
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

async function silence(options: HttpHandlerOptions, clock: Clock, requestTimeoutMs?: number): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const signal = options.abortSignal;
    if (signal && 'addEventListener' in signal) {
      signal.addEventListener('abort', () => reject(named('AbortError', 'request aborted')));
    }
  });
  const patience = options.requestTimeout ?? requestTimeoutMs;
  if (!patience) return aborted;
  const timedOut = async () => {
    await clock.sleep(patience);
    throw named('TimeoutError', `no answer within ${patience} ms`);
  };
  return Promise.race([aborted, timedOut()]);
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
