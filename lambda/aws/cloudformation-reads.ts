import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  type DescribeStackEventsCommandInput,
  DescribeStackResourceCommand,
  type DescribeStackResourceCommandInput,
  DescribeStacksCommand,
  type DescribeStacksCommandInput,
  ListStackResourcesCommand,
  type ListStackResourcesCommandInput,
} from '@aws-sdk/client-cloudformation';

type CallOptions = { readonly abortSignal: AbortSignal };

const client = new CloudFormationClient({ maxAttempts: 1 });

// a file of its own: most events are answered without it
export const describeStacks = (input: DescribeStacksCommandInput, options: CallOptions) =>
  client.send(new DescribeStacksCommand(input), options);

export const describeStackResource = (input: DescribeStackResourceCommandInput, options: CallOptions) =>
  client.send(new DescribeStackResourceCommand(input), options);

export const listStackResources = (input: ListStackResourcesCommandInput, options: CallOptions) =>
  client.send(new ListStackResourcesCommand(input), options);

export const describeStackEvents = (input: DescribeStackEventsCommandInput, options: CallOptions) =>
  client.send(new DescribeStackEventsCommand(input), options);
