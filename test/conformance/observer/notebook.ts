import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Checksum, SourceData } from '@smithy/types';

// the function has no client for S3 on every engine: four requests, signed by the SDK's own signer
const { AWS_REGION = '', AWS_ENDPOINT_URL, BUCKET = '', FOLDER = '' } = process.env;

export async function writeObject(name: string, text: string): Promise<void> {
  await send('PUT', FOLDER + name, {}, text);
}

/** The texts of all objects whose names begin so. */
export async function readObjects(prefix: string): Promise<string[]> {
  return Promise.all((await namesBelow(FOLDER + prefix)).map(name => send('GET', name)));
}

export async function deleteObjects(): Promise<void> {
  for (const name of await namesBelow(FOLDER)) await send('DELETE', name);
}

async function namesBelow(prefix: string): Promise<string[]> {
  const list = await send('GET', '', { 'list-type': '2', prefix });
  if (list.includes('<IsTruncated>true<')) throw new Error(`expected at most 1000 objects below ${prefix}`);
  return [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
}

async function send(
  method: string,
  key: string,
  query: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<string> {
  const url = new URL(AWS_ENDPOINT_URL ?? `https://s3.${AWS_REGION}.amazonaws.com`);
  const request = await signer().sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port ? Number(url.port) : undefined,
    path: `/${BUCKET}/${key}`,
    query: { ...query },
    headers: { host: url.host },
    body,
  });
  const address = `${url.origin}${request.path}?${new URLSearchParams({ ...query })}`;
  const response = await fetch(address, { method, headers: request.headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${key}: expected success, got ${response.status} ${text}`);
  return text;
}

function signer(): SignatureV4 {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env;
  return new SignatureV4({
    service: 's3',
    region: AWS_REGION,
    sha256: Sha256,
    uriEscapePath: false,
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN || undefined,
    },
  });
}

class Sha256 implements Checksum {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: SourceData) {
    this.hash = this.start();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.start();
  }

  private start(): Hash | Hmac {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.secret));
  }
}

function bytesOf(data: SourceData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
