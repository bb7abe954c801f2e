import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { WAFNonexistentItemException, WAFOptimisticLockException, WAFV2Client } from '@aws-sdk/client-wafv2';
import type { HttpRequest } from '@smithy/types';
import type { DescribeStackEvents } from '../../lambda/stack-events';
import type { Transport } from './sdk-clients';

/**
 * Stands in for the client of the SDK where time matters more: the same requests and answers, but without its layers,
 * which take most of a history's time. A test sees to it that histories run the same with either.
 */
export function directWafClient(region: string, transport: Transport): WAFV2Client {
  const send = async (command: Command, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    const operation = command.constructor.name.replace(/Command$/, '');
    const headers = { 'x-amz-target': `AWSWAF_20190729.${operation}` };
    const request = requestOf('wafv2', region, headers, JSON.stringify(command.input));
    const { response } = await transport(request, { abortSignal });
    const output = JSON.parse(String(response.body), dates);
    if (response.statusCode < 300) return output;
    throw errorOf(response.statusCode, output.__type, output.message);
  };
  return new Proxy(anyClient, {
    get: (client, name) => (name === 'send' ? send : Reflect.get(client, name)),
  });
}

/** The same for the events of stacks. */
export function directEventsClient(region: string, transport: Transport): DescribeStackEvents {
  return async ({ StackName = '', NextToken }, { abortSignal }) => {
    const form = new URLSearchParams({ Action: 'DescribeStackEvents', StackName });
    if (NextToken) form.set('NextToken', NextToken);
    const request = requestOf('cloudformation', region, { accept: 'application/json' }, String(form));
    const { response } = await transport(request, { abortSignal });
    const text = String(response.body);
    if (response.statusCode >= 300) {
      throw errorOf(response.statusCode, /<Code>([^<]*)/.exec(text)?.[1] ?? '', text);
    }
    const output: { StackEvents: StackEvent[]; NextToken?: string } = JSON.parse(text, dates);
    return { ...output, $metadata: {} };
  };
}

interface Command {
  readonly input: object;
}

const anyClient = new WAFV2Client({ region: 'eu-west-1' });

function requestOf(
  service: string,
  region: string,
  headers: Record<string, string>,
  body: string,
): HttpRequest {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260131/${region}/${service}/aws4_request`;
  const hostname = `${service}.${region}.amazonaws.com`;
  const place = { protocol: 'https:', hostname, path: '/', query: {}, method: 'POST' };
  return { ...place, headers: { ...headers, authorization }, body };
}

function dates(key: string, value: unknown): unknown {
  if (key === 'CreationTimestamp') return new Date(Number(value) * 1000);
  return key === 'Timestamp' ? new Date(String(value)) : value;
}

function errorOf(httpStatusCode: number, code: string, message: string): Error {
  const $metadata = { httpStatusCode };
  if (code === 'WAFNonexistentItemException') return new WAFNonexistentItemException({ message, $metadata });
  if (code === 'WAFOptimisticLockException') return new WAFOptimisticLockException({ message, $metadata });
  return Object.assign(new Error(message), { name: code, $metadata });
}
