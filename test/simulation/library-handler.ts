import { ApiKeys } from '../../lambda/api-keys';
import { customResource } from '../../lambda/custom-resource';
import { Lifecycle } from '../../lambda/lifecycle';
import { Repetition } from '../../lambda/repetition';
import { StackEvents } from '../../lambda/stack-events';
import type { CreateHandler } from './handler-environment';

/** The library's own handler, put together as its entry point does it. */
export const libraryHandler: CreateHandler = capabilities => {
  const { clock, random, put, log, wafClientFor, describeStackEvents } = capabilities;
  const repetition = new Repetition(clock, random);
  const keys = new ApiKeys({ clock, repetition, log, clientFor: wafClientFor });
  const history = new StackEvents(describeStackEvents, repetition, log);
  return customResource(new Lifecycle({ keys, history, clock, log }), { clock, put, log });
};
