import { lifecycle } from './action/lifecycle';
import { PendingKeys } from './action/pending-keys';
import { Retry } from './aws/retry';
import { type CloudFormationReads, StackRecord } from './aws/stack-record';
import { WafKeys, type WafKeysOptions } from './aws/waf-keys';
import { failedCreateId } from './decision/key-id';
import { type CustomResourceOptions, customResource, type EventHandler } from './protocol/custom-resource';

/** All that the handler has of the world: Lambda's and AWS's own in the function, virtual ones in tests. */
export interface HandlerOptions extends CustomResourceOptions, Omit<WafKeysOptions, 'retry'> {
  /** from 0 up to 1 */
  readonly random: () => number;
  readonly reads: () => Promise<CloudFormationReads>;
}

/** The handler of one execution environment, which remembers nothing yet. */
export function createHandler(options: HandlerOptions) {
  const { clock, random, reads } = options;
  const retry = new Retry(clock, random);
  const tools = {
    ...options,
    keys: new WafKeys({ ...options, retry }),
    record: new StackRecord(reads, retry, clock),
  };
  const pending = new PendingKeys(tools);
  const handler: EventHandler = {
    handle: (event, limit) => lifecycle({ ...tools, pending }, event, limit),
    async fail(event, limit) {
      const { requestId, physicalResourceId = failedCreateId(requestId) } = event;
      return (await pending.undo(event, limit)) ?? physicalResourceId;
    },
    afterResponse: (event, sending, limit) => pending.afterResponse(event, sending, limit),
  };
  return customResource(handler, options);
}
