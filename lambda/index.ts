import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { put } from './answer';
import { ApiKeys } from './api-keys';
import { systemClock as clock } from './clock';
import { customResource } from './custom-resource';
import { Lifecycle } from './lifecycle';
import { jsonLog as log } from './log';

const clients = new Map<string, WAFV2Client>();

const keys = new ApiKeys({ clock, random: Math.random, log, clientFor });

export const handler = customResource(new Lifecycle(keys, log), { clock, put, log });

function clientFor(region: string): WAFV2Client {
  const client = clients.get(region) ?? new WAFV2Client({ region, maxAttempts: 1 });
  clients.set(region, client);
  return client;
}
