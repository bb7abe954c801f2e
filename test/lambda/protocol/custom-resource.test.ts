import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Sending } from '../../../lambda/decision/after-response';
import { customResource, type EventHandler } from '../../../lambda/protocol/custom-resource';
import { put, type Result } from '../../../lambda/protocol/response';
import { SeenKeys } from '../../../lambda/runtime/log';
import { failed } from '../../../local-aws/faults';
import { Account, idOf } from '../environment';
import { createEvent, deleteEvent, properties, STACK_ID, signedUrl, updateEvent } from '../event';

const ARN = STACK_ID;

describe('events that CloudFormation never sends', () => {
  test.each<[string, object, RegExp]>([
    [
      'an unknown type',
      { ...createEvent(), RequestType: 'Upsert' },
      /^RequestType: expected Create, Update or Delete, got "Upsert"/,
    ],
    ['no type', { ...createEvent(), RequestType: undefined }, /^RequestType: .* got nothing/],
    ['no stack', { ...createEvent(), StackId: undefined }, /^StackId: expected a text, got nothing/],
    [
      'a stack without a Region',
      { ...createEvent(), StackId: 'shop' },
      /^StackId: expected the ARN of a stack/,
    ],
    [
      'a Region that is a host',
      { ...createEvent(), StackId: ARN.replace('eu-west-1', 'evil.example/') },
      /^StackId: expected the ARN of a stack/,
    ],
    ['no request id', { ...createEvent(), RequestId: 7 }, /^RequestId: expected a text, got 7/],
    ['no logical id', { ...createEvent(), LogicalResourceId: '' }, /^LogicalResourceId: expected a text/],
    [
      'no id on Update',
      { ...updateEvent('', properties(), properties()) },
      /^PhysicalResourceId: expected a text/,
    ],
    [
      'no id on Delete',
      { ...deleteEvent('x'), PhysicalResourceId: undefined },
      /^PhysicalResourceId: expected a text, got nothing/,
    ],
    [
      'an id of 100 KB',
      deleteEvent('x'.repeat(100_000)),
      /^PhysicalResourceId: expected at most 1024 bytes, got 100000/,
    ],
    [
      'a request id of 100 KB',
      { ...createEvent(), RequestId: '"'.repeat(100_000) },
      /^RequestId: expected at most 300 bytes/,
    ],
    [
      'all names of 100 KB',
      {
        ...deleteEvent('ü'.repeat(100_000)),
        RequestId: '\\'.repeat(100_000),
        StackId: '\u0001'.repeat(9999),
        LogicalResourceId: '"'.repeat(9999),
      },
      /^StackId: /,
    ],
    [
      'control characters',
      { ...createEvent(), LogicalResourceId: 'a\nb' },
      /^LogicalResourceId: expected no control characters/,
    ],
    [
      'no properties',
      { ...createEvent(), ResourceProperties: undefined },
      /^ResourceProperties: expected an object, got nothing/,
    ],
  ])('%s: one response of at most 4096 bytes, one run, no call', async (_name, event, reason) => {
    const account = new Account();
    const sizes: number[] = [];
    const take = account.put;
    account.put = (url, body, signal) => {
      sizes.push(body.length);
      return take(url, body, signal);
    };
    await account.environment().run(event);
    expect(account.responses).toHaveLength(1);
    expect(account.responses[0]).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(reason) });
    expect(account.responses[0]?.PhysicalResourceId).not.toBe('');
    expect(Buffer.byteLength(account.responses[0]?.PhysicalResourceId ?? '')).toBeLessThanOrEqual(1024);
    expect(sizes[0]).toBeLessThanOrEqual(4096);
    expect(account.calls()).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Create'],
    ['no response URL', { ...createEvent(), ResponseURL: undefined }],
    ['a response URL that is none', { ...createEvent(), ResponseURL: 'x' }],
    ['a response URL of another kind', { ...createEvent(), ResponseURL: 'file:///etc/passwd' }],
  ])('%s: nobody waits, so nothing is done', async (_name, event) => {
    const account = new Account();
    await account.environment().run(event);
    expect(account.responses).toEqual([]);
    expect(account.calls()).toEqual([]);
    expect(account.logLines).toHaveLength(1);
  });

  test('the RequestId of an earlier event with other contents is another event', async () => {
    const account = new Account();
    const environment = account.environment();
    const first = createEvent();
    const created = await environment.invoke(first);
    const other = {
      ...first,
      LogicalResourceId: 'Other',
      ResourceProperties: { ServiceToken: '', Scope: 'NONE' },
    };
    const refused = await environment.invoke(other);
    expect(refused.Status).toBe('FAILED');
    expect(JSON.stringify(refused)).not.toContain(created.Data?.APIKey);
  });
});

test('a repeated event gets the same response and creates nothing', async () => {
  const account = new Account();
  const environment = account.environment();
  const event = createEvent();
  const first = await environment.invoke(event);
  const second = await environment.invoke(event);
  expect(second).toEqual(first);
  expect(account.keys()).toHaveLength(1);
});

test('a key that WAF quotes appears neither in the reason nor in the log', async () => {
  const account = new Account({ keyLength: 72 });
  const { apiKey } = account.waf.createForeignKey('eu-west-1', 'REGIONAL', ['example.com']);
  const quoted = `cannot delete ${apiKey}, or ${apiKey.slice(13, 33)}, or ${apiKey.slice(40, 59)}`;
  account.waf.faults.when(({ operation }) => (operation === 'DeleteAPIKey' ? failedWith(quoted) : undefined));
  account.stack.stack('DELETE_IN_PROGRESS');
  const response = await account.environment().invoke(deleteEvent(idOf(apiKey)));
  expect(response.Reason).toContain(`cannot delete [API key], or [API key], or ${apiKey.slice(40, 59)}`);
});

test('a success that does not fit in a response fails, and its key is deleted', async () => {
  const account = new Account({
    keyLength: 2048,
    integrationUrl: () => `https://x.example/${'y'.repeat(1500)}/`,
  });
  const response = await account.environment().invoke(createEvent());
  expect(response).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('expected a response of at most 4096 bytes'),
    PhysicalResourceId: expect.stringContaining('create-failed'),
  });
  expect(account.keys()).toEqual([]);
});

function failedWith(message: string) {
  return failed(400, 'WAFInvalidOperationException', 'before', message);
}

describe('the deadline', () => {
  test('work that never ends is cut off, and the reason says what was tried', async () => {
    const account = new Account();
    const attempts: Result[] = [];
    const handler: EventHandler = {
      handle: (_event, limit) => {
        limit.progress.text = 'ListAPIKeys in eu-west-1: no response yet';
        return new Promise(() => undefined);
      },
      fail: async () => 'left',
      afterResponse: async () => true,
    };
    const run = customResource(handler, { ...common(account) });
    const deadline = account.clock.now() + 900_000;
    await account.clock.run(
      run(createEvent(), { getRemainingTimeInMillis: () => deadline - account.clock.now() }),
    );
    expect(attempts).toEqual([]);
    expect(account.responses).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        PhysicalResourceId: 'left',
        Reason: 'the time is up; ListAPIKeys in eu-west-1: no response yet',
      }),
    ]);
    expect(deadline - account.clock.now()).toBeGreaterThan(10_000);
  });

  test('an error after the response is logged only', async () => {
    const account = new Account();
    const sendings: Sending[] = [];
    const handler: EventHandler = {
      handle: async () => ({ status: 'SUCCESS', id: 'id' }),
      fail: async () => 'unused',
      afterResponse: async (_event, sending) => {
        sendings.push(sending);
        throw new Error('broken');
      },
    };
    const run = customResource(handler, { ...common(account) });
    await account.clock.run(run(createEvent(), { getRemainingTimeInMillis: () => 60_000 }));
    expect(sendings).toEqual([{ end: 'accepted', mayHaveArrived: true }]);
    expect(account.responses).toMatchObject([{ Status: 'SUCCESS', PhysicalResourceId: 'id' }]);
    expect(account.logLines.at(-1)).toContain('broken');
  });
});

function common(account: Account) {
  const log = (message: string, details?: object) => {
    account.logLines.push(JSON.stringify({ message, ...details }));
  };
  return { clock: account.clock, put: account.put, log, seen: new SeenKeys() };
}

describe('sending', () => {
  test.each([408, 429, 500, 503])('%i is tried again', async status => {
    const account = new Account();
    const take = account.put;
    let attempts = 0;
    account.put = async (...call) => {
      attempts += 1;
      return attempts < 6 ? { status } : take(...call);
    };
    await account.environment().invoke(createEvent());
    expect(attempts).toBe(6);
    expect(account.keys()).toHaveLength(1);
  });

  test('two refusals are not yet final', async () => {
    const account = new Account();
    const take = account.put;
    const statuses = [403, 403, 500, 403, 403];
    account.put = async (...call) => {
      const status = statuses.shift();
      return status ? { status } : take(...call);
    };
    expect((await account.environment().invoke(createEvent())).Status).toBe('SUCCESS');
    expect(account.keys()).toHaveLength(1);
  });

  test('a long reason is cut to fit, including multi-byte characters and escapes', async () => {
    const account = new Account();
    account.waf.faults.when(() => failedWith('"ü\u2028'.repeat(3000)));
    let size = 0;
    const take = account.put;
    account.put = (url, body, signal) => {
      size = body.length;
      return take(url, body, signal);
    };
    const response = await account.environment().invoke(createEvent());
    expect(response.Reason?.length).toBeGreaterThan(500);
    expect(size).toBeLessThanOrEqual(4096);
    expect(size).toBeGreaterThan(4000);
  });
});

describe('one PUT over a socket', () => {
  let server: Server | undefined;

  afterEach(() => server?.close());

  async function serverThat(answer: Parameters<typeof createServer>[1]): Promise<string> {
    const listening = createServer({}, answer);
    server = listening;
    await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/response?a=b`;
  }

  test('sends the body with an empty content type and its length in bytes', async () => {
    const seen: unknown[] = [];
    const url = await serverThat((request, response) => {
      let body = '';
      request.on('data', chunk => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, headers } = request;
        seen.push(method, request.url, headers['content-type'], headers['content-length'], body);
        response.end();
      });
    });
    expect(await put(url, Buffer.from('ü'), new AbortController().signal)).toEqual({ status: 200 });
    expect(seen).toEqual(['PUT', '/response?a=b', '', '2', 'ü']);
  });

  test('a connection that is cut may have brought the response', async () => {
    const url = await serverThat(request => request.socket.destroy());
    expect(await put(url, Buffer.from('x'), new AbortController().signal)).toMatchObject({
      mayHaveArrived: true,
    });
  });

  test('a silent connection that is given up may have brought the response', async () => {
    const giveUp = new AbortController();
    const url = await serverThat(() => giveUp.abort());
    expect(await put(url, Buffer.from('x'), giveUp.signal)).toMatchObject({ mayHaveArrived: true });
    server?.closeAllConnections();
  });

  test.each(['HTTP://127.0.0.1:9/', ' http://127.0.0.1:9/', 'http://%zz@127.0.0.1:9/'])(
    'to %p does not reject',
    async odd => {
      const attempt = await put(odd, Buffer.from('x'), new AbortController().signal);
      expect(attempt).toMatchObject({ error: expect.any(String), mayHaveArrived: false });
    },
  );

  test('without a connection it cannot have arrived', async () => {
    const closed = createTcpServer();
    await new Promise<void>(resolve => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise(resolve => closed.close(resolve));
    const url = `http://127.0.0.1:${port}/`;
    expect(await put(url, Buffer.from('x'), new AbortController().signal)).toMatchObject({
      mayHaveArrived: false,
    });
  });

  test('a connection without TLS has not brought anything', async () => {
    const url = await serverThat((_request, response) => response.end());
    const attempt = await put(url.replace('http:', 'https:'), Buffer.from('x'), new AbortController().signal);
    expect(attempt).toMatchObject({ mayHaveArrived: false });
  });

  test('a status counts although the rest of the response never comes', async () => {
    const url = await serverThat((_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('x');
    });
    expect(await put(url, Buffer.from('x'), new AbortController().signal)).toEqual({ status: 200 });
    server?.closeAllConnections();
  });
});

test('an old signature gives only its expiry, and one without a time counts from its arrival', async () => {
  // a Create that was given up is the way to see what counts as the time of the signature
  for (const [url, isGivenUp] of [
    [(now: number) => signedUrl(now - 3_599_000), false],
    [(now: number) => signedUrl(now - 3_600_000), true],
    [(now: number) => `https://x.example/?Expires=${now / 1000 + 3601}`, false],
    [(now: number) => `https://x.example/?Expires=${now / 1000 + 3600}`, true],
    [() => 'https://x.example/?X-Amz-Date=yesterday', false],
    [() => 'https://x.example/', false],
  ] as const) {
    const account = new Account();
    const event = createEvent(properties(), { ResponseURL: url(account.clock.now()) });
    expect((await account.environment().invoke(event)).Status).toBe(isGivenUp ? 'FAILED' : 'SUCCESS');
  }
});
