import { AwsError, escapeXml, queryError, xml } from '../../../local-aws/aws-error';
import type { Service } from '../../../local-aws/service';
import type { RecordedEvent, StoredRecording } from './stored-recording';
import type { Timeline } from './timeline';

type Fields = Readonly<Record<string, string | undefined>>;

/** What a replay puts in the place of what was recorded: the handler's ids for the twin's. */
export interface Substitution {
  idAt(recordedId: string | undefined, recordedAt: number): string | undefined;
  /** `text` with the keys of the replay. */
  textOf(text: string): string;
  typeOf(resourceType: string | undefined): string | undefined;
}

/** CloudFormation's readings as they were recorded, at the time that the replay has reached. */
export function recordedStack(
  recording: StoredRecording,
  timeline: Timeline,
  substitution: Substitution,
): Service {
  const { stackId, readings, events } = recording;
  const stackName = stackId.split('/')[1] ?? '';
  const date = (text: string | undefined) =>
    text && new Date(timeline.replayedAt(Date.parse(text))).toISOString();

  function last<Part extends 'status' | 'resources' | 'described'>(part: Part) {
    const now = timeline.recordedNow();
    return readings.filter(reading => reading.at <= now && reading[part] !== undefined).at(-1);
  }

  function entry(recorded: Fields, at: number): Fields {
    return {
      ...recorded,
      PhysicalResourceId: substitution.idAt(recorded.PhysicalResourceId, at),
      ResourceType: substitution.typeOf(recorded.ResourceType),
      LastUpdatedTimestamp: date(recorded.LastUpdatedTimestamp),
    };
  }

  /** What had happened by then and could be seen: events that the suite read late, the handler reads late too. */
  function shownEvents(): RecordedEvent[] {
    const [now, unheldNow] = [timeline.recordedNow(), timeline.unheldNow()];
    return events
      .filter(({ seenAt, event }) => Date.parse(event.Timestamp ?? '') <= now && seenAt <= unheldNow)
      .map(({ event }) => event)
      .reverse();
  }

  /** As read last, or as a later event of the stack says: the suite did not read in every moment. */
  function stackStatus(): string | undefined {
    const reading = last('status');
    const own = shownEvents().find(({ PhysicalResourceId }) => PhysicalResourceId === stackId);
    const isLater = own !== undefined && Date.parse(own.Timestamp ?? '') > (reading?.at ?? 0);
    return isLater ? own.ResourceStatus : reading?.status;
  }

  const operations: Readonly<Record<string, (input: URLSearchParams) => string>> = {
    DescribeStacks: () => {
      const status = stackStatus();
      if (status === undefined || status === 'gone') throw missing(`Stack with id ${stackName}`);
      const fields = { StackId: stackId, StackName: stackName, StackStatus: status };
      return list('Stacks', [{ ...fields, CreationTime: date(events[0]?.event.Timestamp) }]);
    },
    ListStackResources: () => {
      const reading = last('resources');
      const entries = reading?.resources ?? [];
      return list(
        'StackResourceSummaries',
        entries.map(one => entry({ ...one }, reading?.at ?? 0)),
      );
    },
    DescribeStackResource: input => {
      const id = input.get('LogicalResourceId') ?? '';
      const reading = last('described');
      const found = reading?.described?.[id];
      if (!reading || !found) throw missing(`Resource ${id}`);
      return members('StackResourceDetail', { StackId: stackId, ...entry({ ...found }, reading.at) });
    },
    DescribeStackEvents: () => list('StackEvents', shownEvents().map(eventFields)),
  };

  function eventFields(event: RecordedEvent): Fields {
    const at = Date.parse(event.Timestamp ?? '');
    return {
      ...event,
      PhysicalResourceId: substitution.idAt(event.PhysicalResourceId, at),
      ResourceType: substitution.typeOf(event.ResourceType),
      ResourceProperties: substitution.textOf(event.ResourceProperties ?? ''),
      Timestamp: date(event.Timestamp),
    };
  }

  return async ({ body }) => {
    const input = new URLSearchParams(body.toString('utf8'));
    const action = input.get('Action') ?? '';
    const operation = operations[action];
    try {
      if (!operation) throw new AwsError('InvalidAction', `a recording has no ${action}`);
      const result = `<${action}Result>${operation(input)}</${action}Result>`;
      return xml(200, `<${action}Response xmlns="${namespace}">${result}</${action}Response>`);
    } catch (error) {
      if (error instanceof AwsError) return queryError(error);
      throw error;
    }
  };
}

const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

function missing(what: string): AwsError {
  return new AwsError('ValidationError', `${what} does not exist`);
}

function list(name: string, items: readonly Fields[]): string {
  return `<${name}>${items.map(item => members('member', item)).join('')}</${name}>`;
}

function members(name: string, fields: Fields): string {
  const texts = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [`<${field}>${escapeXml(value)}</${field}>`],
  );
  return `<${name}>${texts.join('')}</${name}>`;
}
