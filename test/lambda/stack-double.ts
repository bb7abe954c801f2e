import type { Clock } from '../../local-aws/clock';
import { recordReads, Stack, type StackResource } from '../../local-aws/cloudformation';
import { seededRandom } from '../virtual-account/seeded-random';
import { cloudFormationReads, type ReadOperation } from '../virtual-account/stack-reads';
import { STACK_ID } from './event';

/** The record of one stack that a test writes line by line, and reads of it that can be late, refused or missing. */
export class StackDouble {
  /** how late every reading is, in milliseconds */
  public lag = 0;
  /** what every event shows as its properties */
  public properties?: string;
  /** the reads so far, in order */
  public readonly reads: ReadOperation[] = [];
  /** Throws to refuse a read. */
  public onRead: (operation: ReadOperation) => void = () => undefined;
  private readonly written: Stack;
  private readonly answers: ReturnType<typeof recordReads>;

  constructor(clock: Clock) {
    const identity = { name: 'shop', region: 'eu-west-1', accountId: '111122223333' };
    const stack = new Stack({ ...identity, clock, random: seededRandom(1) });
    this.written = Object.assign(stack, { id: STACK_ID });
    const engine = { stacks: [this.written], find: () => this.written };
    this.answers = recordReads({ engine, readsAt: () => clock.now() - this.lag });
  }

  /** The stack itself gets a status. */
  public stack(status: string): this {
    this.written.enter(status);
    return this;
  }

  /** A resource's entry and its event. */
  public resource(status: string, id?: string, logicalId = 'CaptchaKey'): this {
    this.written.put(resource(status, id, logicalId));
    return this;
  }

  public event(status: string, id?: string, logicalId = 'CaptchaKey'): this {
    this.written.note(resource(status, id, logicalId));
    return this;
  }

  /** A resource has no entry any more; its events stay. */
  public gone(logicalId = 'CaptchaKey'): this {
    this.written.drop(logicalId);
    return this;
  }

  public readonly calls = cloudFormationReads(async (operation, input) => {
    this.reads.push(operation);
    this.onRead(operation);
    if (operation !== 'DescribeStackEvents') return this.answers[operation]('eu-west-1', input);
    const page = this.answers[operation]('eu-west-1', input);
    const shown = page.StackEvents.map(event => ({ ...event, ResourceProperties: this.properties }));
    return { ...page, StackEvents: shown };
  });
}

function resource(status: string, physicalId: string | undefined, logicalId: string): StackResource {
  const type = 'Custom::WafCaptchaApiKey';
  const policies = { deletionPolicy: 'Delete', updateReplacePolicy: 'Delete' };
  const definition = { type, properties: {}, metadata: {}, dependsOn: [], ...policies };
  const known = { logicalId, type, definition, dependencies: [], properties: {}, attributes: {} };
  return { ...known, physicalId, status };
}
