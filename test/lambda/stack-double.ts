import type { CloudFormationReads } from '../../lambda/aws/stack-record';
import type { Clock } from '../../lambda/runtime/clock';
import { STACK_ID } from './event';

/** An event as a test writes it; `at` is in milliseconds. */
export interface WrittenEvent {
  readonly at: number;
  readonly resource: string;
  readonly status: string;
  readonly id?: string;
}

interface Entry {
  readonly status: string;
  readonly id: string | undefined;
  readonly at: number;
}

type Reading = keyof CloudFormationReads;

/** The record of one stack that a test writes line by line, and reads of it that can be late, refused or missing. */
export class StackDouble {
  /** how late every reading is, in milliseconds */
  public lag = 0;
  /** what every event shows as its properties */
  public properties?: string;
  /** the reads so far, in order */
  public readonly reads: Reading[] = [];
  /** Throws to refuse a read. */
  public onRead: (reading: Reading) => void = () => undefined;
  private readonly statuses: { at: number; status: string }[] = [];
  private readonly entries: { at: number; logicalId: string; entry: Entry | undefined }[] = [];
  private readonly events: WrittenEvent[] = [];

  constructor(private readonly clock: Clock) {}

  /** The stack itself gets a status. */
  public stack(status: string): this {
    this.statuses.push({ at: this.clock.now(), status });
    return this.event(status, STACK_ID, 'shop');
  }

  /** A resource's entry and its event. */
  public resource(status: string, id?: string, logicalId = 'CaptchaKey'): this {
    return this.entry(status, id, logicalId).event(status, id, logicalId);
  }

  public entry(status: string, id?: string, logicalId = 'CaptchaKey'): this {
    const at = this.clock.now();
    this.entries.push({ at, logicalId, entry: { status, id, at } });
    return this;
  }

  public event(status: string, id?: string, resource = 'CaptchaKey'): this {
    this.events.push({ at: this.clock.now(), resource, status, id });
    return this;
  }

  /** A resource no longer has an entry. */
  public gone(logicalId = 'CaptchaKey'): this {
    this.entries.push({ at: this.clock.now(), logicalId, entry: undefined });
    return this;
  }

  public readonly calls: CloudFormationReads = {
    describeStacks: async () => {
      this.noteRead('describeStacks');
      const status = this.shown(this.statuses).at(-1)?.status;
      if (!status) throw invalid(`Stack with id ${STACK_ID} does not exist`);
      const stack = { StackName: 'shop', CreationTime: new Date(0), StackStatus: status };
      return { Stacks: [stack as never], $metadata: {} };
    },
    describeStackResource: async ({ LogicalResourceId: logicalId = '' }) => {
      this.noteRead('describeStackResource');
      const entry = this.entryOf(logicalId);
      if (!entry) throw invalid(`Resource ${logicalId} does not exist for stack shop`);
      return { StackResourceDetail: described(logicalId, entry), $metadata: {} };
    },
    listStackResources: async () => {
      this.noteRead('listStackResources');
      const logicalIds = [...new Set(this.entries.map(({ logicalId }) => logicalId))];
      const summaries = logicalIds.flatMap(logicalId => {
        const entry = this.entryOf(logicalId);
        return entry ? [described(logicalId, entry)] : [];
      });
      return { StackResourceSummaries: summaries, $metadata: {} };
    },
    describeStackEvents: async () => {
      this.noteRead('describeStackEvents');
      const shown = this.shown(this.events).map(({ at, resource, status, id }, index) => ({
        EventId: String(index),
        StackId: STACK_ID,
        StackName: 'shop',
        Timestamp: new Date(at),
        LogicalResourceId: resource,
        PhysicalResourceId: id ?? '',
        ResourceStatus: status as never,
        ResourceProperties: this.properties,
      }));
      return { StackEvents: shown.reverse(), $metadata: {} };
    },
  };

  private entryOf(logicalId: string): Entry | undefined {
    return this.shown(this.entries).findLast(line => line.logicalId === logicalId)?.entry;
  }

  private shown<T extends { readonly at: number }>(lines: readonly T[]): T[] {
    return lines.filter(({ at }) => at <= this.clock.now() - this.lag);
  }

  private noteRead(reading: Reading): void {
    this.reads.push(reading);
    this.onRead(reading);
  }
}

function described(logicalId: string, { status, id, at }: Entry) {
  return {
    LogicalResourceId: logicalId,
    PhysicalResourceId: id ?? '',
    ResourceType: 'Custom::WafCaptchaApiKey',
    LastUpdatedTimestamp: new Date(at),
    ResourceStatus: status as never,
  };
}

export function invalid(message: string): Error {
  return refusal('ValidationError', message);
}

/** An error as the SDK gives it for CloudFormation. */
export function refusal(name: string, message: string, httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}
