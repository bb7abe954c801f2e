import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError, escapeXml, s3Error, xml } from './aws-error';
import type { Service, ServiceRequest, ServiceResponse } from './service';

interface StoredObject {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly etag: string;
  readonly modified: Date;
}

/** Buckets in memory, addressed by path. A bucket is empty until an object is put into it. */
export class S3 {
  private readonly objects = new Map<string, StoredObject>();

  constructor(
    private readonly bucketExists: (bucket: string) => boolean,
    private readonly now: () => number,
  ) {}

  readonly service: Service = async request => {
    try {
      return this.answer(request);
    } catch (error) {
      if (error instanceof AwsError) return s3Error(error);
      throw error;
    }
  };

  /** The content of an object; fails as S3 does when there is none. */
  readObject(bucket: string, key: string): Buffer {
    return this.existing(bucket, key).bytes;
  }

  private answer(request: ServiceRequest): ServiceResponse {
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? [];
    if (!this.bucketExists(bucket)) {
      throw new AwsError('NoSuchBucket', `The specified bucket does not exist: ${bucket}`, 404);
    }
    const operation = operationOf(request, key);
    switch (operation) {
      case 'PutObject':
        return this.put(bucket, key, request);
      case 'GetObject':
        return this.get(bucket, key, true);
      case 'HeadObject':
        return this.get(bucket, key, false);
      case 'ListObjectsV2':
        return this.list(bucket, request.query.get('prefix') ?? '');
      case 'GetBucketLocation':
        return xml(200, `<LocationConstraint>${locationOf(request.region)}</LocationConstraint>`);
      case 'GetBucketEncryption':
        return xml(200, encryption);
      default:
        throw new AwsError('NotImplemented', `local aws does not imitate s3 ${operation}`, 501);
    }
  }

  private put(bucket: string, key: string, request: ServiceRequest): ServiceResponse {
    const bytes = contentOf(request);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const contentType = request.headers['content-type'] ?? 'binary/octet-stream';
    this.objects.set(`${bucket}/${key}`, { bytes, contentType, etag, modified: new Date(this.now()) });
    return { status: 200, headers: { etag } };
  }

  private get(bucket: string, key: string, withBody: boolean): ServiceResponse {
    const { bytes, contentType, etag, modified } = this.existing(bucket, key);
    return {
      status: 200,
      headers: {
        etag,
        'content-type': contentType,
        'last-modified': modified.toUTCString(),
        'content-length': String(bytes.length),
        'x-amz-checksum-crc32': crc32Of(bytes),
        'x-amz-checksum-type': 'FULL_OBJECT',
      },
      body: withBody ? bytes : '',
    };
  }

  private list(bucket: string, prefix: string): ServiceResponse {
    const found = [...this.objects].filter(([path]) => path.startsWith(`${bucket}/${prefix}`)).sort();
    const contents = found.map(([path, { bytes, etag, modified }]) => {
      const key = `<Key>${escapeXml(path.slice(bucket.length + 1))}</Key>`;
      const time = `<LastModified>${modified.toISOString()}</LastModified>`;
      return `<Contents>${key}${time}<ETag>${escapeXml(etag)}</ETag><Size>${bytes.length}</Size></Contents>`;
    });
    const head = `<Name>${bucket}</Name><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${found.length}</KeyCount>`;
    const limits = '<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>';
    return xml(200, `<ListBucketResult>${head}${limits}${contents.join('')}</ListBucketResult>`);
  }

  private existing(bucket: string, key: string): StoredObject {
    const stored = this.objects.get(`${bucket}/${key}`);
    if (stored) return stored;
    throw new AwsError('NoSuchKey', `The specified key does not exist: ${bucket}/${key}`, 404);
  }
}

const encryption =
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256' +
  '</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>';

function operationOf({ method, query, headers }: ServiceRequest, key: string): string {
  if (key) {
    // parts, copies, ACLs and tags would each need another answer
    const special = [...query.keys()].find(name => name !== 'x-id');
    if (special || headers['x-amz-copy-source']) return `${method} object with ${special ?? 'a copy source'}`;
    return { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject' }[method] ?? `${method} object`;
  }
  if (method === 'GET' && query.has('location')) return 'GetBucketLocation';
  if (method === 'GET' && query.has('encryption')) return 'GetBucketEncryption';
  if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
  return `${method} bucket with ${[...query.keys()].join(', ') || 'no parameters'}`;
}

/** us-east-1 is the one Region that S3 answers with an empty constraint. */
function locationOf(region: string): string {
  return region === 'us-east-1' ? '' : region;
}

function contentOf({ headers, body }: ServiceRequest): Buffer {
  const chunked = headers['content-encoding']?.includes('aws-chunked');
  const { bytes, trailer } = chunked ? unchunked(body) : { bytes: body, trailer: '' };
  expectSame('IncompleteBody', 'length', headers['x-amz-decoded-content-length'], String(bytes.length));
  const crc = headers['x-amz-checksum-crc32'] ?? /x-amz-checksum-crc32:(\S+)/.exec(trailer)?.[1];
  expectSame('BadDigest', 'CRC32', crc, crc32Of(bytes));
  const sha256 = headers['x-amz-content-sha256'];
  // the header also takes words such as UNSIGNED-PAYLOAD
  const digest = sha256?.length === 64 ? sha256 : undefined;
  const actual = createHash('sha256').update(bytes).digest('hex');
  expectSame('XAmzContentSHA256Mismatch', 'SHA-256', digest, actual);
  return bytes;
}

/** Takes the SDK's streaming form apart: a size in hex, the bytes, and so on; after a size of 0 the trailer. */
function unchunked(body: Buffer): { bytes: Buffer; trailer: string } {
  const chunks: Buffer[] = [];
  let position = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', position);
    const size = Number.parseInt(body.toString('latin1', position, Math.max(lineEnd, position)), 16);
    if (Number.isNaN(size)) throw new AwsError('IncompleteBody', 'expected the size of a chunk, got none');
    const start = lineEnd + 2;
    if (size === 0) return { bytes: Buffer.concat(chunks), trailer: body.toString('latin1', start) };
    chunks.push(body.subarray(start, start + size));
    position = start + size + 2;
  }
}

function expectSame(code: string, what: string, declared: string | undefined, actual: string): void {
  if (declared === undefined || declared === actual) return;
  throw new AwsError(code, `expected a body of ${what} ${declared}, got ${actual}`);
}

function crc32Of(bytes: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}
