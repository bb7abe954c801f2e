import type { CloudFormationReads } from '../../lambda/aws/stack-record';
import { type CloudFormation, recordAt, type Stack, type StackEvent } from '../../local-aws/cloudformation';
import { eventDescription, resourceDescription } from '../../local-aws/cloudformation/descriptions';
import { Quota } from '../../local-aws/quota';
import type { VirtualClock } from '../virtual-account/virtual-clock';
import type { Dice } from './dice';
import type { Conditions } from './history';
import { serviceError } from './troubles';

// small pages, so that lists have several: AWS gives a hundred
const EVENTS_PER_PAGE = 8;
const RESOURCES_PER_PAGE = 4;

export type ReadOperation = keyof CloudFormationReads;
export type ReadInput = Parameters<CloudFormationReads[ReadOperation]>[0];

/** CloudFormation's reads of the record, as late as they may be, and past the layers of the SDK. */
export class StackReads {
  /** Up to when the record of a stack has been shown: readings never go backwards. */
  private readonly shownUntil = new Map<Stack, number>();
  private readonly quota: Quota;

  constructor(
    private readonly cloudFormation: CloudFormation,
    private readonly clock: VirtualClock,
    private readonly dice: Dice,
    private readonly conditions: Conditions,
  ) {
    const perSecond = { reads: conditions.readsPerSecond };
    this.quota = new Quota(clock, { perSecond });
  }

  read(region: string, operation: ReadOperation, input: ReadInput): object {
    if (!this.quota.allows(region, 'reads')) throw serviceError('Throttling', 'Rate exceeded', 400);
    const stack = this.cloudFormation.engine.find(region, input.StackName ?? '');
    const record = stack && recordAt(stack, this.readsAt(stack));
    if (!record) throw serviceError('ValidationError', `${input.StackName} does not exist`, 400);
    const token = 'NextToken' in input ? input.NextToken : undefined;
    switch (operation) {
      case 'describeStacks':
        return { Stacks: [{ StackStatus: record.status }] };
      case 'describeStackResource': {
        const id = 'LogicalResourceId' in input ? (input.LogicalResourceId ?? '') : '';
        const entry = record.entries.get(id);
        if (!entry) throw serviceError('ValidationError', `${id} does not exist`, 400);
        const { Timestamp: LastUpdatedTimestamp, ...detail } = resourceDescription(stack, entry);
        return { StackResourceDetail: { ...detail, LastUpdatedTimestamp } };
      }
      case 'listStackResources': {
        const start = Number(token ?? 0);
        const entries = [...record.entries.values()];
        const page = entries.slice(start, start + RESOURCES_PER_PAGE);
        const end = start + page.length;
        return {
          StackResourceSummaries: page.map(entry => resourceDescription(stack, entry)),
          NextToken: end < entries.length ? String(end) : undefined,
        };
      }
      case 'describeStackEvents': {
        // counted from the oldest event on, so that new events do not shift the pages
        const end = Number(token ?? record.events.length);
        const start = Math.max(0, end - EVENTS_PER_PAGE);
        const page = record.events.slice(start, end).flatMap(event => this.withFurther(event));
        return {
          StackEvents: page.reverse().map(event => eventDescription(stack, event)),
          NextToken: start > 0 ? String(start) : undefined,
        };
      }
    }
  }

  private readsAt(stack: Stack): number {
    const { recordLagMs, lagsEvenly } = this.conditions;
    const lag = lagsEvenly ? recordLagMs : this.dice.between(0, recordLagMs);
    // a stack is there as soon as it is asked for
    const first = stack.changes[0]?.at ?? 0;
    const at = Math.max(first, this.shownUntil.get(stack) ?? 0, this.clock.now() - lag);
    this.shownUntil.set(stack, at);
    return at;
  }

  private withFurther(event: StackEvent): StackEvent[] {
    const isDoubled = this.conditions.furtherEvents && event.status === 'UPDATE_IN_PROGRESS';
    if (!isDoubled || !event.type.startsWith('Custom::')) return [event];
    return [event, { ...event, eventId: `${event.eventId}-further`, reason: 'a further event' }];
  }
}
