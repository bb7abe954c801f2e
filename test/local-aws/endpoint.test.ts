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
    onRefusal: line => refusals.push(line),
  });
});

afterEach(() => endpoint.close());

function client(region = 'eu-west-1') {
  const credentials = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' };
  return new WAFV2Client({ region, endpoint: endpoint.url, credentials, maxAttempts: 1 });
}

function signedFor(service: string) {
  const scope = `AKIALOCAL/20260101/eu-west-1/${service}/aws4_request`;
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
