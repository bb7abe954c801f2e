import { AwsError } from '../aws-error';
import { eventDescription, resourceDescription, stackDescription } from './descriptions';
import type { Engine } from './engine';
import type { Stack, StackResource } from './stack';
import { recordAt, type StackRecord } from './stack-record';

export interface RecordReadsOptions {
  readonly engine: Pick<Engine, 'stacks' | 'find'>;
  /** The time whose record the reads of a stack show. */
  readonly readsAt: (stack: Stack) => number;
  /** The time of the oldest events that are kept: all, unless it says otherwise. */
  readonly eventsFrom?: (stack: Stack) => number;
  readonly eventsPerPage?: number;
  /** Whether new events shift the pages while they are read. @default false */
  readonly eventsShift?: boolean;
  readonly resourcesPerPage?: number;
}

/** Which of it counts depends on the operation. */
export interface ReadInput {
  readonly StackName?: string;
  readonly LogicalResourceId?: string;
  readonly NextToken?: string;
}

/** The reads of stacks' records by the names of their operations, answered with what then becomes XML. */
export function recordReads(options: RecordReadsOptions) {
  const { engine, readsAt, eventsFrom = () => 0, eventsPerPage = 100, resourcesPerPage = 100 } = options;
  const { eventsShift = false } = options;

  function find(
    region: string,
    { StackName = '(no StackName)' }: ReadInput,
  ): { stack: Stack; record: StackRecord } {
    const stack = engine.find(region, StackName);
    const record = stack && recordAt(stack, readsAt(stack));
    if (stack && record) return { stack, record };
    throw invalid(`Stack with id ${StackName} does not exist`);
  }

  return {
    DescribeStacks: (region: string, input: ReadInput) => {
      const listed = engine.stacks.filter(stack => stack.region === region && !stack.isGone);
      const names = input.StackName === undefined ? listed.map(({ id }) => id) : [input.StackName];
      const found = names.map(StackName => find(region, { StackName }));
      return { Stacks: found.map(({ stack, record }) => stackDescription(stack, record)) };
    },

    DescribeStackEvents: (region: string, input: ReadInput) => {
      if (!engine.find(region, input.StackName ?? ''))
        throw invalid(`Stack [${input.StackName}] does not exist`);
      const { stack, record } = find(region, input);
      const events = record.events.filter(({ timestamp }) => timestamp >= eventsFrom(stack));
      // a token counts from the oldest event on, so that new events do not shift the pages; or from the newest one
      const { NextToken: token = eventsShift ? 0 : events.length } = input;
      const end = eventsShift ? events.length - Number(token) : Number(token);
      const start = Math.max(0, end - eventsPerPage);
      const next = eventsShift ? events.length - start : start;
      const page = events.slice(start, end).reverse();
      return {
        StackEvents: page.map(event => eventDescription(stack, event)),
        NextToken: start > 0 ? String(next) : undefined,
      };
    },

    DescribeStackResource: (region: string, input: ReadInput) => {
      const { stack, record } = find(region, input);
      const resource = record.entries.get(input.LogicalResourceId ?? '');
      if (!resource)
        throw invalid(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.name}`);
      const { StackId, StackName } = resourceDescription(stack, resource);
      return { StackResourceDetail: { StackId, StackName, ...summaryOf(stack, resource) } };
    },

    DescribeStackResources: (region: string, input: ReadInput) => {
      const { stack, record } = find(region, input);
      const all = [...record.entries.values()];
      const asked = all.filter(({ logicalId }) => logicalId === (input.LogicalResourceId ?? logicalId));
      const first = asked.slice(0, resourcesPerPage);
      return { StackResources: first.map(resource => resourceDescription(stack, resource)) };
    },

    ListStackResources: (region: string, input: ReadInput) => {
      const { stack, record } = find(region, input);
      // the token is the last name, so that an entry which comes or goes does not shift the pages
      const names = [...record.entries.keys()].filter(name => name > (input.NextToken ?? '')).sort();
      const page = names.slice(0, resourcesPerPage);
      const shown = page.flatMap(name => record.entries.get(name) ?? []);
      return {
        StackResourceSummaries: shown.map(resource => summaryOf(stack, resource)),
        NextToken: names.length > page.length ? page.at(-1) : undefined,
      };
    },
  };
}

function summaryOf(stack: Stack, resource: StackResource) {
  const { StackId: _, StackName: __, Timestamp, ...summary } = resourceDescription(stack, resource);
  return { ...summary, LastUpdatedTimestamp: Timestamp };
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
