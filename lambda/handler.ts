import { Lifecycle } from './action/lifecycle';
import { Retry } from './aws/retry';
import { type CloudFormationReads, StackRecord } from './aws/stack-record';
import { WafKeys, type WafKeysOptions } from './aws/waf-keys';
import { type CustomResourceOptions, customResource } from './protocol/custom-resource';

/** All that the handler has of the world: Lambda's and AWS's own in the function, virtual ones in tests. */
export interface HandlerOptions extends CustomResourceOptions, Omit<WafKeysOptions, 'retry'> {
  /** from 0 up to 1 */
  readonly random: () => number;
  readonly reads: () => Promise<CloudFormationReads>;
}

/** The handler of one execution environment, which remembers nothing yet. */
export function createHandler(options: HandlerOptions) {
  const retry = new Retry(options.clock, options.random);
  const record = new StackRecord(options.reads, retry, options.clock);
  const keys = new WafKeys({ ...options, retry });
  return customResource(new Lifecycle({ ...options, keys, record }), options);
}
