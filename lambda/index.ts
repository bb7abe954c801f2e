import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { put } from './answer';
import { ApiKeys } from './api-keys';
import { systemClock as clock } from './clock';
import { customResource } from './custom-resource';
import { Lifecycle } from './lifecycle';
import { jsonLog as log } from './log';
import { Repetition } from './repetition';
import { type DescribeStackEvents, StackEvents } from './stack-events';

const clients = new Map<string, WAFV2Client>();

const repetition = new Repetition(clock, Math.random);
const keys = new ApiKeys({ clock, repetition, log, clientFor });
const history = new StackEvents(describeStackEvents, repetition, log);

export const handler = customResource(new Lifecycle({ keys, history, clock, log }), { clock, put, log });

// most of a first client is loading its code: done while the function starts, with a whole core
if (process.env.AWS_REGION) clientFor(process.env.AWS_REGION);

function clientFor(region: string): WAFV2Client {
  const client = clients.get(region) ?? new WAFV2Client({ region, maxAttempts: 1 });
  clients.set(region, client);
  return client;
}

async function describeStackEvents(
  ...call: Parameters<DescribeStackEvents>
): ReturnType<DescribeStackEvents> {
  const loaded = await import('./describe-stack-events');
  return loaded.describeStackEvents(...call);
}
