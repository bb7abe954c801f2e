import type { Stack, Variants } from '../../../local-aws/cloudformation';
import {
  brokenParameter,
  type CustomEvent,
  failed,
  key,
  parameter,
  ScriptedAccount,
  slow,
  success,
} from './scripted-account';

/** One key per domain, as a handler that never looks back would make them. */
function oneKeyPerDomain({ RequestType, PhysicalResourceId, ResourceProperties }: CustomEvent) {
  return success(RequestType === 'Delete' ? PhysicalResourceId : `key-${ResourceProperties.Domain}`);
}

const keyOf = (stack: Stack) => stack.resources.get('Key')?.physicalId;
const stackStatuses = (stack: Stack) =>
  stack.events.filter(({ physicalId }) => physicalId === stack.id).map(({ status }) => status);
const reasonsOf = (stack: Stack, logicalId: string) =>
  stack.events.filter(event => event.logicalId === logicalId).map(({ status, reason }) => [status, reason]);

describe('creation', () => {
  test('creates the resources and reports the outputs', async () => {
    const account = new ScriptedAccount(() => success('id', { ApiKey: 'k' }));
    const Outputs = { ApiKey: { Value: { 'Fn::GetAtt': ['Key', 'ApiKey'] } } };
    const stack = await account.deploy({ Key: key('a') }, { Outputs });
    expect(stackStatuses(stack)).toEqual(['CREATE_IN_PROGRESS', 'CREATE_COMPLETE']);
    expect(stack.outputs).toMatchObject([{ key: 'ApiKey', value: 'k' }]);
  });

  test('answered FAILED with an id deletes that id', async () => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Create' ? failed('X') : success('X'),
    );
    const stack = await account.deploy({ Key: key('a') });
    expect(account.history).toEqual(['Create', 'Delete X']);
    expect(stackStatuses(stack)).toEqual(['CREATE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
  });

  test('in flight when another resource fails is cancelled: an invented id is deleted before the end', async () => {
    const account = new ScriptedAccount(async event => {
      if (event.RequestType === 'Create') await account.clock.sleep(60_000);
      return success('late');
    });
    const stack = await account.deploy({ Key: key('a'), Other: slow(1000, { Fails: true }) });
    expect(account.history).toEqual(['Create', 'Delete app-Key-invented']);
    expect(reasonsOf(stack, 'Key')).toContainEqual(['CREATE_FAILED', 'Resource creation cancelled']);
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    const end = stack.events.at(-1)?.timestamp ?? 0;
    expect(end - stack.creationTime).toBeLessThan(60_000);
  });

  test('never answered is deleted under an invented id after the time-out', async () => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Delete' ? success('x') : undefined,
    );
    const stack = await account.deploy({ Key: key('a') });
    expect(account.history).toEqual(['Create', 'Delete app-Key-invented']);
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
  });

  test('whose rollback cannot delete ends in ROLLBACK_FAILED', async () => {
    const account = new ScriptedAccount(() => failed('X'));
    const stack = await account.deploy({ Key: key('a') });
    expect(stack.status).toBe('ROLLBACK_FAILED');
    expect(stack.resources.get('Key')?.status).toBe('DELETE_FAILED');
  });

  test('runs independent resources at the same time and dependents after what they need', async () => {
    const account = new ScriptedAccount();
    const more = { DependsOn: ['One', 'Two'] };
    const stack = await account.deploy({ Last: { ...slow(500), ...more }, One: slow(1000), Two: slow(1000) });
    const completed = stack.events.filter(({ status }) => status === 'CREATE_COMPLETE');
    expect(completed.map(({ logicalId }) => logicalId)).toEqual(['One', 'Two', 'Last', 'app']);
    const duration = (completed.at(-1)?.timestamp ?? 0) - stack.creationTime;
    expect(duration).toBeGreaterThanOrEqual(1500);
    expect(duration).toBeLessThan(1600);
  });

  test('starts nothing more once a resource has failed, and reports what was cancelled', async () => {
    const account = new ScriptedAccount();
    const failing = { Failing: slow(1000, { Fails: true }), InFlight: slow(2000) };
    const stack = await account.deploy({ ...failing, Later: { ...slow(0), DependsOn: 'InFlight' } });
    expect(reasonsOf(stack, 'InFlight')).toContainEqual(['CREATE_FAILED', 'Resource creation cancelled']);
    expect(reasonsOf(stack, 'Failing')).toContainEqual(['CREATE_FAILED', 'Failing was told to fail']);
    expect(reasonsOf(stack, 'Later')).toEqual([]);
    expect(reasonsOf(stack, 'app').slice(1)).toEqual([
      [
        'ROLLBACK_IN_PROGRESS',
        'The following resource(s) failed to create: [Failing, InFlight]. Rollback requested by user.',
      ],
      ['ROLLBACK_COMPLETE', undefined],
    ]);
  });

  test('of fifty keys cancels all of them when one resource fails', async () => {
    const account = new ScriptedAccount(event => (event.RequestType === 'Create' ? undefined : success('x')));
    const keys = Array.from({ length: 50 }, (_, index) => [`Key${index}`, key('a')]);
    await account.deploy({ ...Object.fromEntries(keys), Other: slow(1000, { Fails: true }) });
    expect(account.history.filter(event => event.startsWith('Delete'))).toHaveLength(50);
  });
});

describe('an update', () => {
  test('that succeeds with a new id deletes the old one afterwards with the old properties', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({ Key: key('b') });
    expect(account.history).toEqual(['Create', 'Update key-a', 'Delete key-a']);
    expect(account.events[2]?.ResourceProperties.Domain).toBe('a');
    expect(stackStatuses(stack).slice(2)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_COMPLETE',
    ]);
    expect(keyOf(stack)).toBe('key-b');
    const recorded = stack.events.filter(event => event.logicalId === 'Key').slice(3);
    expect(recorded.map(({ status, physicalId, reason }) => [status, physicalId, reason])).toEqual([
      ['UPDATE_IN_PROGRESS', 'key-a', undefined],
      ['UPDATE_IN_PROGRESS', 'key-b', expect.stringMatching(/required the provider to create a new/)],
      ['UPDATE_COMPLETE', 'key-b', undefined],
      ['DELETE_IN_PROGRESS', 'key-a', undefined],
      ['DELETE_COMPLETE', 'key-a', undefined],
    ]);
  });

  test('in place records no new resource', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({ Key: key('b') });
    expect(reasonsOf(stack, 'Key').slice(3)).toEqual([
      ['UPDATE_IN_PROGRESS', undefined],
      ['UPDATE_COMPLETE', undefined],
    ]);
  });

  test('with the same properties sends nothing to the resource', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Key: key('a') });
    await account.deploy({ Key: key('a'), Other: slow(0) });
    expect(account.history).toEqual(['Create']);
  });

  test('that changes nothing at all is refused', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Key: key('a') });
    await expect(account.deploy({ Key: key('a') })).rejects.toThrow(/^No updates are to be performed\.$/);
  });

  test('answered FAILED with the same id rolls back with that id and the properties exchanged', async () => {
    const account = new ScriptedAccount(({ ResourceProperties }) =>
      ResourceProperties.Domain === 'a' ? success('key-a') : failed('key-a'),
    );
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({ Key: key('b') });
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-a']);
    expect(account.events[2]).toMatchObject({
      ResourceProperties: { Domain: 'a' },
      OldResourceProperties: { Domain: 'b' },
    });
    expect(stackStatuses(stack).slice(2)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
    ]);
  });

  test('answered FAILED with another id makes that current, and the rollback deletes it', async () => {
    const account = new ScriptedAccount(({ RequestType, ResourceProperties }) =>
      RequestType === 'Update' && ResourceProperties.Domain === 'b' ? failed('X') : success('key-a'),
    );
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({ Key: key('b') });
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update X', 'Delete X']);
    expect(keyOf(stack)).toBe('key-a');
    expect(stack.events.find(({ status }) => status === 'UPDATE_FAILED')?.physicalId).toBe('X');
  });

  test('never answered keeps the id and rolls back', async () => {
    const account = new ScriptedAccount(({ ResourceProperties }) =>
      ResourceProperties.Domain === 'a' ? success('key-a') : undefined,
    );
    await account.deploy({ Key: key('a') });
    expect((await account.deploy({ Key: key('b') })).status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-a']);
  });

  test('of a removed resource deletes it afterwards; after three failures the resource is abandoned', async () => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Delete' ? failed('id') : success('id'),
    );
    await account.deploy({ Key: key('a'), Other: slow(0) });
    const stack = await account.deploy({ Other: slow(0) });
    const attempts = ['Delete id', 'Delete id', 'Delete id'];
    expect(account.history).toEqual(['Create', ...attempts]);
    expect(stack.status).toBe('UPDATE_COMPLETE');
    expect(reasonsOf(stack, 'Key').at(-1)?.[0]).toBe('DELETE_FAILED');
    await account.delete(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
    expect(account.history).toEqual(['Create', ...attempts]);
  });

  test('may not give a resource another type', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Key: key('a') });
    await expect(account.deploy({ Key: slow(0) })).rejects.toThrow(
      /Update of resource type is not permitted.*\[Key\]/,
    );
  });

  test('replaces what AWS replaces, and puts the old copy back when it is rolled back', async () => {
    const named = (Name: string, Value: string) => ({
      Type: 'AWS::SSM::Parameter',
      Properties: { Name, Type: 'String', Value },
    });
    const account = new ScriptedAccount();
    await account.deploy({ P: named('/one', '1') });
    const broken = { B: brokenParameter({ DependsOn: 'P' }) };
    const stack = await account.deploy({ P: named('/two', '2'), ...broken });
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect([...account.parameters]).toEqual([['/one', '1']]);
    await account.deploy({ P: named('/two', '2') });
    expect([...account.parameters]).toEqual([['/two', '2']]);
  });

  test('sends what depends on a custom resource its new attributes', async () => {
    const account = new ScriptedAccount(event =>
      success('id', { ApiKey: `value of ${event.ResourceProperties.Domain}` }),
    );
    const resources = (domain: string) => ({
      Key: key(domain),
      P: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Name: '/p', Type: 'String', Value: { 'Fn::GetAtt': 'Key.ApiKey' } },
      },
    });
    await account.deploy(resources('a'));
    await account.deploy(resources('b'));
    expect(account.parameters.get('/p')).toBe('value of b');
    await account.deploy({ ...resources('c'), B: brokenParameter({ DependsOn: 'P' }) });
    expect(account.parameters.get('/p')).toBe('value of b');
  });
});

describe('the update of a nested stack', () => {
  const update = async (parentSucceeds: boolean, variants: Partial<Variants> = {}) => {
    const account = new ScriptedAccount(oneKeyPerDomain, variants);
    const stack = await account.deploy({ Key: key('a') });
    const template = JSON.stringify({ Resources: { Key: key('b') } });
    account.cloudFormation.engine.update(stack, { template }, async () => {
      await account.clock.sleep(5000);
      return parentSucceeds;
    });
    await account.settle(stack);
    return { account, stack };
  };

  test('cleans up once its parent has succeeded', async () => {
    const { account, stack } = await update(true);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Delete key-a']);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_COMPLETE', 'key-b']);
  });

  test.each(['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE'] as const)(
    'waits in %s, and goes back when its parent fails',
    async status => {
      const { account, stack } = await update(false, { nestedStackWaitsIn: status });
      expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-b', 'Delete key-b']);
      expect(stackStatuses(stack).slice(2)).toEqual([
        'UPDATE_IN_PROGRESS',
        status,
        'UPDATE_ROLLBACK_IN_PROGRESS',
        'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
        'UPDATE_ROLLBACK_COMPLETE',
      ]);
      expect(keyOf(stack)).toBe('key-a');
    },
  );
});

describe('the rollback of an update, because another resource fails', () => {
  const changed = { Key: key('b'), Other: brokenParameter({ DependsOn: 'Key' }) };

  test('exchanges the properties under the new id; the first id answered means only the new one goes', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy(changed);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-b', 'Delete key-b']);
    expect(account.events[2]).toMatchObject({
      ResourceProperties: { Domain: 'a' },
      OldResourceProperties: { Domain: 'b' },
    });
    expect(account.events[3]?.ResourceProperties.Domain).toBe('b');
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
  });

  test('answered with a third id deletes both others, each with its own properties', async () => {
    let made = 0;
    const account = new ScriptedAccount(() => success(`key-${++made}`));
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy(changed);
    expect(account.history).toEqual([
      'Create',
      'Update key-1',
      'Update key-2',
      'Delete key-1',
      'Delete key-2',
    ]);
    expect(account.events.slice(3).map(event => event.ResourceProperties.Domain)).toEqual(['a', 'b']);
    expect(keyOf(stack)).toBe('key-3');
  });

  test('carries the first id in that variant', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain, { rollbackId: 'original' });
    await account.deploy({ Key: key('a') });
    await account.deploy(changed);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-a', 'Delete key-b']);
  });

  test.each([
    [false, 'UPDATE_ROLLBACK_FAILED', undefined],
    [true, 'UPDATE_ROLLBACK_COMPLETE', 'k'],
  ])('without Data: attributes restored %p', async (restoresAttributes, status, output) => {
    const script = ({ RequestType, ResourceProperties }: CustomEvent) =>
      success(`key-${ResourceProperties.Domain}`, RequestType === 'Create' ? { ApiKey: 'k' } : undefined);
    const account = new ScriptedAccount(script, { restoresAttributes });
    const Outputs = { ApiKey: { Value: { 'Fn::GetAtt': ['Key', 'ApiKey'] } } };
    await account.deploy({ Key: key('a') }, { Outputs });
    const stack = await account.deploy(changed);
    expect([stack.status, stack.resources.get('Key')?.attributes.ApiKey]).toEqual([status, output]);
    expect(account.history.slice(0, 3)).toEqual(['Create', 'Update key-a', 'Update key-b']);
  });

  test('cancels updates and creations in flight', async () => {
    const account = new ScriptedAccount(async event => {
      if (event.ResourceProperties.Domain === 'slow') await account.clock.sleep(60_000);
      return event.PhysicalResourceId ? success(event.PhysicalResourceId) : success('id');
    });
    await account.deploy({ Key: key('a') });
    const stack = await account.deploy({
      Key: key('slow'),
      New: key('slow'),
      Other: slow(1000, { Fails: true }),
    });
    expect(account.history.slice(1, 4)).toEqual(['Update id', 'Create', 'Update id']);
    expect(reasonsOf(stack, 'Key')).toContainEqual(['UPDATE_FAILED', 'Resource update cancelled']);
    expect(reasonsOf(stack, 'New')).toContainEqual(['CREATE_FAILED', 'Resource creation cancelled']);
    expect(account.history[4]).toBe('Delete app-New-invented');
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    // the two that were cancelled answer in the end, to nobody
    expect(account.cloudFormation.answers.filter(({ accepted }) => !accepted)).toHaveLength(2);
  });

  test('deletes what the update had created, and leaves alone what it had not reached', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a'), Last: slow(0) });
    const failing = { Failing: slow(10, { Fails: true }), Last: { ...slow(5), DependsOn: 'Failing' } };
    const stack = await account.deploy({ Key: key('a'), New: key('b'), ...failing });
    expect(account.history).toEqual(['Create', 'Create', 'Delete key-b']);
    expect([...stack.resources.keys()]).toEqual(['Key', 'Last']);
    expect(reasonsOf(stack, 'Key')).toHaveLength(3);
    expect(reasonsOf(stack, 'Last')).toHaveLength(3);
  });

  test('restores the status of a resource that refused its update', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ One: slow(0) });
    const stack = await account.deploy({ One: slow(1, { Fails: true }) });
    expect(reasonsOf(stack, 'One').slice(3)).toEqual([
      ['UPDATE_IN_PROGRESS', undefined],
      ['UPDATE_FAILED', 'One was told to fail'],
      ['UPDATE_COMPLETE', undefined],
    ]);
    expect(stack.resources.get('One')?.status).toBe('UPDATE_COMPLETE');
  });

  test('that fails can be continued, or the stack be deleted with every copy', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    account.script = event =>
      event.PhysicalResourceId === 'key-b' ? failed('key-b') : oneKeyPerDomain(event);
    const stack = await account.deploy(changed);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_FAILED', 'key-b']);
    account.cloudFormation.engine.continueRollback(stack);
    await account.settle(stack);
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(account.history.slice(2)).toEqual(['Update key-b', 'Update key-b']);
    account.script = oneKeyPerDomain;
    account.cloudFormation.engine.continueRollback(stack);
    await account.settle(stack);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(account.history.slice(4)).toEqual(['Update key-b', 'Delete key-b']);
  });

  test('that fails may leave the properties that it attempted: to go on sends them again as the old ones', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain, { failedRollbackLeaves: 'attempted' });
    await account.deploy({ Key: key('a') });
    account.script = event =>
      event.PhysicalResourceId === 'key-b' ? failed('key-b') : oneKeyPerDomain(event);
    const stack = await account.deploy(changed);
    account.script = oneKeyPerDomain;
    account.cloudFormation.engine.continueRollback(stack);
    await account.settle(stack);
    const again = account.events.at(-2);
    expect(again?.OldResourceProperties).toEqual(again?.ResourceProperties);
    expect(again?.ResourceProperties).toMatchObject({ Domain: 'a' });
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(account.history.slice(2)).toEqual(['Update key-b', 'Update key-b', 'Delete key-b']);
  });

  test('that fails leaves a stack that can be deleted with every copy', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    account.script = event =>
      event.RequestType === 'Update' && event.PhysicalResourceId === 'key-b'
        ? failed('key-b')
        : oneKeyPerDomain(event);
    const stack = await account.deploy(changed);
    await account.delete(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
    expect(account.history.slice(3).sort()).toEqual(['Delete key-a', 'Delete key-b']);
  });
});

describe('cancelling', () => {
  test('an update rolls it back', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    const stack = account.begin({ Key: key('b'), Other: { ...slow(60_000), DependsOn: 'Key' } });
    await account.clock.run(account.clock.sleep(1000));
    account.cloudFormation.engine.cancelUpdate(stack);
    await account.settle(stack);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(reasonsOf(stack, 'app')).toContainEqual(['UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated']);
  });

  test('a creation by deleting the stack gives up what is in flight and deletes it', async () => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Delete' ? success('x') : undefined,
    );
    const stack = account.begin({ Key: key('a') });
    await account.clock.run(account.clock.sleep(1000));
    await account.delete(stack);
    expect(account.history).toEqual(['Create', 'Delete app-Key-invented']);
    expect(stackStatuses(stack)).toEqual(['CREATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'DELETE_COMPLETE']);
  });

  test('is refused to a stack that is not being updated', async () => {
    const account = new ScriptedAccount();
    const stack = await account.deploy({ Key: key('a') });
    expect(() => account.cloudFormation.engine.cancelUpdate(stack)).toThrow(/is in CREATE_COMPLETE state/);
  });
});

describe('deletion', () => {
  const dependent = { Fn: parameter('x'), Key: key('a', { DependsOn: 'Fn' }) };
  const refusing = ({ RequestType }: CustomEvent) =>
    RequestType === 'Delete' ? failed('id') : success('id');

  test('goes from dependents to what they depend on', async () => {
    const account = new ScriptedAccount();
    const stack = await account.deploy(dependent);
    await account.delete(stack);
    const deleted = stack.events
      .filter(({ status }) => status === 'DELETE_COMPLETE')
      .map(({ logicalId }) => logicalId);
    expect(deleted).toEqual(['Key', 'Fn', 'app']);
  });

  test.each([
    [true, ['Key']],
    [false, ['Key', 'Fn']],
  ])(
    'that fails continues with what the resource depends on: %p',
    async (deletesDependenciesOfFailed, left) => {
      const account = new ScriptedAccount(refusing, { deletesDependenciesOfFailed });
      const stack = await account.deploy(dependent);
      await account.delete(stack);
      expect(stack.status).toBe('DELETE_FAILED');
      expect([...stack.resources.keys()].sort()).toEqual([...left].sort());
    },
  );

  test.each([
    [true, ['Key']],
    [false, ['Fn', 'Key']],
  ])('that fails in a rollback continues in the same way: %p', async (deletesDependenciesOfFailed, left) => {
    const account = new ScriptedAccount(refusing, { deletesDependenciesOfFailed });
    const stack = await account.deploy({ ...dependent, Other: brokenParameter({ DependsOn: 'Key' }) });
    expect([stack.status, [...stack.resources.keys()]]).toEqual(['ROLLBACK_FAILED', left]);
  });

  test('that failed can be tried again, or keep what it cannot delete', async () => {
    const account = new ScriptedAccount(refusing);
    const stack = await account.deploy(dependent);
    await account.delete(stack);
    await account.delete(stack);
    expect(stack.status).toBe('DELETE_FAILED');
    account.cloudFormation.engine.delete(stack, { retain: ['Key'] });
    await account.settle(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
    expect(account.history).toEqual(['Create', 'Delete id', 'Delete id']);
  });

  test('asked for twice happens once', async () => {
    const account = new ScriptedAccount();
    const stack = await account.deploy({ Key: key('a') });
    account.cloudFormation.engine.delete(stack);
    await account.delete(stack);
    await account.delete(stack);
    expect(account.history).toEqual(['Create', 'Delete id']);
    expect(stackStatuses(stack).slice(2)).toEqual(['DELETE_IN_PROGRESS', 'DELETE_COMPLETE']);
  });

  test('is refused while an update is in progress', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Key: key('a') });
    const stack = account.begin({ Key: key('b') });
    expect(() => account.cloudFormation.engine.delete(stack)).toThrow(
      /cannot be deleted while in status UPDATE_IN_PROGRESS/,
    );
    await account.settle(stack);
  });
});

describe('policies', () => {
  const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
  const other = { Other: brokenParameter({ DependsOn: 'Key' }) };

  test('Retain keeps a resource that is deleted, removed or replaced', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a', retained), Gone: key('gone', retained) });
    const stack = await account.deploy({ Key: key('b', retained) });
    await account.delete(stack);
    expect(account.history).toEqual(['Create', 'Create', 'Update key-a']);
    expect(reasonsOf(stack, 'Gone').at(-1)?.[0]).toBe('DELETE_SKIPPED');
    expect(stack.status).toBe('DELETE_COMPLETE');
  });

  test('UpdateReplacePolicy rules a replacement, DeletionPolicy a removal', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({
      Key: key('a', { UpdateReplacePolicy: 'Retain' }),
      Two: key('c', { DeletionPolicy: 'Retain' }),
    });
    await account.deploy({
      Key: key('b', { UpdateReplacePolicy: 'Retain' }),
      Two: key('d', { DeletionPolicy: 'Retain' }),
    });
    expect(account.history.slice(4)).toEqual(['Delete key-c']);
    await account.deploy({ Other: slow(0) });
    expect(account.history.slice(5)).toEqual(['Delete key-b']);
  });

  test.each([
    ['Retain', ['Create']],
    ['RetainExceptOnCreate', ['Create', 'Delete key-a']],
  ])('%s when the creation is rolled back', async (DeletionPolicy, history) => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a', { DeletionPolicy }), ...other });
    expect(account.history).toEqual(history);
  });

  test.each([
    [false, []],
    [true, ['Delete key-b']],
  ])(
    'Retain when a replacement is rolled back; new copy deleted: %p',
    async (rollbackDeletesRetained, deletions) => {
      const account = new ScriptedAccount(oneKeyPerDomain, { rollbackDeletesRetained });
      await account.deploy({ Key: key('a', retained) });
      const stack = await account.deploy({ Key: key('b', retained), ...other });
      expect(account.history.slice(3)).toEqual(deletions);
      expect(keyOf(stack)).toBe('key-a');
    },
  );
});

test('two runs with the same chance have the same events', async () => {
  const run = async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a') });
    return (await account.deploy({ Key: key('b'), Other: brokenParameter() })).events;
  };
  expect(await run()).toEqual(await run());
});
