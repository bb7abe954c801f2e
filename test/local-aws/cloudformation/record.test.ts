import { recordAt, type Stack, type Variants } from '../../../local-aws/cloudformation';
import { ApiAccount } from './api-account';
import {
  brokenParameter,
  type CustomEvent,
  failed,
  key,
  type Reply,
  ScriptedAccount,
  slow,
  success,
} from './scripted-account';

function oneKeyPerDomain({ RequestType, PhysicalResourceId, ResourceProperties }: CustomEvent): Reply {
  return success(RequestType === 'Delete' ? PhysicalResourceId : `key-${ResourceProperties.Domain}`);
}

const named = { StackName: 'app' };
const eventsOf = (stack: Stack, logicalId = 'Key') =>
  stack.events
    .filter(event => event.logicalId === logicalId)
    .map(one => `${one.status} ${one.physicalId}`.trim());

/** Status and id of the key's entry. */
function shownKey(stack: Stack, time?: number): string | undefined {
  const entries = time === undefined ? stack.entries : recordAt(stack, time)?.entries;
  const entry = entries?.get('Key');
  return entry && `${entry.status} ${entry.physicalId ?? ''}`.trim();
}

describe('the record at an earlier time', () => {
  test('has the status, the entries and the events of that time', async () => {
    const account = new ScriptedAccount(async event => {
      await account.clock.sleep(2000);
      return oneKeyPerDomain(event);
    });
    const start = account.clock.now();
    await account.deploy({ Key: key('a') });
    await account.clock.run(account.clock.sleep(8000));
    const stack = await account.deploy({ Other: slow(0) });
    const at = (seconds: number) => {
      const record = recordAt(stack, start + seconds * 1000);
      return record && [record.status, record.events.length, [...record.entries.keys()]];
    };
    expect(recordAt(stack, start - 1)).toBeUndefined();
    expect(at(0)).toEqual(['CREATE_IN_PROGRESS', 2, ['Key']]);
    expect(shownKey(stack, start)).toBe('CREATE_IN_PROGRESS');
    expect(at(9)).toEqual(['CREATE_COMPLETE', 5, ['Key']]);
    expect(shownKey(stack, start + 9000)).toBe('CREATE_COMPLETE key-a');
    expect(at(11)).toEqual(['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 11, ['Key', 'Other']]);
    expect(shownKey(stack, start + 11_000)).toBe('DELETE_IN_PROGRESS key-a');
    expect(at(12)).toEqual([stack.status, stack.events.length, ['Other']]);
    await account.clock.run(account.clock.sleep(8000));
    await account.deploy({ Other: slow(0), More: slow(0) });
    expect(at(13)).toEqual(['UPDATE_COMPLETE', 13, ['Other']]);
  });

  test('is what the API shows when it is told to lag', async () => {
    let lag = 0;
    const readsAt = () => account.clock.now() - lag;
    const account: ApiAccount = new ApiAccount(oneKeyPerDomain, {}, { readsAt });
    await account.deploy({ Key: key('a') });
    await account.clock.run(account.clock.sleep(30_000));
    await account.deploy({ Key: key('b') });
    const resource = { ...named, LogicalResourceId: 'Key' };
    const read = async () => [
      (await account.call('DescribeStacks', named)).first('StackStatus'),
      (await account.call('DescribeStackResource', resource)).first('PhysicalResourceId'),
      (await account.call('ListStackResources', named)).first('PhysicalResourceId'),
      (await account.call('DescribeStackResources', named)).first('PhysicalResourceId'),
      (await account.call('DescribeStackEvents', named)).first('ResourceStatus'),
    ];
    expect(await read()).toEqual(['UPDATE_COMPLETE', 'key-b', 'key-b', 'key-b', 'UPDATE_COMPLETE']);
    lag = 10_000;
    expect(await read()).toEqual(['CREATE_COMPLETE', 'key-a', 'key-a', 'key-a', 'CREATE_COMPLETE']);
    lag = 60_000;
    expect((await account.call('DescribeStacks', named)).error).toEqual([
      400,
      'ValidationError',
      'Stack with id app does not exist',
    ]);
  });
});

describe('the entry of a resource', () => {
  const describeKey = async (account: ApiAccount, StackName = 'app') =>
    (await account.call('DescribeStackResource', { StackName, LogicalResourceId: 'Key' })).error[2];
  const gone = 'Resource Key does not exist for stack app';

  test('is not there once an update has removed it', async () => {
    const account = new ApiAccount();
    await account.deploy({ Key: key('a'), Other: slow(0) });
    await account.deploy({ Other: slow(0) });
    expect(await describeKey(account)).toBe(gone);
  });

  test('is not there once a failed creation has been cleaned up', async () => {
    const account = new ApiAccount(({ RequestType }) =>
      RequestType === 'Create' ? failed('X') : success('X'),
    );
    await account.deploy({ Other: slow(0) });
    await account.deploy({ Other: slow(0), Key: key('a') });
    expect(await describeKey(account)).toBe(gone);
  });

  test.each(['current', 'former', 'mixed'] as const)(
    'never has an earlier time than before (clean-up shows %s)',
    async cleanUpShows => {
      const account = new ScriptedAccount(
        async event => {
          await account.clock.sleep(2000);
          return oneKeyPerDomain(event);
        },
        { cleanUpShows },
      );
      await account.deploy({ Key: key('a'), Other: slow(0) });
      const stack = await account.deploy({ Key: key('b'), Other: slow(0) });
      await account.delete(stack);
      const entries = stack.changes.flatMap(({ logicalId, entry }) => (logicalId === 'Key' && entry) || []);
      const times = entries.map(({ timestamp = 0 }) => timestamp);
      expect(entries.at(-1)).toMatchObject({ status: 'DELETE_COMPLETE', physicalId: 'key-b' });
      expect(times).toEqual([...times].sort((a, b) => a - b));
    },
  );

  test('shows status, reason and time', async () => {
    const account = new ApiAccount(() => failed('X'));
    await account.deploy({ Key: key('a') }, {}, { disableRollback: true });
    const read = await account.call('DescribeStackResource', { ...named, LogicalResourceId: 'Key' });
    const fields = ['PhysicalResourceId', 'ResourceStatus', 'ResourceStatusReason', 'LastUpdatedTimestamp'];
    expect(fields.map(field => read.first(field))).toEqual([
      'X',
      'CREATE_FAILED',
      expect.stringMatching(
        /^Received response status \[FAILED\] from custom resource\. Message returned: no luck/,
      ),
      expect.stringMatching(/^2026-11-22T00:00:00\.\d{3}Z$/),
    ]);
  });

  test.each([
    [true, 'DELETE_COMPLETE id'],
    [false, undefined],
  ])('of a deleted stack is still shown: %p', async (showsDeleted, shown) => {
    const account = new ApiAccount(undefined, { showsDeleted });
    const stack = await account.deploy({ Key: key('a') });
    await account.delete(stack);
    expect(shownKey(stack)).toBe(shown);
    const found = await account.call('DescribeStacks', { StackName: stack.id });
    expect(found.first('StackStatus')).toBe('DELETE_COMPLETE');
    expect((await account.call('DescribeStacks', named)).error[2]).toBe('Stack with id app does not exist');
    expect(await describeKey(account)).toBe('Stack with id app does not exist');
    expect(stack.resources.size).toBe(0);
  });

  test('of a creation that was rolled back is still shown', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    const resources = { Key: key('a'), Other: slow(1000, { Fails: true }) };
    const stack = await account.deploy(resources, {}, { disableRollback: true });
    await account.after(stack, engine => engine.rollBack(stack));
    expect(shownKey(stack)).toBe('DELETE_COMPLETE key-a');
  });

  const shownAtDeletion: [Variants['cleanUpShows'], string][] = [
    ['current', 'UPDATE_COMPLETE key-b'],
    ['former', 'DELETE_IN_PROGRESS key-a'],
    ['mixed', 'DELETE_IN_PROGRESS key-b'],
  ];
  test.each(shownAtDeletion)(
    'while its former copy is deleted shows the %s one',
    async (cleanUpShows, shown) => {
      const seen: (string | undefined)[] = [];
      const account = new ScriptedAccount(
        event => {
          if (event.RequestType === 'Delete') seen.push(shownKey(stack));
          return oneKeyPerDomain(event);
        },
        { cleanUpShows },
      );
      const stack = await account.deploy({ Key: key('a') });
      await account.deploy({ Key: key('b') });
      expect([...seen, shownKey(stack)]).toEqual([shown, 'UPDATE_COMPLETE key-b']);
    },
  );

  test('is the current one again once its old copy was retained', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain, { cleanUpShows: 'former' });
    await account.deploy({ Key: key('a', { UpdateReplacePolicy: 'Retain' }) });
    const stack = await account.deploy({ Key: key('b', { UpdateReplacePolicy: 'Retain' }) });
    expect(eventsOf(stack).at(-1)).toBe('DELETE_SKIPPED key-a');
    expect(shownKey(stack)).toBe('UPDATE_COMPLETE key-b');
  });

  test('comes in pages of a hundred from ListStackResources; DescribeStackResources has the first', async () => {
    const account = new ApiAccount();
    await account.deploy(
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`R${index}`, slow(0)])),
    );
    const first = await account.call('ListStackResources', named);
    const NextToken = first.first('NextToken');
    const second = await account.call('ListStackResources', { ...named, NextToken });
    expect([first, second].map(page => page.all('LogicalResourceId').length)).toEqual([100, 1]);
    expect(second.all('NextToken')).toEqual([]);
    expect((await account.call('DescribeStackResources', named)).all('LogicalResourceId')).toHaveLength(100);
  });
});

describe('the events of a custom resource', () => {
  test('that answers FAILED show that its creation was initiated, those of one that was silent do not', async () => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Create' ? failed('X') : success('X'),
    );
    const stack = await account.deploy({ Key: key('a') });
    expect(eventsOf(stack).slice(0, 3)).toEqual([
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS X',
      'CREATE_FAILED X',
    ]);
    const silent = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Create' ? undefined : success('X'),
    );
    const other = await silent.deploy({ Key: key('a') });
    expect(eventsOf(other).slice(0, 2)).toEqual([
      'CREATE_IN_PROGRESS',
      expect.stringMatching(/^CREATE_FAILED app-Key-/),
    ]);
  });

  const shownIds: [Partial<Variants>, string[]][] = [
    [{}, ['UPDATE_IN_PROGRESS key-a', 'UPDATE_IN_PROGRESS key-b']],
    [{ updateEventId: 'none' }, ['UPDATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS key-b']],
    [{ replacementEventId: 'current' }, ['UPDATE_IN_PROGRESS key-a', 'UPDATE_IN_PROGRESS key-a']],
    [{ replacementEventId: 'none' }, ['UPDATE_IN_PROGRESS key-a', 'UPDATE_IN_PROGRESS']],
    [{ replacementEventId: 'no event' }, ['UPDATE_IN_PROGRESS key-a']],
  ];
  test.each(shownIds)('of an update with another id, under %p', async (variants, shown) => {
    const account = new ScriptedAccount(oneKeyPerDomain, variants);
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({ Key: key('b') });
    const after = ['UPDATE_COMPLETE key-b', 'DELETE_IN_PROGRESS key-a', 'DELETE_COMPLETE key-a'];
    expect(eventsOf(stack).slice(3)).toEqual([...shown, ...after]);
  });

  test('leave the id in the entry, whatever they show', async () => {
    const seen: (string | undefined)[] = [];
    const account = new ScriptedAccount(
      event => {
        if (event.RequestType === 'Update') seen.push(shownKey(stack));
        return oneKeyPerDomain(event);
      },
      { updateEventId: 'none' },
    );
    const stack = await account.deploy({ Key: key('a') });
    await account.deploy({ Key: key('b') });
    expect(seen).toEqual(['UPDATE_IN_PROGRESS key-a']);
  });

  test('of a resource that AWS replaces give the reason first, then the new id', async () => {
    const parameter = (Name: string) => ({
      Type: 'AWS::SSM::Parameter',
      Properties: { Name, Type: 'String', Value: 'v' },
    });
    const account = new ScriptedAccount();
    await account.deploy({ Key: parameter('/a') });
    const stack = await account.deploy({ Key: parameter('/b') });
    const events = stack.events.filter(({ logicalId }) => logicalId === 'Key').slice(3, 6);
    expect(events.map(({ status, physicalId, reason }) => [status, physicalId, reason])).toEqual([
      [
        'UPDATE_IN_PROGRESS',
        '/a',
        'Requested update requires the creation of a new physical resource; hence creating one.',
      ],
      ['UPDATE_IN_PROGRESS', '/b', 'Resource creation Initiated'],
      ['UPDATE_COMPLETE', '/b', undefined],
    ]);
    await account.deploy({ Key: parameter('/c'), Other: brokenParameter({ DependsOn: 'Key' }) });
    const [back] = stack.events.filter(({ logicalId, reason }) => logicalId === 'Key' && !reason).slice(-4);
    expect([back?.status, back?.physicalId]).toEqual(['UPDATE_IN_PROGRESS', '/c']);
  });
});

describe('a Delete in the clean-up of a rollback', () => {
  const contents: [Variants['rollbackDeletes'], string, object | undefined][] = [
    ['everything', 'Custom::Key', expect.objectContaining({ Domain: 'b' })],
    ['the service token', 'AWS::CloudFormation::CustomResource', { ServiceToken: expect.any(String) }],
    ['no properties', 'AWS::CloudFormation::CustomResource', undefined],
  ];
  test.each(contents)(
    'carries %s; any other Delete carries everything',
    async (rollbackDeletes, type, properties) => {
      const account = new ScriptedAccount(oneKeyPerDomain, { rollbackDeletes });
      await account.deploy({ Key: key('a') });
      const stack = await account.deploy({ Key: key('b'), Other: brokenParameter({ DependsOn: 'Key' }) });
      expect(account.history.at(-1)).toBe('Delete key-b');
      expect(account.events.at(-1)?.ResourceType).toBe(type);
      expect(account.events.at(-1)?.ResourceProperties).toEqual(properties);
      await account.deploy({ Key: key('c') });
      expect(account.events.at(-1)).toMatchObject({ RequestType: 'Delete', ResourceType: 'Custom::Key' });
      await account.delete(stack);
      expect(account.events.at(-1)?.ResourceProperties).toMatchObject({ Domain: 'c' });
    },
  );
});

describe('the time of a request', () => {
  const signedAt = ({ ResponseURL }: CustomEvent) => {
    const date = new URL(ResponseURL).searchParams.get('X-Amz-Date') ?? '';
    return Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  };

  test('is when it is signed and sent, some time after its event', async () => {
    const sentAt: number[] = [];
    const account = new ScriptedAccount(
      event => {
        sentAt.push(account.clock.now());
        return oneKeyPerDomain(event);
      },
      { signingDelayMs: 60_000 },
    );
    const stack = await account.deploy({ Key: key('a'), Two: key('b') });
    const delays = sentAt.map(time => time - stack.creationTime);
    expect(new Set(delays).size).toBe(2);
    for (const [index, delay] of delays.entries()) {
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThan(60_000);
      const event = account.events[index];
      expect(event && signedAt(event)).toBe(Math.floor((sentAt[index] ?? 0) / 1000) * 1000);
    }
  });

  test('counts for its time-out', async () => {
    const account = new ScriptedAccount(
      ({ RequestType }) => (RequestType === 'Create' ? undefined : success('id')),
      { signingDelayMs: 60_000 },
    );
    const stack = await account.deploy({ Key: key('a', { Properties: { ServiceTimeout: 100 } }) });
    const failure = stack.events.find(({ status }) => status === 'CREATE_FAILED')?.timestamp ?? 0;
    expect(failure - stack.creationTime).toBeGreaterThan(100_000);
  });

  test('never comes when the resource is cancelled before', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain, { signingDelayMs: 600_000 });
    const stack = await account.deploy({ Key: key('a'), Other: slow(1, { Fails: true }) });
    expect(account.history).toEqual(['Delete app-Key-invented']);
    expect(stack.events.map(({ reason }) => reason)).toContain('Resource creation cancelled');
  });
});

describe('a response', () => {
  test('is recorded some time after it arrived', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain, { recordingDelayMs: 10_000 });
    const stack = await account.deploy({ Key: key('a') });
    const [begun, initiated, complete] = stack.events.slice(1).map(({ timestamp }) => timestamp);
    expect(eventsOf(stack)).toEqual([
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS key-a',
      'CREATE_COMPLETE key-a',
    ]);
    expect((initiated ?? 0) - (begun ?? 0)).toBeGreaterThan(10);
    expect((complete ?? 0) - (initiated ?? 0)).toBeGreaterThan(10);
    expect(shownKey(stack, (initiated ?? 0) - 1)).toBe('CREATE_IN_PROGRESS');
    expect(shownKey(stack, (complete ?? 0) - 1)).toBe('CREATE_IN_PROGRESS key-a');
  });

  test.each([
    [false, 'Delete key-a', 'CREATE_COMPLETE key-a'],
    [true, 'Delete app-Key-invented', expect.stringMatching(/^CREATE_FAILED app-Key-/)],
  ])(
    'that is not recorded yet is void once the resource is cancelled: %p',
    async (cancelsUnrecorded, last, event) => {
      const account = new ScriptedAccount(oneKeyPerDomain, { recordingDelayMs: 600_000, cancelsUnrecorded });
      const stack = await account.deploy({ Key: key('a'), Other: slow(1, { Fails: true }) });
      expect(account.history).toEqual(['Create', last]);
      expect(account.cloudFormation.answers[0]?.accepted).toBe(true);
      expect(eventsOf(stack)).toContainEqual(event);
    },
  );
});
