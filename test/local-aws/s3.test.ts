import { S3 } from '../../local-aws/s3';
import type { ServiceRequest } from '../../local-aws/service';

const now = Date.UTC(2026, 0, 1);

function setUp() {
  const s3 = new S3(
    bucket => bucket === 'assets',
    () => now,
  );
  const send = async (method: string, target: string, body = '', headers: Record<string, string> = {}) => {
    const url = new URL(target, 'http://127.0.0.1');
    const request: ServiceRequest = {
      service: 's3',
      region: 'eu-west-1',
      method,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers,
      body: Buffer.from(body),
    };
    const answer = await s3.service(request);
    return {
      status: answer.status,
      headers: answer.headers ?? {},
      body: Buffer.from(answer.body ?? '').toString(),
    };
  };
  return { s3, send };
}

test('an object comes back as it was put, with its checksum', async () => {
  const { s3, send } = setUp();
  await send('PUT', '/assets/a/b.json?x-id=PutObject', '{}', { 'content-type': 'application/json' });
  const got = await send('GET', '/assets/a/b.json?x-id=GetObject');
  expect(got).toMatchObject({ status: 200, body: '{}' });
  expect(got.headers).toMatchObject({
    'content-type': 'application/json',
    'x-amz-checksum-crc32': 'o6a/Qw==',
  });
  expect(s3.readObject('assets', 'a/b.json').toString()).toBe('{}');
});

test('the head of an object has its length and no body', async () => {
  const { send } = setUp();
  await send('PUT', '/assets/a', 'four');
  const head = await send('HEAD', '/assets/a');
  expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '4', '']);
});

test('the streaming form of the SDK is taken apart', async () => {
  const { s3, send } = setUp();
  const body = '4;chunk-signature=0\r\n{"a"\r\n4\r\n: 1}\r\n0\r\nx-amz-checksum-crc32:+6GOlw==\r\n\r\n';
  const headers = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '8' };
  const answer = await send('PUT', '/assets/a', body, headers);
  expect([answer.status, s3.readObject('assets', 'a').toString()]).toEqual([200, '{"a": 1}']);
});

test.each([
  ['BadDigest', 'ab', { 'x-amz-checksum-crc32': 'AAAAAA==' }],
  ['XAmzContentSHA256Mismatch', 'ab', { 'x-amz-content-sha256': '0'.repeat(64) }],
  ['IncompleteBody', 'ab', { 'x-amz-decoded-content-length': '3' }],
  ['IncompleteBody', 'no chunk', { 'content-encoding': 'aws-chunked' }],
])('refuses with %s what is not what it claims to be', async (code, body, headers) => {
  const { s3, send } = setUp();
  const answer = await send('PUT', '/assets/a', body, headers);
  expect(answer).toMatchObject({ status: 400, body: expect.stringContaining(`<Code>${code}</Code>`) });
  expect(() => s3.readObject('assets', 'a')).toThrow('does not exist');
});

test('lists the objects below a prefix', async () => {
  const { send } = setUp();
  for (const key of ['b/2', 'a/1', 'a/0&']) await send('PUT', `/assets/${encodeURIComponent(key)}`, 'x');
  const { body } = await send('GET', '/assets?list-type=2&prefix=a/');
  expect(body.match(/<Key>[^<]*/g)).toEqual(['<Key>a/0&amp;', '<Key>a/1']);
  expect(body).toContain('<KeyCount>2</KeyCount>');
});

test('tells where a bucket is and that it is encrypted', async () => {
  const { send } = setUp();
  expect((await send('GET', '/assets?location')).body).toContain('>eu-west-1</LocationConstraint>');
  expect((await send('GET', '/assets?encryption')).body).toContain('<SSEAlgorithm>AES256</SSEAlgorithm>');
});

test('names the bucket or the object that does not exist', async () => {
  const { send } = setUp();
  expect((await send('GET', '/assets/none')).body).toContain('<Code>NoSuchKey</Code>');
  expect(await send('GET', '/other/none')).toMatchObject({
    status: 404,
    body: expect.stringContaining('<Code>NoSuchBucket</Code>'),
  });
});

test.each([
  ['GET', '/assets?versioning', 'GET bucket with versioning'],
  ['POST', '/assets/a?uploads', 'POST object with uploads'],
  ['DELETE', '/assets/a', 'DELETE object'],
])('%s %s is refused by its name', async (method, target, name) => {
  const { send } = setUp();
  expect(await send(method, target)).toMatchObject({
    status: 501,
    body: expect.stringContaining(`local aws does not imitate s3 ${name}<`),
  });
});
