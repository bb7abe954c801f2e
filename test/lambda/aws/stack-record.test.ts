import type { StackEvent as ReadEvent, ResourceStatus, StackStatus } from '@aws-sdk/client-cloudformation';
import { Denial } from '../../../lambda/aws/errors';
import { Retry } from '../../../lambda/aws/retry';
import { type CloudFormationReads, StackRecord } from '../../../lambda/aws/stack-record';
import type { ResourceRequest } from '../../../lambda/decision/history';
import { type TimeLimit, timeLimit, within } from '../../../lambda/runtime/clock';
import { VirtualClock } from '../../virtual-account/virtual-clock';
import { STACK_ID } from '../event';

const NOON = Date.UTC(2026, 0, 31, 12);
const REQUEST: ResourceRequest = {
  type: 'Update',
  requestId: 'request',
  stackId: STACK_ID,
  stackRegion: 'eu-west-1',
  logicalResourceId: 'CaptchaKey',
  signedAt: NOON,
};
const $metadata = {};

const answered = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
const denied = () => answered('AccessDenied', 403);

type Call = keyof CloudFormationReads;

interface RecordedCall {
  readonly call: Call;
  readonly input: {
    readonly StackName?: string;
    readonly LogicalResourceId?: string;
    readonly NextToken?: string;
  };
  /** in milliseconds from the beginning */
  readonly at: number;
}

/** CloudFormation's four reads, of one stack. */
class Reads {
  public readonly clock = new VirtualClock(NOON);
  public readonly calls: RecordedCall[] = [];
  public readonly abort = new AbortController();
  /** Throws where a call is to fail; is told how many calls came before. */
  public trouble: (call: Call, index: number) => Error | 'silence' | undefined = () => undefined;
  public status: string | undefined = 'UPDATE_IN_PROGRESS';
  public entry: Awaited<ReturnType<CloudFormationReads['describeStackResource']>>['StackResourceDetail'] = {
    LogicalResourceId: 'CaptchaKey',
    ResourceType: 'Custom::WafCaptchaApiKey',
    ResourceStatus: 'UPDATE_COMPLETE',
    LastUpdatedTimestamp: new Date(NOON),
  };
  /** How many responses come without content, as the SDK reads a broken one. */
  public emptyResponses = 0;
  /** pages of ListStackResources */
  public resources: { LogicalResourceId?: string; PhysicalResourceId?: string; ResourceStatus?: string }[][] =
    [];
  /** newest first */
  public events: ReadEvent[] = [];
  public perPage = 3;
  /** An empty page of events with a token comes first. */
  public beginsEmpty = false;
  /** Is told the number of the page that was read just now. */
  public onPage: (page: number) => void = () => undefined;
  public readonly record: StackRecord;
  public loads = 0;

  constructor() {
    const reads: CloudFormationReads = {
      describeStacks: (input, { abortSignal }) =>
        this.answer('describeStacks', input, abortSignal, () => ({
          Stacks:
            this.emptyResponses > 0
              ? undefined
              : [
                  {
                    StackName: 'shop',
                    CreationTime: new Date(NOON),
                    StackStatus: this.status as StackStatus | undefined,
                  },
                ],
          $metadata,
        })),
      describeStackResource: (input, { abortSignal }) =>
        this.answer('describeStackResource', input, abortSignal, () => ({
          StackResourceDetail: this.emptyResponses > 0 ? undefined : this.entry,
          $metadata,
        })),
      listStackResources: (input, { abortSignal }) =>
        this.answer('listStackResources', input, abortSignal, () => {
          const page = Number(input.NextToken ?? 0);
          return {
            StackResourceSummaries:
              this.emptyResponses > 0
                ? undefined
                : (this.resources[page] ?? []).map(resource => ({
                    ...resource,
                    ResourceType: 'Custom::WafCaptchaApiKey',
                    LogicalResourceId: resource.LogicalResourceId,
                    ResourceStatus: resource.ResourceStatus as ResourceStatus | undefined,
                    LastUpdatedTimestamp: new Date(NOON),
                  })),
            NextToken: page + 1 < this.resources.length ? String(page + 1) : undefined,
            $metadata,
          };
        }),
      // counted from the newest event, so that pages shift when there are new ones
      describeStackEvents: (input, { abortSignal }) =>
        this.answer('describeStackEvents', input, abortSignal, () => {
          if (this.beginsEmpty && !input.NextToken) return { StackEvents: [], NextToken: '0', $metadata };
          const start = Number(input.NextToken ?? 0);
          const end = start + this.perPage;
          const page = this.events.slice(start, end);
          const NextToken = end < this.events.length ? String(end) : undefined;
          this.onPage(start / this.perPage);
          return { StackEvents: this.emptyResponses > 0 ? undefined : page, NextToken, $metadata };
        }),
    };
    const load = async () => {
      this.loads += 1;
      return reads;
    };
    this.record = new StackRecord(load, new Retry(this.clock, () => 0.5), this.clock);
  }

  public limit(total = 900_000): TimeLimit {
    return timeLimit(this.clock, total, this.abort.signal);
  }

  public run<T>(work: Promise<T>): Promise<T> {
    return this.clock.run(work);
  }

  public failureOf(work: Promise<unknown>): Promise<Error> {
    const failure = work.then(
      () => new Error('expected a failure, got none'),
      (error: Error) => error,
    );
    return this.clock.run(failure);
  }

  private async answer<Output>(
    call: Call,
    input: RecordedCall['input'],
    abortSignal: AbortSignal,
    output: () => Output,
  ): Promise<Output> {
    const index = this.calls.length;
    this.calls.push({ call, input, at: this.clock.now() - NOON });
    const trouble = this.trouble(call, index);
    if (trouble === 'silence') {
      await new Promise((_, reject) =>
        abortSignal.addEventListener('abort', () => reject(abortSignal.reason)),
      );
    } else if (trouble) throw trouble;
    const given = output();
    this.emptyResponses -= 1;
    return given;
  }
}

/** Each of the four readings, of which the last two have pages. */
const readings: [Call, string, (reads: Reads, limit?: TimeLimit) => Promise<unknown>][] = [
  [
    'describeStacks',
    'DescribeStacks',
    (reads, limit = reads.limit()) => reads.record.status(STACK_ID, limit),
  ],
  [
    'describeStackResource',
    'DescribeStackResource',
    (reads, limit = reads.limit()) => reads.record.entry(REQUEST, limit),
  ],
  [
    'listStackResources',
    'ListStackResources',
    (reads, limit = reads.limit()) => reads.record.resources(STACK_ID, limit),
  ],
  [
    'describeStackEvents',
    'DescribeStackEvents',
    (reads, limit = reads.limit()) => reads.record.events(STACK_ID, () => false, limit),
  ],
];

describe.each(readings)('%s', (call, name, read) => {
  test('names the stack', async () => {
    const reads = new Reads();

    await reads.run(read(reads));

    expect(reads.calls).toMatchObject([{ call, input: { StackName: STACK_ID } }]);
  });

  test('continues through throttles, server errors and silence', async () => {
    const reads = new Reads();
    const troubles = [answered('Throttling'), answered('InternalFailure', 500), 'silence' as const];
    reads.trouble = (_call, index) => troubles[index];

    await reads.run(read(reads));

    expect(reads.calls).toHaveLength(4);
  });

  test('asks again when a response has no content, which the SDK makes of a broken one', async () => {
    const reads = new Reads();
    reads.emptyResponses = 2;

    await reads.run(read(reads));

    expect(reads.calls).toHaveLength(3);
  });

  test('waits for permissions that arrive within a minute', async () => {
    const reads = new Reads();
    reads.trouble = () => (reads.clock.now() - NOON < 55_000 ? denied() : undefined);

    await reads.run(read(reads));

    expect(reads.clock.now() - NOON).toBeLessThanOrEqual(60_000);
  });

  test('is a denial once AccessDenied has lasted a minute', async () => {
    const reads = new Reads();
    reads.trouble = denied;

    const failure = await reads.failureOf(read(reads));

    expect(failure).toBeInstanceOf(Denial);
    expect(failure.message).toMatch(new RegExp(`^${name}: AccessDenied: no, after \\d+ attempts$`));
    expect(reads.calls.at(-1)?.at).toBe(60_000);
  });

  test('is not a denial when the time ends first', async () => {
    const reads = new Reads();
    reads.trouble = denied;

    const failure = await reads.failureOf(read(reads, within(reads.clock, 59_000, reads.limit())));

    expect(failure).not.toBeInstanceOf(Denial);
    expect(failure.message).toMatch(new RegExp(`^${name}: AccessDenied: no, after \\d+ attempts$`));
  });

  test.each<[string, () => Error | 'silence']>([
    ['throttles', () => answered('Throttling')],
    ['server errors', () => answered('InternalFailure', 500)],
    ['silence', () => 'silence'],
    ['unknown credentials', () => answered('InvalidClientTokenId', 403)],
    ['expired credentials', () => answered('ExpiredToken', 403)],
  ])('is never denied by %s', async (_what, trouble) => {
    const reads = new Reads();
    reads.trouble = trouble;

    const failure = await reads.failureOf(read(reads));

    expect(failure).not.toBeInstanceOf(Denial);
    expect(failure.message).toMatch(new RegExp(`^${name}: \\w+: .*, after \\d+ attempts?$`));
  });

  test('is not denied by AccessDenied among other errors', async () => {
    const reads = new Reads();
    reads.trouble = (_call, index) => (index % 4 === 3 ? answered('InternalFailure', 500) : denied());

    const failure = await reads.failureOf(read(reads));

    expect(failure).not.toBeInstanceOf(Denial);
    expect(reads.clock.now()).toBeGreaterThan(NOON + 800_000);
  });

  test('is not denied by the end of the work that it is part of', async () => {
    const reads = new Reads();
    reads.trouble = denied;
    const stop = reads.clock.sleep(20_000).then(() => reads.abort.abort(new Error('the event is answered')));

    const failure = await reads.failureOf(read(reads));

    await stop;
    expect(failure).not.toBeInstanceOf(Denial);
    expect(reads.clock.now() - NOON).toBe(20_000);
  });

  test('makes its last attempt at the limit', async () => {
    const reads = new Reads();
    reads.trouble = () => answered('InternalFailure', 500);
    const limit = reads.limit();

    await reads.failureOf(read(reads, limit));

    expect(reads.calls.at(-1)?.at).toBe(limit.at - NOON);
  });

  test('begins nothing after the limit', async () => {
    const reads = new Reads();

    const failure = await reads.failureOf(read(reads, { ...reads.limit(), at: NOON - 1 }));

    expect(failure.message).toBe(`${name}: not begun, too little time is left`);
    expect(failure).not.toBeInstanceOf(Denial);
    expect(reads.calls).toEqual([]);
    expect(reads.loads).toBe(0);
  });
});

const gone = () => answered('ValidationError');

describe('the status of a stack', () => {
  const statusOf = (reads: Reads) => reads.run(reads.record.status(STACK_ID, reads.limit()));

  test('has the time of the successful request, not of its response or of the first attempt', async () => {
    const reads = new Reads();
    reads.trouble = (_call, index) => (index === 0 ? 'silence' : undefined);

    const { value, readAt } = await statusOf(reads);

    expect(value).toBe('UPDATE_IN_PROGRESS');
    expect(reads.calls).toHaveLength(2);
    expect(readAt - NOON).toBe(reads.calls[1]?.at);
  });

  test('is as of the time of asking, even if the response is slow', async () => {
    const reads = new Reads();
    let answeredAt = 0;
    const slow: CloudFormationReads['describeStacks'] = async () => {
      await reads.clock.sleep(5000);
      answeredAt = reads.clock.now();
      return {
        Stacks: [{ StackName: 'shop', CreationTime: new Date(NOON), StackStatus: 'CREATE_COMPLETE' }],
        $metadata,
      };
    };
    const never = () => Promise.reject(new Error('expected no such call'));
    const record = new StackRecord(
      async () => ({
        describeStacks: slow,
        describeStackResource: never,
        listStackResources: never,
        describeStackEvents: never,
      }),
      new Retry(reads.clock, () => 0.5),
      reads.clock,
    );

    const { readAt } = await reads.run(record.status(STACK_ID, reads.limit()));

    expect([readAt - NOON, answeredAt - NOON]).toEqual([0, 5000]);
  });

  test('is gone where there is no such stack', async () => {
    const reads = new Reads();
    reads.trouble = gone;

    await expect(statusOf(reads)).resolves.toEqual({ value: 'gone', readAt: NOON });
    expect(reads.calls).toHaveLength(1);
  });

  test('that is missing from the response is asked for again: it is no deleted stack', async () => {
    const reads = new Reads();
    reads.emptyResponses = 3;

    await expect(statusOf(reads)).resolves.toMatchObject({ value: 'UPDATE_IN_PROGRESS' });
    expect(reads.calls).toHaveLength(4);
  });

  test('that never comes is an error in the end', async () => {
    const reads = new Reads();
    reads.status = undefined;

    await expect(statusOf(reads)).rejects.toThrow(
      'DescribeStacks: Error: expected a response with content, got none, after ',
    );
  });
});

describe('the entry of a resource', () => {
  const entryOf = (reads: Reads) => reads.run(reads.record.entry(REQUEST, reads.limit()));
  const detail = {
    LogicalResourceId: 'CaptchaKey',
    PhysicalResourceId: 'A',
    ResourceType: 'Custom::WafCaptchaApiKey',
    ResourceStatus: 'UPDATE_COMPLETE',
    LastUpdatedTimestamp: new Date(NOON + 250),
  } as const;

  test('is its names, status and time', async () => {
    const reads = new Reads();
    reads.entry = detail;

    await expect(entryOf(reads)).resolves.toEqual({
      logicalResourceId: 'CaptchaKey',
      physicalResourceId: 'A',
      status: 'UPDATE_COMPLETE',
      updatedAt: NOON + 250,
    });
    expect(reads.calls).toMatchObject([{ input: { LogicalResourceId: 'CaptchaKey' } }]);
  });

  test.each([[''], [undefined]])('may have no id: %p', async PhysicalResourceId => {
    const reads = new Reads();
    reads.entry = { ...detail, PhysicalResourceId };

    await expect(entryOf(reads)).resolves.toMatchObject({ physicalResourceId: undefined });
  });

  test('without a time is older than any request, and proves nothing', async () => {
    const reads = new Reads();
    reads.entry = { ...detail, LastUpdatedTimestamp: undefined };

    await expect(entryOf(reads)).resolves.toMatchObject({ updatedAt: 0 });
  });

  test('is gone where the stack has none', async () => {
    const reads = new Reads();
    reads.trouble = gone;

    await expect(entryOf(reads)).resolves.toBe('gone');
    expect(reads.calls).toHaveLength(1);
  });
});

describe('the resources of a stack', () => {
  const resourcesOf = (reads: Reads) => reads.run(reads.record.resources(STACK_ID, reads.limit()));
  const resource = (LogicalResourceId: string, PhysicalResourceId: string | undefined) => ({
    LogicalResourceId,
    PhysicalResourceId,
    ResourceStatus: 'CREATE_COMPLETE',
  });

  test('are those of all pages', async () => {
    const reads = new Reads();
    reads.resources = [[resource('One', 'A')], [], [resource('Two', ''), resource('Three', undefined)]];

    await expect(resourcesOf(reads)).resolves.toEqual([
      { logicalResourceId: 'One', physicalResourceId: 'A', status: 'CREATE_COMPLETE' },
      { logicalResourceId: 'Two', physicalResourceId: undefined, status: 'CREATE_COMPLETE' },
      { logicalResourceId: 'Three', physicalResourceId: undefined, status: 'CREATE_COMPLETE' },
    ]);
    expect(reads.calls.map(({ input }) => input.NextToken)).toEqual([undefined, '1', '2']);
  });

  test('go on after a throttle with the page where they were', async () => {
    const reads = new Reads();
    reads.resources = [[resource('One', 'A')], [resource('Two', 'B')]];
    reads.trouble = (_call, index) => (index === 1 ? answered('Throttling') : undefined);

    await expect(resourcesOf(reads)).resolves.toHaveLength(2);
    expect(reads.calls.map(({ input }) => input.NextToken)).toEqual([undefined, '1', '1']);
  });

  test('are read from the first page again if the token of a later one is refused', async () => {
    const reads = new Reads();
    reads.resources = [[resource('One', 'A')], [resource('Two', 'B')], [resource('Three', 'C')]];
    reads.trouble = (_call, index) => (index === 2 ? gone() : undefined);

    await expect(resourcesOf(reads)).resolves.toHaveLength(3);
    expect(reads.calls.map(({ input }) => input.NextToken)).toEqual([
      undefined,
      '1',
      '2',
      undefined,
      '1',
      '2',
    ]);
  });

  test('cannot be read if the token of a later page is always refused', async () => {
    const reads = new Reads();
    reads.resources = [[resource('One', 'A')], [resource('Two', 'B')]];
    reads.trouble = () => (reads.calls.at(-1)?.input.NextToken ? gone() : undefined);

    await expect(resourcesOf(reads)).rejects.toThrow('ListStackResources');
    expect(reads.clock.now() - NOON).toBeGreaterThan(800_000);
    expect(reads.calls.length).toBeLessThan(3 * 900);
  });

  test('are none where the stack is gone', async () => {
    const reads = new Reads();
    reads.trouble = gone;

    await expect(resourcesOf(reads)).resolves.toEqual([]);
  });
});

describe('the events of a stack', () => {
  /** An event whose id, number and time are the same; the higher, the newer. */
  const event = (number: number, more: Partial<ReadEvent> = {}): ReadEvent => ({
    StackId: STACK_ID,
    StackName: 'shop',
    EventId: `event ${number}`,
    LogicalResourceId: 'CaptchaKey',
    PhysicalResourceId: 'A',
    ResourceType: 'Custom::WafCaptchaApiKey',
    ResourceStatus: 'UPDATE_IN_PROGRESS',
    Timestamp: new Date(number),
    ...more,
  });
  /** Events from the newest to the oldest. */
  const events = (newest: number, oldest: number) =>
    Array.from({ length: newest - oldest + 1 }, (_, index) => event(newest - index));

  const withEvents = (newest: number, oldest = 1) => {
    const reads = new Reads();
    reads.events = events(newest, oldest);
    /** the numbers of the events read, until there are `enough` or all */
    const numbers = async (enough = Number.POSITIVE_INFINITY, limit = reads.limit()) =>
      (await reads.run(reads.record.events(STACK_ID, read => read.length >= enough, limit))).map(
        ({ at }) => at,
      );
    const tokens = () => reads.calls.map(({ input }) => input.NextToken);
    const down = (from: number, to: number) => events(from, to).map(({ Timestamp }) => Timestamp?.getTime());
    return { reads, numbers, tokens, down };
  };

  test('have the resource, its id, the status and the time', async () => {
    const { reads } = withEvents(0);
    const own = event(2, { PhysicalResourceId: '', Timestamp: new Date(NOON) });
    const ofStack = event(1, { LogicalResourceId: 'shop', PhysicalResourceId: STACK_ID });
    reads.events = [own, ofStack];

    await expect(reads.run(reads.record.events(STACK_ID, () => true, reads.limit()))).resolves.toMatchObject([
      {
        logicalResourceId: 'CaptchaKey',
        physicalResourceId: undefined,
        status: 'UPDATE_IN_PROGRESS',
        at: NOON,
      },
      { logicalResourceId: 'shop', physicalResourceId: STACK_ID, status: 'UPDATE_IN_PROGRESS', at: 1 },
    ]);
  });

  test('without their members say nothing', async () => {
    const { reads } = withEvents(0);
    reads.events = [{ StackId: STACK_ID, StackName: 'shop', EventId: 'event', Timestamp: undefined }];

    await expect(reads.run(reads.record.events(STACK_ID, () => true, reads.limit()))).resolves.toMatchObject([
      { logicalResourceId: '', physicalResourceId: undefined, status: '', at: 0 },
    ]);
  });

  test('without ids are told apart by their contents', async () => {
    const { reads, numbers } = withEvents(0);
    reads.events = [3, 2, 1].map(number => event(number, { EventId: undefined }));
    await numbers();
    reads.events = [4, 3, 2, 1].map(number => event(number, { EventId: undefined }));

    await expect(numbers()).resolves.toEqual([4, 3, 2, 1]);
  });

  test('are read page by page until they are enough, and no further', async () => {
    const { numbers, tokens, down } = withEvents(12);

    await expect(numbers(5)).resolves.toEqual(down(12, 7));
    expect(tokens()).toEqual([undefined, '3']);
  });

  test('are read to the end if they are never enough', async () => {
    const { numbers, tokens, down } = withEvents(7);

    await expect(numbers()).resolves.toEqual(down(7, 1));
    expect(tokens()).toEqual([undefined, '3', '6']);
  });

  test.each([
    ['an empty one', ''],
    ['none', undefined],
  ])('end with %s for a token', async (_what, NextToken) => {
    const { reads } = withEvents(0);
    let calls = 0;
    const never = () => Promise.reject(new Error('expected no such call'));
    const record = new StackRecord(
      async () => ({
        describeStacks: never,
        describeStackResource: never,
        listStackResources: never,
        describeStackEvents: async () => {
          calls += 1;
          return { StackEvents: events(3, 1), NextToken, $metadata };
        },
      }),
      new Retry(reads.clock, () => 0.5),
      reads.clock,
    );

    await reads.run(record.events(STACK_ID, () => false, reads.limit()));

    expect(calls).toBe(1);
  });

  test('are read from where the last reading stopped', async () => {
    const { numbers, tokens, down } = withEvents(12);
    await numbers(3);

    await expect(numbers(9)).resolves.toEqual(down(12, 4));
    // the first page again, for what may be new
    expect(tokens()).toEqual([undefined, undefined, '3', '6']);
  });

  test('are not read again, except for the newest page', async () => {
    const { numbers, tokens, down } = withEvents(12);
    await numbers();
    const before = tokens().length;

    await expect(numbers()).resolves.toEqual(down(12, 1));
    expect(tokens().slice(before)).toEqual([undefined]);
  });

  test('are remembered from one request to the next', async () => {
    const { reads, numbers, down } = withEvents(12);
    await numbers(9);
    reads.events = events(14, 1);
    const before = reads.calls.length;
    const later = reads.record.events(STACK_ID, read => read.length >= 9, reads.limit());

    expect((await reads.run(later)).map(({ at }) => at)).toEqual(down(14, 4));
    expect(reads.calls).toHaveLength(before + 1);
  });

  test('of another stack are not mixed with them', async () => {
    const { reads, numbers } = withEvents(12);
    await numbers();
    reads.trouble = gone;
    const others = reads.record.events(STACK_ID.replace('shop', 'blog'), () => false, reads.limit());

    await expect(reads.run(others)).resolves.toEqual([]);
  });

  test('that are enough without those known before are read no further', async () => {
    const { reads, numbers, tokens, down } = withEvents(12);
    await numbers(3);
    const before = tokens().length;
    reads.events = events(40, 1);

    await expect(numbers(5)).resolves.toEqual(down(40, 35));
    expect(tokens().slice(before)).toEqual([undefined, '3']);
    reads.events = events(41, 1);
    await expect(numbers()).resolves.toEqual(down(41, 1));
  });

  test('are read on by the token of their own reading, not by an older one', async () => {
    const { reads, numbers, tokens, down } = withEvents(12);
    await numbers(6);
    const before = tokens().length;
    reads.events = events(13, 1);

    await expect(numbers(12)).resolves.toEqual(down(13, 2));
    expect(tokens().slice(before)).toEqual([undefined, '3', '6', '9']);
  });

  test('that are new may follow an empty page', async () => {
    const { reads, numbers, down } = withEvents(3);
    await numbers();
    reads.events = events(4, 1);
    reads.beginsEmpty = true;

    await expect(numbers()).resolves.toEqual(down(4, 1));
  });

  test('that are new come first, though they fill several pages', async () => {
    const { reads, numbers, tokens, down } = withEvents(12);
    await numbers();
    const before = tokens().length;
    reads.events = events(20, 1);

    await expect(numbers()).resolves.toEqual(down(20, 1));
    expect(tokens().slice(before)).toEqual([undefined, '3', '6']);
  });

  test('that are new are enough if they suffice', async () => {
    const { reads, numbers, tokens, down } = withEvents(12);
    await numbers(3);
    const before = tokens().length;
    reads.events = events(14, 1);

    await expect(numbers(5)).resolves.toEqual(down(14, 10));
    expect(tokens().slice(before)).toEqual([undefined]);
  });

  test('are in order where more than a page of new ones came while they were read', async () => {
    const { reads, numbers, down } = withEvents(6);
    reads.onPage = () => {
      reads.events = events(10, 1);
    };

    await expect(numbers()).resolves.toEqual(down(7, 1));
  });

  test.each([1, 2, 3])(
    'are each there once where %d new ones shift the pages while they are read',
    async more => {
      const { reads, numbers, down } = withEvents(12);
      let newest = 12;
      reads.onPage = () => {
        if (newest >= 20) return;
        newest += more;
        reads.events = events(newest, 1);
      };

      const first = await numbers();

      expect(first).toEqual(down(12, 1));
      reads.onPage = () => undefined;
      await expect(numbers()).resolves.toEqual(down(newest, 1));
    },
  );

  test('that are new are each there once where newer ones shift the pages while they are read', async () => {
    const { reads, numbers, down } = withEvents(12);
    await numbers();
    let newest = 20;
    reads.events = events(newest, 1);
    reads.onPage = () => {
      if (newest >= 24) return;
      newest += 2;
      reads.events = events(newest, 1);
    };

    await expect(numbers()).resolves.toEqual(down(20, 1));
    reads.onPage = () => undefined;
    await expect(numbers()).resolves.toEqual(down(24, 1));
  });

  test('are read from the newest one again if the token of a later page is refused', async () => {
    const { reads, numbers, tokens, down } = withEvents(9);
    reads.trouble = (_call, index) => {
      if (index !== 2) return undefined;
      reads.events = events(10, 1);
      return gone();
    };

    await expect(numbers()).resolves.toEqual(down(10, 1));
    expect(tokens().slice(0, 4)).toEqual([undefined, '3', '6', undefined]);
  });

  test('are none if the stack is deleted while they are read', async () => {
    const { reads, numbers } = withEvents(6);
    reads.trouble = (_call, index) => (index > 0 ? gone() : undefined);

    await expect(numbers()).resolves.toEqual([]);
  });

  test('of a deleted stack are those read before', async () => {
    const { reads, numbers, down } = withEvents(3);
    await numbers();
    reads.trouble = gone;

    await expect(numbers()).resolves.toEqual(down(3, 1));
  });

  test('of a deleted stack are none', async () => {
    const { reads, numbers } = withEvents(3);
    reads.trouble = gone;

    await expect(numbers()).resolves.toEqual([]);
  });

  test('that are late to be shown at all are read when they are', async () => {
    const { reads, numbers, down } = withEvents(0);
    await expect(numbers()).resolves.toEqual([]);
    reads.events = events(4, 1);

    await expect(numbers()).resolves.toEqual(down(4, 1));
  });

  test('continue where they were after a failed reading', async () => {
    const { reads, numbers, down } = withEvents(9);
    reads.trouble = (_call, index) => (index > 0 ? answered('InternalFailure', 500) : undefined);
    await expect(numbers()).rejects.toThrow('DescribeStackEvents: InternalFailure: no');
    reads.trouble = () => undefined;
    reads.events = events(11, 1);

    await expect(numbers()).resolves.toEqual(down(11, 1));
  });

  test('stay complete if not all new ones could be read', async () => {
    const { reads, numbers, down } = withEvents(6);
    await numbers();
    const before = reads.calls.length;
    reads.events = events(16, 1);
    reads.trouble = (_call, index) => (index > before + 1 ? answered('InternalFailure', 500) : undefined);
    await expect(numbers()).rejects.toThrow('InternalFailure');
    reads.trouble = () => undefined;

    await expect(numbers()).resolves.toEqual(down(16, 1));
  });
});

test('the calls are loaded when the first one is made', async () => {
  const reads = new Reads();
  expect(reads.loads).toBe(0);

  await reads.run(reads.record.status(STACK_ID, reads.limit()));

  expect(reads.loads).toBe(1);
});
