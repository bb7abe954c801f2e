import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type Endpoint, listen } from '../../local-aws/endpoint';
import { isRunning, until } from './until';

interface RapidClient {
  next(): Promise<{ bodyJson: string; headers: Record<string, string> }>;
  done(id: string, response: string): void;
  error(id: string, response: string, xrayCause: string): void;
}

let api: Endpoint;
let server: Server;
let requests: string[];
let answerPost: () => void;
let client: RapidClient;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    const cause = request.headers['lambda-runtime-function-xray-error-cause'] ?? '';
    let body = '';
    request.on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url} ${body}${cause}`);
      if (request.method === 'GET') response.setHeader('lambda-runtime-aws-request-id', 'id').end('{"ä":1}');
      else answerPost = () => response.writeHead(202).end();
    });
  });
  api = await listen(server);
  process.env.AWS_LAMBDA_RUNTIME_API = new URL(api.url).host;
  jest.isolateModules(() => {
    client = require('../../local-aws/rapid-client.cjs');
  });
});

afterEach(async () => {
  delete process.env.AWS_LAMBDA_RUNTIME_API;
  await api.close();
});

const path = '/2018-06-01/runtime/invocation';

test('next gives the event and the headers', async () => {
  const { bodyJson, headers } = await client.next();
  expect([bodyJson, headers['lambda-runtime-aws-request-id']]).toEqual(['{"ä":1}', 'id']);
  expect(requests).toEqual([`GET ${path}/next `]);
});

test.each([
  ['an answer', () => client.done('id', '{}'), `POST ${path}/id/response {}`],
  ['an error', () => client.error('id', '{}', 'cause'), `POST ${path}/id/error {}cause`],
])('the next event is asked for only when %s has been taken', async (_, post, request) => {
  post();
  const next = client.next();
  while (requests.length < 1) await new Promise(setImmediate);
  // long enough for a request that would not wait to come in on its own connection
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(requests).toEqual([request]);
  answerPost();
  await next;
  expect(requests).toHaveLength(2);
});

test('next fails when the Runtime API is gone', async () => {
  await api.close();
  await expect(client.next()).rejects.toThrow('ECONNREFUSED');
});

test('a busy process ends with its parent', async () => {
  const addon = require.resolve('../../local-aws/rapid-client.cjs');
  const busy = `"${process.execPath}" --require "${addon}" -e "setInterval(() => {}, 1000); console.log(process.pid)"`;
  const parent = spawn('sh', ['-c', `${busy} & wait`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await once(parent.stdout.setEncoding('utf8'), 'data');
  expect(isRunning(Number(pid))).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !isRunning(Number(pid)));
});
