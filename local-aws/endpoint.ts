import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { authorizationOf } from './authorization';
import { AwsError, jsonError, queryError, s3Error } from './aws-error';
import { ConnectionFault } from './faults';
import type { Service, ServiceRequest, ServiceResponse } from './service';

export interface EndpointOptions {
  /** By the service name of the SigV4 credential scope. */
  readonly signed: Readonly<Record<string, Service>>;
  /** By the beginning of the path, for requests that carry no Authorization header. */
  readonly unsigned?: Readonly<Record<string, Service>>;
  /** Those that may sign requests. @default - any */
  readonly accessKeyIds?: readonly string[];
  /** The longest body that is read, in bytes. @default 134217728 */
  readonly maxBodyBytes?: number;
  /** Takes a line on every request that cannot be answered. @default - standard error */
  readonly onRefusal?: (line: string) => void;
}

export interface Endpoint {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const maxUnsignedBytes = 1024 * 1024;

/** Answers for AWS on a free port of the loopback interface. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  return listen(server);
}

/** Starts `server` on a free loopback port. Closing it ends every connection. */
export async function listen(server: Server): Promise<Endpoint> {
  // SDK clients reuse idle connections; a server that closes them first would look like a fault
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error(`expected a port, got ${String(address)}`);
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether a Host header names this machine; anything else is a web page that rebound its own name. */
export function isLoopback(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(host ?? '');
}

/** The body of a request; longer ones are refused before they fill the memory. */
export async function bodyOf(request: IncomingMessage, maxBytes = 128 * 1024 * 1024): Promise<Buffer> {
  const tooLong = new AwsError('EntityTooLarge', `expected a body of at most ${maxBytes} bytes`, 413);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  // leaving the loop must not close the connection, which the refusal has to reach
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw tooLong;
  }
  return Buffer.concat(chunks);
}

async function answer(
  options: EndpointOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const head = headOf(incoming);
  try {
    send(outgoing, await respond(options, incoming, head));
  } catch (error) {
    if (error instanceof ConnectionFault) {
      if (error.kind === 'cut') incoming.socket.destroy();
      return;
    }
    const refusal = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
    const { onRefusal = line => process.stderr.write(`${line}\n`) } = options;
    onRefusal(refusal.message);
    // what is left of the body is not read
    if (!incoming.complete) outgoing.setHeader('connection', 'close');
    send(outgoing, inFormOf(head, refusal));
  }
}

type Head = Omit<ServiceRequest, 'body'> & { readonly accessKeyId: string };

function headOf(incoming: IncomingMessage): Head {
  const [path = '/', query = ''] = (incoming.url ?? '/').split('?', 2);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
  return {
    ...authorizationOf(headers),
    method: incoming.method ?? 'GET',
    path: decoded(path),
    query: new URLSearchParams(query),
    headers,
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // no path of AWS
    return path;
  }
}

async function respond(
  options: EndpointOptions,
  incoming: IncomingMessage,
  head: Head,
): Promise<ServiceResponse> {
  const { host } = incoming.headers;
  if (!isLoopback(host)) return { status: 403, body: `expected a loopback Host, got ${host}\n` };
  const service = serviceFor(options, head);
  const { accessKeyId: _, ...request } = head;
  const body = await bodyOf(incoming, head.service ? options.maxBodyBytes : maxUnsignedBytes);
  return service({ ...request, body });
}

function serviceFor({ signed, unsigned = {}, accessKeyIds }: EndpointOptions, head: Head): Service {
  const { accessKeyId, service: name, method, path, headers } = head;
  if (name && accessKeyIds && !accessKeyIds.includes(accessKeyId)) {
    const cure = 'take the variables that it printed when it started';
    const message = `expected an access key id of this local aws, got ${accessKeyId}: ${cure}`;
    throw new AwsError('UnrecognizedClientException', message, 403);
  }
  const service = name
    ? Object.entries(signed).find(([known]) => known === name)?.[1]
    : Object.entries(unsigned).find(([prefix]) => path.startsWith(prefix))?.[1];
  if (service) return service;
  const action = headers['x-amz-target'] ?? `${method} ${path}`;
  const what = name ? `the service ${name}` : 'unsigned requests to this path';
  throw new AwsError('NotImplemented', `local aws does not imitate ${what} (${action})`, 501);
}

function inFormOf({ service, headers }: Head, error: AwsError): ServiceResponse {
  if (service === 's3') return s3Error(error);
  const isQuery = headers['content-type']?.includes('x-www-form-urlencoded');
  return isQuery ? queryError(error) : jsonError(error);
}

function send(outgoing: ServerResponse, { status, headers, body = '' }: ServiceResponse): void {
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { 'content-length': bytes.length, ...headers }).end(bytes);
}
