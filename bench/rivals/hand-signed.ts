import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** Creates a key with the calls of our handler, signed by hand: the floor, without any of the care. */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const { Scope, TokenDomains } = event.ResourceProperties;
  const { ApplicationIntegrationURL } = await call('ListAPIKeys', { Scope, Limit: 100 });
  const { APIKey } = await call('CreateAPIKey', { Scope, TokenDomains });
  const { StackId, RequestId, LogicalResourceId } = event;
  const Data = { APIKey, ApplicationIntegrationURL };
  const PhysicalResourceId = createHash('sha256').update(String(APIKey)).digest('hex');
  const answer = { Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId, Data };
  await send('PUT', event.ResponseURL, { 'content-type': '' }, JSON.stringify(answer));
}

async function call(operation: string, input: object): Promise<Record<string, unknown>> {
  const region = process.env.AWS_REGION ?? '';
  const url = process.env.AWS_ENDPOINT_URL ?? `https://wafv2.${region}.amazonaws.com`;
  const body = JSON.stringify(input);
  return JSON.parse(await send('POST', url, signed(new URL(url).host, region, operation, body), body));
}

function signed(host: string, region: string, operation: string, body: string): Record<string, string> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = process.env;
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    host,
    'x-amz-date': time,
    'x-amz-security-token': AWS_SESSION_TOKEN,
    'x-amz-target': `AWSWAF_20190729.${operation}`,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const scope = [time.slice(0, 8), region, 'wafv2', 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n');
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `Credential=${AWS_ACCESS_KEY_ID}/${scope.join('/')}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

function send(method: string, url: string, headers: Record<string, string>, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('http:') ? httpRequest : httpsRequest;
    const length = { 'content-length': Buffer.byteLength(body) };
    request(url, { method, headers: { ...headers, ...length } }, async response => {
      let text = '';
      for await (const chunk of response) text += chunk;
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`expected HTTP status 200, got ${response.statusCode}: ${text}`));
    })
      .on('error', reject)
      .end(body);
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
