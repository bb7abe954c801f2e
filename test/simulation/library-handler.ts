import { Lifecycle } from '../../lambda/action/lifecycle';
import { Retry } from '../../lambda/aws/retry';
import { StackRecord } from '../../lambda/aws/stack-record';
import { WafKeys } from '../../lambda/aws/waf-keys';
import { customResource } from '../../lambda/protocol/custom-resource';
import { SeenKeys } from '../../lambda/runtime/log';
import type { CreateHandler } from './handler-environment';

/** The library's own handler, put together as its entry point does it. */
export const libraryHandler: CreateHandler = ({ clock, random, put, log, clientFor, reads, stackId }) => {
  const seen = new SeenKeys();
  const retry = new Retry(clock, random);
  const keys = new WafKeys({ clock, retry, log, seen, clientFor });
  const record = new StackRecord(async () => reads, retry, clock);
  return customResource(new Lifecycle({ keys, record, clock, log, seen }), {
    clock,
    put,
    log,
    seen,
    stackId,
  });
};
