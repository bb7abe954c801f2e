/**
 * The handler behind `Custom::WafCaptchaApiKey`. To read it, start here and continue with:
 *
 * 1. `protocol/custom-resource.ts`: one event in, one response out, before the deadline
 * 2. `action/lifecycle.ts`: what Create, Update and Delete do
 * 3. `decision/`: what they decide, from plain data: `decide-update.ts`, `decide-delete.ts`, `after-response.ts`
 * 4. `action/pending-keys.ts`: a new key, from its creation until CloudFormation has it
 * 5. `aws/`: the calls, their retries and their pace
 *
 * ARCHITECTURE.md has the promises, the tables and the reasons.
 */
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { createHandler } from './handler';
import { put } from './protocol/response';
import { systemClock } from './runtime/clock';
import { jsonLog, SeenKeys } from './runtime/log';

const clients = new Map<string, WAFV2Client>();
const seen = new SeenKeys();

export const handler = createHandler({
  clock: systemClock,
  random: Math.random,
  put,
  log: jsonLog(seen),
  seen,
  clientFor,
  reads: () => import('./aws/cloudformation-reads'),
  stackId: process.env.STACK_ID,
});

// most of the cost of the first client is loading its code: done while the function starts, with a whole core
if (process.env.AWS_REGION) clientFor(process.env.AWS_REGION);

function clientFor(region: string): WAFV2Client {
  const client = clients.get(region) ?? new WAFV2Client({ region, maxAttempts: 1 });
  clients.set(region, client);
  return client;
}
