import type {
  StackEvent as CloudFormationEvent,
  DescribeStackEventsCommandOutput,
} from '@aws-sdk/client-cloudformation';
import { Repetition } from '../../lambda/repetition';
import { StackEvents } from '../../lambda/stack-events';
import { VirtualClock } from '../virtual-clock';
import { STACK_ID } from './event';

const NOON = new Date(Date.UTC(2026, 0, 31, 12));

const event = (status: string, more: Partial<CloudFormationEvent> = {}): CloudFormationEvent => ({
  StackId: STACK_ID,
  StackName: 'shop',
  EventId: 'event',
  LogicalResourceId: 'CaptchaKey',
  PhysicalResourceId: 'A',
  ResourceType: 'Custom::WafCaptchaApiKey',
  ResourceStatus: status as CloudFormationEvent['ResourceStatus'],
  Timestamp: NOON,
  ...more,
});

const ofStack = (status: string) =>
  event(status, { LogicalResourceId: 'shop', PhysicalResourceId: STACK_ID });
const start = ofStack('UPDATE_IN_PROGRESS');

/** Reads pages that are given, or errors in their place. */
function reading(...pages: (CloudFormationEvent[] | Error)[]) {
  const clock = new VirtualClock();
  const tokens: (string | undefined)[] = [];
  const log: string[] = [];
  const abort = new AbortController();
  const describe = async ({
    NextToken,
  }: {
    NextToken?: string;
  }): Promise<DescribeStackEventsCommandOutput> => {
    tokens.push(NextToken);
    const page = pages.shift();
    if (page instanceof Error) throw page;
    return {
      StackEvents: page,
      NextToken: pages.length > 0 ? `page ${tokens.length}` : undefined,
      $metadata: {},
    };
  };
  const events = new StackEvents(describe, new Repetition(clock, () => 0.5), message => log.push(message));
  const limit = { at: clock.now() + 60_000, signal: abort.signal };
  return { read: (since?: number) => clock.run(events.read(STACK_ID, limit, since)), tokens, log, abort };
}

const serviceError = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error('refused'), { name, $metadata: { httpStatusCode } });

test('reads an event with its properties', async () => {
  const { read } = reading([event('UPDATE_COMPLETE', { ResourceProperties: '{"Scope":"REGIONAL"}' }), start]);

  await expect(read()).resolves.toEqual([
    {
      logicalResourceId: 'CaptchaKey',
      physicalResourceId: 'A',
      resourceType: 'Custom::WafCaptchaApiKey',
      status: 'UPDATE_COMPLETE',
      at: NOON.getTime(),
      properties: { Scope: 'REGIONAL' },
    },
    expect.objectContaining({ physicalResourceId: STACK_ID }),
  ]);
});

test.each([[undefined], [''], ['{"Scope":']])('takes properties of %p for none', async text => {
  const { read } = reading([event('UPDATE_COMPLETE', { ResourceProperties: text, PhysicalResourceId: '' })]);

  await expect(read()).resolves.toMatchObject([{ properties: undefined, physicalResourceId: undefined }]);
});

test('goes from page to page to the last settled state, and no further', async () => {
  const { read, tokens } = reading(
    [event('UPDATE_COMPLETE')],
    [event('UPDATE_IN_PROGRESS'), start, ofStack('CREATE_COMPLETE')],
    [event('CREATE_COMPLETE')],
  );

  await expect(read()).resolves.toHaveLength(3);
  expect(tokens).toEqual([undefined, 'page 1']);
});

test('goes to the end where there is no settled state yet', async () => {
  const { read } = reading([event('CREATE_IN_PROGRESS')], [ofStack('CREATE_IN_PROGRESS')]);

  await expect(read()).resolves.toHaveLength(2);
});

test.each(['UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_FAILED', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
  'does not take %s for a settled state',
  async status => {
    const { read } = reading([ofStack(status), event('UPDATE_FAILED'), start]);

    await expect(read()).resolves.toHaveLength(3);
  },
);

describe('of a nested stack', () => {
  test('goes past the completion from which it rolls back with its parent', async () => {
    const { read } = reading([
      event('UPDATE_IN_PROGRESS'),
      ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
      event('UPDATE_COMPLETE', { LogicalResourceId: 'Other' }),
      ofStack('UPDATE_COMPLETE'),
      event('UPDATE_COMPLETE'),
      start,
      ofStack('UPDATE_COMPLETE'),
      event('UPDATE_COMPLETE'),
    ]);

    await expect(read()).resolves.toHaveLength(6);
  });

  test.each(['CREATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'])('does not go past %s', async status => {
    const { read } = reading([
      event('UPDATE_IN_PROGRESS'),
      ofStack('UPDATE_ROLLBACK_IN_PROGRESS'),
      ofStack(status),
    ]);

    await expect(read()).resolves.toHaveLength(2);
  });
});

test('stops before events older than asked for', async () => {
  const old = event('UPDATE_COMPLETE', { Timestamp: new Date(NOON.getTime() - 1) });
  const { read, tokens } = reading([event('CREATE_IN_PROGRESS'), old], [start]);

  await expect(read(NOON.getTime())).resolves.toHaveLength(1);
  expect(tokens).toHaveLength(1);
});

test('goes past settled states to the time asked for', async () => {
  const { read } = reading([ofStack('CREATE_COMPLETE'), event('CREATE_COMPLETE'), start]);

  await expect(read(NOON.getTime())).resolves.toHaveLength(3);
});

test('proves nothing, at once, where the client is not there to be loaded', async () => {
  const missing = Object.assign(new Error('no such file'), { code: 'MODULE_NOT_FOUND' });
  const { read, tokens } = reading(missing, missing, missing);

  await expect(read()).resolves.toBeUndefined();
  expect(tokens).toHaveLength(1);
});

test('waits through throttles', async () => {
  const { read } = reading(serviceError('Throttling'), serviceError('ThrottlingException'), [start]);

  await expect(read()).resolves.toHaveLength(1);
});

test.each([
  ['not permitted', 'AccessDenied', 403],
  ['refused', 'ValidationError', 400],
])('proves nothing where reading is %s, and says so in the log', async (_what, name, status) => {
  const { read, log } = reading(...Array.from({ length: 100 }, () => serviceError(name, status)));

  await expect(read()).resolves.toBeUndefined();
  expect(log).toEqual(['the events of the stack cannot be read']);
});

test('ends with the work that it was part of', async () => {
  const { read, abort } = reading(serviceError('Throttling'));
  abort.abort(new Error('cut off'));

  await expect(read()).rejects.toThrow();
});

test('takes an event without its members for one that says nothing', async () => {
  const { read } = reading([
    { StackId: STACK_ID, StackName: 'shop', EventId: 'event', Timestamp: undefined },
  ]);

  await expect(read()).resolves.toEqual([
    {
      logicalResourceId: '',
      physicalResourceId: undefined,
      resourceType: '',
      status: '',
      at: 0,
      properties: undefined,
    },
  ]);
});

test('takes a page without events for an empty one', async () => {
  const clock = new VirtualClock();
  const events = new StackEvents(
    async () => ({ $metadata: {} }),
    new Repetition(clock, () => 0),
    () => undefined,
  );
  const limit = { at: clock.now() + 1000, signal: new AbortController().signal };

  await expect(clock.run(events.read(STACK_ID, limit))).resolves.toEqual([]);
});
