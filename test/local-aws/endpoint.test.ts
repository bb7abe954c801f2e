import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { CreateAPIKeyCommand, ListAPIKeysCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { type Endpoint, startEndpoint } from '../../local-aws/endpoint';
import { cut, hanging } from '../../local-aws/faults';
import type { ServiceRequest } from '../../local-aws/service';
import { Wafv2 } from '../../local-aws/wafv2';
import { ManualClock } from './manual-clock';
import { until } from './until';

let endpoint: Endpoint;
let waf: Wafv2;
let seen: ServiceRequest[];
let refusals: string[];

beforeEach(async () => {
  waf = new Wafv2({ clock: new ManualClock(), random: Math.random, quota: 'unlimited' });
  seen = [];
  refusals = [];
  endpoint = await startEndpoint({
    signed: {
      wafv2: waf.service,
      broken: async () => {
        throw new Error('a bug');
      },
    },
    unsigned: {
      '/unsigned/': async received => {
        seen.push(received);
        return { status: 201, headers: { 'x-test': 'yes' }, body: 'body' };
      },
    },
    accessKeyIds: ['AKIALOCAL'],
    maxBodyBytes: 100_000,
    onRefusal: line => refusals.push(line),
  });
});

afterEach(() => endpoint.close());

function client(region = 'eu-west-1') {
  const credentials = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' };
  return new WAFV2Client({ region, endpoint: endpoint.url, credentials, maxAttempts: 1 });
}

function signedFor(service: string, accessKeyId = 'AKIALOCAL') {
  const scope = `${accessKeyId}/20260101/eu-west-1/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` };
}

const creation = new CreateAPIKeyCommand({ Scope: 'REGIONAL', TokenDomains: ['example.com'] });

test('listens on loopback only', () => {
  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('a signed request reaches the service and Region of its credential scope', async () => {
  await client('eu-west-1').send(creation);
  expect(waf.keys()).toMatchObject([{ region: 'eu-west-1', tokenDomains: ['example.com'] }]);
});

test('an unsigned request reaches the service of its path, decoded', async () => {
  const response = await fetch(`${endpoint.url}/unsigned/a%20b?c=d`, { method: 'PUT', body: 'ä' });
  expect([response.status, response.headers.get('x-test'), await response.text()]).toEqual([
    201,
    'yes',
    'body',
  ]);
  expect(seen).toMatchObject([{ method: 'PUT', path: '/unsigned/a b', service: '', region: '' }]);
  expect([seen[0]?.query.get('c'), seen[0]?.body.toString()]).toEqual(['d', 'ä']);
});

test('an unknown service is refused by its name, in JSON', async () => {
  const headers = { ...signedFor('cloudtrail'), 'x-amz-target': 'CloudTrail_20131101.LookupEvents' };
  const response = await fetch(endpoint.url, { method: 'POST', headers });
  const message = 'local aws does not imitate the service cloudtrail (CloudTrail_20131101.LookupEvents)';
  expect(response.status).toBe(501);
  expect(await response.json()).toMatchObject({ __type: 'NotImplemented', message });
  expect(refusals).toEqual([message]);
});

test('an unknown service of the query protocol is refused in XML', async () => {
  const body = new URLSearchParams({ Action: 'ListUsers' });
  const response = await fetch(endpoint.url, { method: 'POST', headers: signedFor('iam'), body });
  expect(await response.text()).toContain(
    '<Code>NotImplemented</Code><Message>local aws does not imitate the service iam',
  );
});

test('an unsigned request to an unknown path is refused', async () => {
  expect((await fetch(`${endpoint.url}/elsewhere`)).status).toBe(501);
});

test.each(['constructor', 'toString', '__proto__'])(
  'the service %s is refused like any other',
  async name => {
    const response = await fetch(endpoint.url, { method: 'POST', headers: signedFor(name) });
    expect(response.status).toBe(501);
    expect(await response.text()).toContain(`local aws does not imitate the service ${name}`);
  },
);

describe('another access key id', () => {
  const message = /^expected an access key id of this local aws, got AKIAOTHER/;

  test('is refused, whatever the service', async () => {
    const credentials = { accessKeyId: 'AKIAOTHER', secretAccessKey: 'local' };
    const client = new WAFV2Client({ region: 'eu-west-1', endpoint: endpoint.url, credentials });
    await expect(client.send(creation)).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      message: expect.stringMatching(message),
    });
    expect(waf.calls).toEqual([]);
    expect(refusals).toEqual([expect.stringMatching(message)]);
  });

  test.each([
    ['s3', {}, '<Error><Code>UnrecognizedClientException</Code>'],
    ['sts', { 'content-type': 'application/x-www-form-urlencoded' }, '<ErrorResponse><Error>'],
  ])('is refused in the form of %s', async (service, more, form) => {
    const headers = { ...signedFor(service, 'AKIAOTHER'), ...more };
    const response = await fetch(endpoint.url, { method: 'POST', headers });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining(form)]);
  });

  test('is refused before the body is read', async () => {
    const headers = { ...signedFor('wafv2', 'AKIAOTHER'), 'content-length': '1000' };
    const sent = request(endpoint.url, { method: 'POST', headers });
    sent.flushHeaders();
    const [response] = await once(sent, 'response');
    expect(response.statusCode).toBe(403);
    sent.on('error', () => undefined).destroy();
  });
});

describe('a body', () => {
  const send = async (length: number, isSigned: boolean, headers: Record<string, string>) => {
    const options = { method: 'PUT', headers: { ...headers, ...(isSigned ? signedFor('wafv2') : {}) } };
    const sent = request(`${endpoint.url}${isSigned ? '/' : '/unsigned/'}`, options);
    // the endpoint may close the connection while it is still being written to
    sent.on('error', () => undefined).end(Buffer.alloc(length));
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  };

  test.each([
    ['signed', true, 100_000],
    ['unsigned', false, 1024 * 1024],
  ])('has a limit in a %s request, with and without its length', async (_, isSigned, limit) => {
    const lengths: Record<string, string>[] = [
      { 'content-length': String(limit + 1) },
      { 'transfer-encoding': 'chunked' },
    ];
    for (const headers of lengths) expect(await send(limit + 1, isSigned, headers)).toBe(413);
    expect(await send(limit, isSigned, {})).not.toBe(413);
    expect(refusals).toEqual([...Array(2).fill(`expected a body of at most ${limit} bytes`)]);
  });
});

test('a bug in a service is a failure that names it', async () => {
  const response = await fetch(endpoint.url, { method: 'POST', headers: signedFor('broken') });
  expect(response.status).toBe(500);
  expect(await response.text()).toContain('a bug');
  expect(refusals).toEqual(['Error: a bug']);
});

test.each(['attacker.example', '127.0.0.1.attacker.example', 'localhost.attacker.example:80'])(
  'refuses the Host %s',
  async host => {
    const sent = request(`${endpoint.url}/unsigned/`, { headers: { host } });
    const [response] = await once(sent.end(), 'response');
    expect(response.statusCode).toBe(403);
    expect(seen).toEqual([]);
    response.destroy();
  },
);

test('a cut connection ends without an answer, after the effect', async () => {
  waf.faults.next('CreateAPIKey', cut('after'));
  await expect(client().send(creation)).rejects.toThrow('socket hang up');
  expect(waf.keys()).toHaveLength(1);
});

test('a hung connection is not answered until the endpoint closes', async () => {
  waf.faults.next('ListAPIKeys', hanging('before'));
  const list = client().send(new ListAPIKeysCommand({ Scope: 'REGIONAL' }));
  const reset = expect(list).rejects.toThrow('socket hang up');
  await until(() => waf.calls.length > 0);
  await endpoint.close();
  await reset;
});

test('closing ends idle connections too', async () => {
  const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket.resume(), 'close');
  await endpoint.close();
  await closed;
});
