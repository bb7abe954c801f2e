import type { StackEvent } from '@aws-sdk/client-cloudformation';
import type { Answer } from '../../lambda/answer';
import type { DescribeStackEvents } from '../../lambda/stack-events';
import { RESOURCE_TYPE } from '../../lib/properties';
import type { Clock } from '../../local-aws/clock';
import { Quota } from '../../local-aws/quota';

const PAGE = 100;
const READINGS_PER_SECOND = 10;
const STATUSES = {
  Create: { begun: 'CREATE_IN_PROGRESS', SUCCESS: 'CREATE_COMPLETE', FAILED: 'CREATE_FAILED' },
  Delete: { begun: 'DELETE_IN_PROGRESS', SUCCESS: 'DELETE_COMPLETE', FAILED: 'DELETE_FAILED' },
} as const;
/** How long CloudFormation takes to write down an answer. */
const RECORDING_MS = 500;

/** The events of one stack, as cheap as can be: no template, and every answer is recorded. */
export class StackLog {
  public readonly readings = { accepted: 0, refused: 0 };
  private readonly quota: Quota;
  /** oldest first */
  private readonly events: StackEvent[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly stackId: string,
    refusedCallsCount: boolean,
  ) {
    this.quota = new Quota(clock, {
      perSecond: { DescribeStackEvents: READINGS_PER_SECOND },
      refusedCallsCount,
    });
  }

  /** The stack itself begins to be made or deleted. */
  public begin(type: 'Create' | 'Delete'): void {
    const stack = { LogicalResourceId: 'full', ResourceType: 'AWS::CloudFormation::Stack' };
    this.write({ ...stack, PhysicalResourceId: this.stackId, ResourceStatus: STATUSES[type].begun });
  }

  /** A resource's request goes out. */
  public request(
    logicalId: string,
    physicalId: string | undefined,
    properties: object,
    type: 'Create' | 'Delete',
  ): void {
    this.write({
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: RESOURCE_TYPE,
      ResourceStatus: STATUSES[type].begun,
      ResourceProperties: JSON.stringify(properties),
    });
  }

  /** The answer to a request has come: it is written down a little later. */
  public async record(answer: Answer, type: 'Create' | 'Delete'): Promise<void> {
    await this.clock.sleep(RECORDING_MS);
    this.write({
      LogicalResourceId: answer.LogicalResourceId,
      PhysicalResourceId: answer.PhysicalResourceId,
      ResourceType: RESOURCE_TYPE,
      ResourceStatus: STATUSES[type][answer.Status],
    });
  }

  public readonly describe: DescribeStackEvents = async ({ NextToken }) => {
    await this.clock.sleep(50);
    if (!this.quota.allows('', 'DescribeStackEvents')) {
      this.readings.refused += 1;
      throw Object.assign(new Error('Rate exceeded'), {
        name: 'Throttling',
        $metadata: { httpStatusCode: 400 },
      });
    }
    this.readings.accepted += 1;
    // a page begins with the newest event of its own time, whatever came since
    const end = NextToken === undefined ? this.events.length : Number(NextToken);
    const start = Math.max(0, end - PAGE);
    return {
      StackEvents: this.events.slice(start, end).reverse(),
      ...(start > 0 && { NextToken: String(start) }),
      $metadata: {},
    };
  };

  private write(event: Partial<StackEvent>): void {
    const EventId = String(this.events.length);
    this.events.push({
      StackId: this.stackId,
      StackName: 'full',
      EventId,
      ...event,
      Timestamp: new Date(this.clock.now()),
    });
  }
}
