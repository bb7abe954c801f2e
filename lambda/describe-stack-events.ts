import { CloudFormationClient, DescribeStackEventsCommand } from '@aws-sdk/client-cloudformation';
import type { DescribeStackEvents } from './stack-events';

const client = new CloudFormationClient({ maxAttempts: 1 });

/** Calls CloudFormation in the function's own Region. A file of its own: most events never need it. */
export const describeStackEvents: DescribeStackEvents = (input, options) =>
  client.send(new DescribeStackEventsCommand(input), options);
