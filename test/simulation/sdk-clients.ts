import { CloudFormationClient, DescribeStackEventsCommand } from '@aws-sdk/client-cloudformation';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import type { HttpRequest } from '@smithy/types';
import type { DescribeStackEvents } from '../../lambda/stack-events';
import type { inProcessHandler } from '../../local-aws/in-process';
import { offlineSettings } from '../offline-client';

/** What takes a request of an SDK client and answers it. */
export type Transport = ReturnType<typeof inProcessHandler>['handle'];

interface Call {
  readonly transport: Transport;
  readonly abortSignal: AbortSignal | undefined;
}

// a client takes longer to make than a history has time: all histories share one for each service and Region,
// and a call is known by its input. A call with options would not use the client's cache, which saves half its time
const calls = new WeakMap<object, Call>();
const requests = new WeakMap<object, Call>();
const wafClients = new Map<string, WAFV2Client>();
const eventsClients = new Map<string, CloudFormationClient>();

/** The real client of WAF for a Region, whose calls go to a transport. */
export function wafClient(region: string, transport: Transport): WAFV2Client {
  const shared = wafClients.get(region) ?? new WAFV2Client(settings('wafv2', region));
  if (!wafClients.has(region)) shared.middlewareStack.add(knowing, { step: 'deserialize', priority: 'low' });
  wafClients.set(region, shared);
  const send = (command: { input: object }, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    calls.set(command.input, { transport, abortSignal });
    return Reflect.apply(shared.send, shared, [command]);
  };
  return new Proxy(shared, {
    get: (client, name) => (name === 'send' ? send : Reflect.get(client, name)),
  });
}

/** A call of the real client of CloudFormation, answered by a transport. */
export function eventsClient(region: string, transport: Transport): DescribeStackEvents {
  const shared = eventsClients.get(region) ?? new CloudFormationClient(settings('cloudformation', region));
  if (!eventsClients.has(region))
    shared.middlewareStack.add(knowing, { step: 'deserialize', priority: 'low' });
  eventsClients.set(region, shared);
  return (input, { abortSignal }) => {
    const command = new DescribeStackEventsCommand(input);
    calls.set(command.input, { transport, abortSignal });
    return shared.send(command);
  };
}

/** Carries over from a call to its request whose it is. */
function knowing<Arguments extends { input: object }, Result>(next: (args: Arguments) => Promise<Result>) {
  return (args: Arguments) => {
    const call = calls.get(args.input);
    if (call && 'request' in args && args.request instanceof Object) requests.set(args.request, call);
    return next(args);
  };
}

function settings(service: string, region: string) {
  return {
    ...offlineSettings(service, region),
    cacheMiddleware: true,
    signer: { sign: async (request: HttpRequest) => scoped(request, service, region) },
    requestHandler: { handle },
  };
}

// nobody checks the signature, and to compute it would take as long as all the rest of a call
function scoped(request: HttpRequest, service: string, region: string): HttpRequest {
  const credential = `AKIDEXAMPLE/20260131/${region}/${service}/aws4_request`;
  request.headers.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
  return request;
}

function handle(request: HttpRequest) {
  const call = requests.get(request);
  if (!call) throw new Error('expected a call of one of the environments, got another');
  return call.transport(request, { abortSignal: call.abortSignal });
}
