import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import type { CallOptions } from './retry';

const client = new CloudFormationClient({ maxAttempts: 1 });

// a file of its own: most events are answered without it
export const describeStacks = (input: DescribeStacksCommand['input'], options: CallOptions) =>
  client.send(new DescribeStacksCommand(input), options);

export const describeStackResource = (input: DescribeStackResourceCommand['input'], options: CallOptions) =>
  client.send(new DescribeStackResourceCommand(input), options);

export const listStackResources = (input: ListStackResourcesCommand['input'], options: CallOptions) =>
  client.send(new ListStackResourcesCommand(input), options);

export const describeStackEvents = (input: DescribeStackEventsCommand['input'], options: CallOptions) =>
  client.send(new DescribeStackEventsCommand(input), options);
