import type { CallOptions } from '../../lambda/aws/retry';
import type { CloudFormationReads } from '../../lambda/aws/stack-record';
import { AwsError } from '../../local-aws/aws-error';
import type { Clock } from '../../local-aws/clock';
import { type Engine, type ReadInput, recordReads, type Stack } from '../../local-aws/cloudformation';
import { Quota } from '../../local-aws/quota';
import { sdkError } from './sdk-error';

export type ReadOperation = Capitalize<keyof CloudFormationReads>;

/** The calls of CloudFormation that the handler makes, without HTTP, XML and the SDK's layers. */
export function cloudFormationReads(
  call: (operation: ReadOperation, input: ReadInput, options: CallOptions) => Promise<object>,
): CloudFormationReads {
  const read = (operation: ReadOperation) => async (input: ReadInput, options: CallOptions) => {
    try {
      return { ...(await call(operation, input, options)), $metadata: {} };
    } catch (error) {
      throw error instanceof AwsError ? sdkError(error.code, error.message, error.status) : error;
    }
  };
  return {
    describeStacks: read('DescribeStacks'),
    describeStackResource: read('DescribeStackResource'),
    listStackResources: read('ListStackResources'),
    describeStackEvents: read('DescribeStackEvents'),
  };
}

export interface StackReadsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** How late the next reading is, in milliseconds; readings of a stack never go backwards. */
  readonly lagMs: () => number;
  /** Of all operations in a Region together. */
  readonly readsPerSecond: number;
  readonly eventsFrom?: (stack: Stack) => number;
  readonly eventsPerPage?: number;
  readonly eventsShift?: boolean;
  readonly resourcesPerPage?: number;
}

/** CloudFormation's reads of the record, late and under a quota. */
export class StackReads {
  /** Up to when the record of a stack has been shown. */
  private readonly shownUntil = new Map<Stack, number>();
  private readonly reads: ReturnType<typeof recordReads>;
  private readonly quota: Quota;

  constructor(private readonly options: StackReadsOptions) {
    this.reads = recordReads({ ...options, readsAt: stack => this.readsAt(stack) });
    this.quota = new Quota(options.clock, { perSecond: { reads: options.readsPerSecond } });
  }

  read(region: string, operation: ReadOperation, input: ReadInput): object {
    if (!this.quota.allows(region, 'reads')) throw new AwsError('Throttling', 'Rate exceeded');
    return this.reads[operation](region, input);
  }

  private readsAt(stack: Stack): number {
    const { clock, lagMs } = this.options;
    // a stack is there as soon as it is asked for
    const first = stack.changes[0]?.at ?? 0;
    const at = Math.max(first, this.shownUntil.get(stack) ?? 0, clock.now() - lagMs());
    this.shownUntil.set(stack, at);
    return at;
  }
}
