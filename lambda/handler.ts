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
  const { clock, random, reads } = options;
  const retry = new Retry(clock, random);
  const lifecycle = new Lifecycle({
    ...options,
    keys: new WafKeys({ ...options, retry }),
    record: new StackRecord(reads, retry, clock),
  });
  return customResource(lifecycle, options);
}
