import type {
  StackEvent as CloudFormationEvent,
  DescribeStackEventsCommandInput,
  DescribeStackEventsCommandOutput,
} from '@aws-sdk/client-cloudformation';
import type { TimeLimit } from './clock';
import type { Log } from './log';
import type { Repetition } from './repetition';
import { type StackEvent, type StackHistory, settles } from './stack-history';

/** The one call of CloudFormation that the handler makes. */
export type DescribeStackEvents = (
  input: DescribeStackEventsCommandInput,
  options: { abortSignal: AbortSignal },
) => Promise<DescribeStackEventsCommandOutput>;

/** The events of stacks as CloudFormation tells them. */
export class StackEvents implements StackHistory {
  constructor(
    private readonly describe: DescribeStackEvents,
    private readonly repetition: Repetition,
    private readonly log: Log,
  ) {}

  public async read(
    stackId: string,
    limit: TimeLimit,
    since?: number,
  ): Promise<readonly StackEvent[] | undefined> {
    try {
      return await this.readPages(stackId, limit, since);
    } catch (error) {
      if (limit.signal.aborted) throw error;
      // permission for it may be missing, and nothing but a proof is lost
      this.log('the events of the stack cannot be read', { error: String(error) });
      return undefined;
    }
  }

  private async readPages(stackId: string, limit: TimeLimit, since?: number): Promise<readonly StackEvent[]> {
    const events: StackEvent[] = [];
    let token: string | undefined;
    do {
      const page = await this.repetition.untilDone('DescribeStackEvents', limit, () =>
        this.repetition.once(limit, options =>
          this.describe({ StackName: stackId, NextToken: token }, options),
        ),
      );
      for (const event of (page.StackEvents ?? []).map(parseEvent)) {
        if (since === undefined ? settles(stackId, event, events) : event.at < since) return events;
        events.push(event);
      }
      token = page.NextToken;
    } while (token);
    return events;
  }
}

function parseEvent(event: CloudFormationEvent): StackEvent {
  return {
    logicalResourceId: event.LogicalResourceId ?? '',
    physicalResourceId: event.PhysicalResourceId || undefined,
    resourceType: event.ResourceType ?? '',
    status: event.ResourceStatus ?? '',
    at: event.Timestamp?.getTime() ?? 0,
    properties: parseProperties(event.ResourceProperties),
  };
}

function parseProperties(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
