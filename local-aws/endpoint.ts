import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AwsError, jsonError, queryError } from './aws-error';
import { credentialScope } from './credential-scope';
import { ConnectionFault } from './faults';
import type { Service, ServiceRequest, ServiceResponse } from './service';

export interface EndpointOptions {
  /** By the service name of the SigV4 credential scope. */
  readonly signed: Readonly<Record<string, Service>>;
  /** By the beginning of the path, for requests that carry no Authorization header. */
  readonly unsigned?: Readonly<Record<string, Service>>;
  /** Takes a line on every request that cannot be answered. @default - standard error */
  readonly onRefusal?: (line: string) => void;
}

export interface Endpoint {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

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

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answer(
  options: EndpointOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    send(outgoing, await respond(options, incoming));
  } catch (error) {
    if (error instanceof ConnectionFault) {
      if (error.kind === 'cut') incoming.socket.destroy();
      return;
    }
    const type = incoming.headers['content-type'];
    send(outgoing, refusal(options, type, 500, 'InternalFailure', String(error)));
  }
}

async function respond(options: EndpointOptions, incoming: IncomingMessage): Promise<ServiceResponse> {
  if (!isLoopback(incoming.headers.host)) {
    return { status: 403, body: `expected a loopback Host, got ${incoming.headers.host}\n` };
  }
  const request = await parse(incoming);
  const service = request.service
    ? options.signed[request.service]
    : Object.entries(options.unsigned ?? {}).find(([prefix]) => request.path.startsWith(prefix))?.[1];
  return service ? service(request) : unknownService(options, request);
}

async function parse(incoming: IncomingMessage): Promise<ServiceRequest> {
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
  return {
    ...credentialScope(headers),
    method: incoming.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    body: await bodyOf(incoming),
  };
}

function unknownService(options: EndpointOptions, request: ServiceRequest): ServiceResponse {
  const { service, method, path, headers } = request;
  const action = headers['x-amz-target'] ?? `${method} ${path}`;
  const name = service ? `the service ${service}` : 'unsigned requests to this path';
  const message = `local aws does not imitate ${name} (${action})`;
  return refusal(options, headers['content-type'], 501, 'NotImplemented', message);
}

function refusal(
  { onRefusal = line => process.stderr.write(`${line}\n`) }: EndpointOptions,
  contentType: string | undefined,
  status: number,
  code: string,
  message: string,
): ServiceResponse {
  onRefusal(message);
  const error = new AwsError(code, message, status);
  return contentType?.includes('x-www-form-urlencoded') ? queryError(error) : jsonError(error);
}

function send(outgoing: ServerResponse, { status, headers, body = '' }: ServiceResponse): void {
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, { 'content-length': bytes.length, ...headers }).end(bytes);
}
