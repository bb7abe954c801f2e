import { createHash } from 'node:crypto';
import { CreateAPIKey$, errorTypeRegistries, ListAPIKeys$ } from '@aws-sdk/client-wafv2';
import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols';
import { Sha256 } from '@smithy/core/checksum';
import { parseUrl } from '@smithy/core/protocols';
import { fromBase64, fromUtf8, toBase64, toUtf8 } from '@smithy/core/serde';
import { HttpRequest } from '@smithy/core/transport';
import { NodeHttpHandler, streamCollector } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  type HttpRequest as AnyHttpRequest,
  SMITHY_CONTEXT_KEY,
  type StaticOperationSchema,
} from '@smithy/types';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { put } from '../../lambda/protocol/response';

const { AWS_REGION: region = '', AWS_ENDPOINT_URL: url = `https://wafv2.${region}.amazonaws.com` } =
  process.env;
const requestHandler = new NodeHttpHandler();
const protocol = new AwsJson1_1Protocol({
  defaultNamespace: 'com.amazonaws.wafv2',
  errorTypeRegistries,
  serviceTarget: 'AWSWAF_20190729',
});
const context = {
  [SMITHY_CONTEXT_KEY]: {},
  base64Decoder: fromBase64,
  base64Encoder: toBase64,
  disableHostPrefix: false,
  endpoint: async () => parseUrl(url),
  protocol: 'https',
  requestHandler,
  streamCollector,
  urlParser: parseUrl,
  utf8Decoder: fromUtf8,
  utf8Encoder: toUtf8,
};
protocol.setSerdeContext(context);

/**
 * Creates a key with the calls of our handler, by the SDK's schemas, protocol, signer and HTTP handler without its
 * client: no endpoint rules, no credential chain, no middleware.
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const { Scope, TokenDomains } = event.ResourceProperties;
  const { ApplicationIntegrationURL } = await call(ListAPIKeys$, { Scope, Limit: 100 });
  const { APIKey } = await call(CreateAPIKey$, { Scope, TokenDomains });
  const { StackId, RequestId, LogicalResourceId } = event;
  const Data = { APIKey, ApplicationIntegrationURL };
  const PhysicalResourceId = createHash('sha256').update(String(APIKey)).digest('hex');
  const answer = { Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId, Data };
  await put(event.ResponseURL, Buffer.from(JSON.stringify(answer)), new AbortController().signal);
}

async function call(schema: StaticOperationSchema, input: object): Promise<Record<string, unknown>> {
  const [, namespace, name, traits, inputSchema, outputSchema] = schema;
  const operation = { namespace, name, traits, input: inputSchema, output: outputSchema };
  const request = await protocol.serializeRequest(operation, input, context);
  const headers = await signedHeaders(request);
  const { response } = await requestHandler.handle(new HttpRequest({ ...request, headers }));
  return { ...(await protocol.deserializeResponse(operation, context, response)) };
}

async function signedHeaders(request: AnyHttpRequest): Promise<AnyHttpRequest['headers']> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN } = process.env;
  request.headers.host = new URL(url).host;
  request.headers['content-length'] = String(request.body.length);
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
  };
  const signer = new SignatureV4({ service: 'wafv2', region, sha256: Sha256, credentials });
  return (await signer.sign(request)).headers;
}
