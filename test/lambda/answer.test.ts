import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Answer, bodyOf, deliver, type Put, put } from '../../lambda/answer';
import { VirtualClock } from '../virtual-clock';

const answer: Answer = {
  Status: 'SUCCESS',
  PhysicalResourceId: 'id',
  StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1',
  RequestId: 'request',
  LogicalResourceId: 'CaptchaKey',
};

describe('the body', () => {
  test('stays within 4096 bytes with a key of 2048 characters and the longest names', () => {
    const url = `https://${'a'.repeat(60)}.ap-southeast-7.captcha-sdk.awswaf.com/${'a'.repeat(60)}`;
    const body = bodyOf({
      Status: 'SUCCESS',
      PhysicalResourceId: `WafCaptchaApiKey/CLOUDFRONT/us-east-1/${'0'.repeat(64)}`,
      StackId: `arn:aws:cloudformation:ap-southeast-7:111122223333:stack/${'s'.repeat(128)}/${'0'.repeat(36)}`,
      RequestId: '0'.repeat(36),
      LogicalResourceId: 'L'.repeat(255),
      Data: {
        APIKey: 'k'.repeat(2048),
        ApplicationIntegrationURL: url,
        ScriptURL: `${url}/jsapi.js`,
        CreationTimestamp: '2026-01-31T12:00:00.000Z',
      },
    });

    expect(body.length).toBeLessThanOrEqual(4096);
  });

  test.each([
    ['letters', 'x'],
    ['letters of four bytes', '🔑'],
    ['characters that JSON escapes', '\u0000'],
    ['quotes', '"'],
  ])('cuts a Reason of %s until it fits, and wastes no room', (_what, character) => {
    const body = bodyOf({ ...answer, Status: 'FAILED', Reason: character.repeat(20_000) });

    expect(body.length).toBeLessThanOrEqual(4096);
    expect(body.length).toBeGreaterThan(4080);
    expect(JSON.parse(body.toString()).Reason).toBe(
      character.repeat([...JSON.parse(body.toString()).Reason].length),
    );
  });

  test('leaves a short Reason as it is', () => {
    expect(
      JSON.parse(bodyOf({ ...answer, Status: 'FAILED', Reason: 'no – not today' }).toString()).Reason,
    ).toBe('no – not today');
  });
});

describe('the delivery', () => {
  type Reply = (response: ServerResponse) => void;

  const clock = new VirtualClock();
  const received: { body: string; headers: IncomingMessage['headers']; method: string | undefined }[] = [];
  let replies: Reply[] = [];
  let letTimePass: () => void;
  let server: Server;
  let url: string;

  const status =
    (code: number): Reply =>
    response =>
      response.writeHead(code).end('<Error/>');
  const silence: Reply = () => letTimePass();
  const hangUp: Reply = response => response.destroy();

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      received.push({
        body: Buffer.concat(chunks).toString(),
        headers: request.headers,
        method: request.method,
      });
      (replies.shift() ?? status(200))(response);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    url = `http://127.0.0.1:${address.port}/response?X-Amz-Signature=secret`;
  });

  beforeEach(() => {
    received.length = 0;
    replies = [];
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const heldPut: Put = async (...call) => {
    letTimePass = clock.hold();
    try {
      return await put(...call);
    } finally {
      letTimePass();
    }
  };

  function delivery({ seconds = 60, log = [] as string[] } = {}) {
    const limit = { at: clock.now() + seconds * 1000, signal: new AbortController().signal };
    const write = (message: string, details?: object) => log.push(JSON.stringify({ message, ...details }));
    return clock.run(deliver(url, answer, limit, { clock, put: heldPut, log: write }));
  }

  test('puts the body with its length in bytes and an empty content type', async () => {
    await expect(delivery()).resolves.toBe('delivered');

    const [request] = received;
    expect(request?.method).toBe('PUT');
    expect(JSON.parse(request?.body ?? '')).toEqual(answer);
    expect(request?.headers['content-type']).toBe('');
    expect(Number(request?.headers['content-length'])).toBe(Buffer.byteLength(request?.body ?? ''));
  });

  test('goes on after two 503, a silence and a broken connection, and is then taken', async () => {
    replies = [status(503), status(503), silence, hangUp];

    await expect(delivery()).resolves.toBe('delivered');

    expect(received).toHaveLength(5);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  test('is refused for good by a 403: the URL has expired', async () => {
    replies = [status(403)];

    await expect(delivery()).resolves.toBe('refused');

    expect(received).toHaveLength(1);
  });

  test('goes on after a 400, with which S3 answers a slow request', async () => {
    replies = [status(400)];

    await expect(delivery()).resolves.toBe('delivered');
  });

  test('is given up before the limit, and throws', async () => {
    replies = Array<Reply>(1000).fill(status(503));
    const startedAt = clock.now();

    await expect(delivery({ seconds: 60 })).rejects.toThrow(
      'expected the response URL to take the answer, got HTTP status 503',
    );

    expect(clock.now() - startedAt).toBeLessThanOrEqual(60_000);
    expect(received.length).toBeGreaterThan(8);
  });

  test('never logs the response URL', async () => {
    const log: string[] = [];
    replies = [status(503), hangUp];

    await delivery({ log });

    expect(log).toHaveLength(2);
    expect(log.join()).not.toMatch(/127\.0\.0\.1|secret|http:/);
  });
});
