import type { ResourceStatus, StackStatus } from '@aws-sdk/client-cloudformation';
import type { CloudFormationReads } from '../../lambda/aws/stack-record';
import type { Clock } from '../../local-aws/clock';
import { recordAt, type Stack, type StackEvent, type StackResource } from '../../local-aws/cloudformation';
import { Quota } from '../../local-aws/quota';
import type { Calls } from './calls';

const PAGE = 100;

export interface StackReadsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly calls: Calls;
  /** How late a reading is, in milliseconds: drawn for each, but no reading goes behind an earlier one. */
  readonly lagMs: { readonly least: number; readonly most: number };
  /** Resolves after one way of a call. */
  readonly latency: () => Promise<void>;
}

/** CloudFormation's reads of a stack, without HTTP and XML: ten a second together, whichever they are. */
export function stackReads(stack: Stack, options: StackReadsOptions): CloudFormationReads {
  const { clock, random, calls, lagMs, latency } = options;
  const quota = new Quota(clock, { perSecond: { read: 10 } });
  let shownAt = 0;
  const read = async <T>(operation: string, answer: (record: Record) => T) => {
    await latency();
    const isAccepted = quota.allows('', 'read');
    calls.add(operation, isAccepted);
    shownAt = Math.max(shownAt, clock.now() - lagMs.least - random() * (lagMs.most - lagMs.least));
    const record = recordAt(stack, shownAt);
    await latency();
    if (!isAccepted) throw failure('Throttling', 'Rate exceeded');
    if (!record) throw failure('ValidationError', `Stack with id ${stack.id} does not exist`);
    return { ...answer(record), $metadata: {} };
  };
  return {
    describeStacks: () =>
      read('DescribeStacks', ({ status }) => {
        const StackStatus = status as StackStatus;
        return {
          Stacks: [{ StackName: stack.name, CreationTime: new Date(stack.creationTime), StackStatus }],
        };
      }),
    describeStackResource: ({ LogicalResourceId = '' }) =>
      read('DescribeStackResource', ({ entries }) => {
        const entry = entries.get(LogicalResourceId);
        if (!entry) throw failure('ValidationError', `Resource ${LogicalResourceId} does not exist`);
        return { StackResourceDetail: described(entry) };
      }),
    listStackResources: ({ NextToken = '0' }) =>
      read('ListStackResources', ({ entries }) => {
        const [start, end] = [Number(NextToken), Number(NextToken) + PAGE];
        return {
          StackResourceSummaries: [...entries.values()].slice(start, end).map(described),
          NextToken: end < entries.size ? String(end) : undefined,
        };
      }),
    describeStackEvents: ({ NextToken }) =>
      read('DescribeStackEvents', ({ events }) => {
        // counts from the oldest event on, so that new events do not shift the pages
        const end = Number(NextToken ?? events.length);
        const start = Math.max(0, end - PAGE);
        return {
          StackEvents: events
            .slice(start, end)
            .reverse()
            .map(event => eventOf(stack, event)),
          NextToken: start > 0 ? String(start) : undefined,
        };
      }),
  };
}

type Record = NonNullable<ReturnType<typeof recordAt>>;

function described({ logicalId, physicalId, type, status, timestamp = 0 }: StackResource) {
  return {
    LogicalResourceId: logicalId,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    ResourceStatus: status as ResourceStatus,
    LastUpdatedTimestamp: new Date(timestamp),
  };
}

function eventOf({ id, name }: Stack, { eventId, logicalId, physicalId, status, timestamp }: StackEvent) {
  return {
    StackId: id,
    StackName: name,
    EventId: eventId,
    LogicalResourceId: logicalId,
    PhysicalResourceId: physicalId,
    ResourceStatus: status as ResourceStatus,
    Timestamp: new Date(timestamp),
  };
}

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
}
