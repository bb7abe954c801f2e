import { readdir, readFile } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { extname, join } from 'node:path';
import type { ApiRequest, ApiResponse } from '../api';
import { type Answers, type HttpRequest, type HttpResponse, json } from './http';

/** A server on a free loopback port. */
export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Thrown in place of a response: the connection ends without one. */
export class ConnectionCut extends Error {}

/** Serves on loopback, over TLS if a certificate is given. */
export async function serve(answers: Answers, certificate?: Certificate): Promise<LocalServer> {
  const listener: RequestListener = (incoming, outgoing) => {
    received(incoming, certificate ? 'https' : 'http')
      .then(answers)
      .then(({ status, headers, body }) => outgoing.writeHead(status, headers).end(body))
      .catch(error => {
        if (error instanceof ConnectionCut) outgoing.destroy();
        else outgoing.writeHead(500).end(String(error));
      });
  };
  const server: Server = certificate ? createTlsServer(certificate, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`expected a port, got ${address}`);
  return {
    port: address.port,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function received(incoming: IncomingMessage, scheme: 'http' | 'https'): Promise<HttpRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method = '', url = '/', headers } = incoming;
  const host = String(headers.host).toLowerCase().replace(/:\d+$/, '');
  return { method, scheme, host, path: url.replace(/\?.*$/, ''), headers, body: Buffer.concat(chunks) };
}

/** Passes a request on to a server on loopback, with its path unchanged. */
export function forward(
  port: number,
  { method, path, host, headers, body }: HttpRequest,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: { ...headers, host } };
    const outgoing = httpRequest(options, async incoming => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const received = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
      const {
        connection,
        'transfer-encoding': _,
        ...others
      }: Record<string, string> = Object.fromEntries(received);
      resolve({ status: incoming.statusCode ?? 500, headers: others, body: Buffer.concat(chunks) });
    });
    outgoing.on('error', reject).end(body);
  });
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
};

/** The files of a folder, and others that a deployment writes next to them, as a bucket would serve them. */
export function files(folder: string, written: () => Readonly<Record<string, string>>): Answers {
  return async ({ path }) => {
    const name = path === '/' ? 'index.html' : path.slice(1);
    const headers = { 'content-type': contentTypes[extname(name)] ?? '', 'cache-control': 'no-cache' };
    const text = written()[name];
    if (text !== undefined) return { status: 200, headers, body: text };
    if (!(await readdir(folder)).includes(name)) return json(404, { message: `no file ${name}` });
    return { status: 200, headers, body: await readFile(join(folder, name)) };
  };
}

/** A function behind its URL. */
export function functionUrl(handler: (request: ApiRequest) => Promise<ApiResponse>): Answers {
  return async ({ method, path }) => {
    const { statusCode, headers, body } = await handler({
      rawPath: path,
      requestContext: { http: { method } },
    });
    return { status: statusCode, headers, body };
  };
}
