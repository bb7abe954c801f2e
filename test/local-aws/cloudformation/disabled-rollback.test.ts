import type { Stack, Variants } from '../../../local-aws/cloudformation';
import { type CustomEvent, failed, key, ScriptedAccount, slow, success } from './scripted-account';

/** One key per domain, as a handler that never looks back would create them. */
function oneKeyPerDomain({ RequestType, PhysicalResourceId, ResourceProperties }: CustomEvent) {
  return success(RequestType === 'Delete' ? PhysicalResourceId : `key-${ResourceProperties.Domain}`);
}

/** The same, but a request for `refused` fails with the id that it came with, or a marker. */
function refusing(event: CustomEvent) {
  const isRefused = event.RequestType !== 'Delete' && event.ResourceProperties.Domain === 'refused';
  return isRefused ? failed(event.PhysicalResourceId ?? 'marker') : oneKeyPerDomain(event);
}

const noRollback = { disableRollback: true };
const failing = slow(1000, { Fails: true });
const keyOf = (stack: Stack) => stack.resources.get('Key')?.physicalId;
const statusesOf = (stack: Stack, logicalId: string) =>
  stack.events.filter(event => event.logicalId === logicalId).map(({ status }) => status);
const idsOf = (stack: Stack, logicalId: string) =>
  stack.events.filter(event => event.logicalId === logicalId).map(one => `${one.status} ${one.physicalId}`);

describe('a creation that fails with disabled rollback', () => {
  test('leaves what succeeded, and what does not depend on the failure goes on', async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    const resources = { Failing: failing, Later: { ...slow(5000), DependsOn: 'Key' } };
    const blocked = {
      Blocked: { ...slow(0), DependsOn: 'Failing' },
      More: { ...slow(0), DependsOn: 'Blocked' },
    };
    const stack = await account.deploy({ Key: key('a'), ...resources, ...blocked }, {}, noRollback);
    expect([stack.status, stack.reason]).toEqual([
      'CREATE_FAILED',
      'The following resource(s) failed to create: [Failing].',
    ]);
    expect([...stack.resources].map(([id, { status }]) => [id, status])).toEqual([
      ['Key', 'CREATE_COMPLETE'],
      ['Failing', 'CREATE_FAILED'],
      ['Later', 'CREATE_COMPLETE'],
    ]);
    expect(account.history).toEqual(['Create']);
  });

  test('is completed by an update, which creates again what failed', async () => {
    const account = new ScriptedAccount(refusing);
    await account.deploy({ Key: key('refused'), Other: slow(0) }, {}, noRollback);
    const stack = await account.deploy({ Key: key('a'), Other: slow(0) }, {}, noRollback);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_COMPLETE', 'key-a']);
    expect(account.history).toEqual(['Create', 'Delete marker', 'Create']);
    expect(statusesOf(stack, 'Other')).toHaveLength(3);
  });

  const orders: [Variants['failedCreationGoes'], string[], string[]][] = [
    [
      'first',
      ['Create', 'Delete marker', 'Create'],
      ['DELETE_IN_PROGRESS', 'DELETE_COMPLETE', 'CREATE_IN_PROGRESS'],
    ],
    [
      'meanwhile',
      ['Create', 'Delete marker', 'Create'],
      ['CREATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'CREATE_IN_PROGRESS'],
    ],
    [
      'in the clean-up',
      ['Create', 'Create', 'Delete marker'],
      ['CREATE_IN_PROGRESS', 'CREATE_IN_PROGRESS', 'CREATE_COMPLETE'],
    ],
  ];
  test.each(orders)(
    'is created again while the failed one goes %s',
    async (failedCreationGoes, requests, first) => {
      const account = new ScriptedAccount(refusing, { failedCreationGoes });
      await account.deploy({ Key: key('refused') }, {}, noRollback);
      const stack = await account.deploy({ Key: key('a') }, {}, noRollback);
      expect([...account.history].sort()).toEqual([...requests].sort());
      expect(statusesOf(stack, 'Key').slice(3, 6)).toEqual(first);
      expect([stack.status, keyOf(stack), stack.leftovers]).toEqual(['UPDATE_COMPLETE', 'key-a', []]);
    },
  );

  test('is created again only as long as the failed one is being deleted', async () => {
    const account = new ScriptedAccount(refusing, { failedCreationGoes: 'meanwhile' });
    await account.deploy({ Key: key('refused') }, {}, noRollback);
    account.script = async event => {
      if (event.RequestType === 'Delete') await account.clock.sleep(5000);
      return oneKeyPerDomain(event);
    };
    const stack = await account.deploy({ Key: key('a') }, {}, noRollback);
    const order = stack.events.map(({ status, physicalId }) => `${status} ${physicalId}`);
    const end = order.indexOf(`UPDATE_COMPLETE_CLEANUP_IN_PROGRESS ${stack.id}`);
    expect(order.slice(0, end).slice(-2)).toEqual(['CREATE_COMPLETE key-a', 'DELETE_COMPLETE marker']);
  });

  test('of which nothing was created has nothing to delete', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ Other: failing }, {}, noRollback);
    const stack = await account.deploy({ Other: slow(0) }, {}, noRollback);
    expect(statusesOf(stack, 'Other').filter(status => status.startsWith('DELETE'))).toEqual([]);
    expect(stack.status).toBe('UPDATE_COMPLETE');
  });

  test('can be repeated as it is, but only with disabled rollback', async () => {
    const account = new ScriptedAccount(refusing);
    await account.deploy({ Key: key('refused') }, {}, noRollback);
    await expect(account.deploy({ Key: key('refused') })).rejects.toThrow(
      /^This stack is currently in a non-terminal \[CREATE_FAILED\] state\. .* use the disable-rollback/,
    );
    account.script = () => success('key');
    expect((await account.deploy({ Key: key('refused') }, {}, noRollback)).status).toBe('UPDATE_COMPLETE');
  });

  test('can be rolled back: nothing is left', async () => {
    const account = new ScriptedAccount(refusing);
    const stack = await account.deploy({ Key: key('refused'), Two: key('b') }, {}, noRollback);
    await account.after(stack, engine => engine.rollBack(stack));
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(account.history.slice(2).sort()).toEqual(['Delete key-b', 'Delete marker']);
    expect(stack.resources.size).toBe(0);
  });

  test.each([
    [false, []],
    [true, ['Delete key-a']],
  ])(
    'keeps what Retain keeps as it is rolled back, except on creation: %p',
    async (retainExceptOnCreate, gone) => {
      const account = new ScriptedAccount(oneKeyPerDomain);
      const resources = { Key: key('a', { DeletionPolicy: 'Retain' }), Failing: failing };
      const stack = await account.deploy(resources, {}, noRollback);
      await account.after(stack, engine => engine.rollBack(stack, { retainExceptOnCreate }));
      expect(account.history.slice(1)).toEqual(gone);
    },
  );

  test('can be deleted', async () => {
    const account = new ScriptedAccount(refusing);
    const stack = await account.deploy({ Key: key('refused') }, {}, noRollback);
    await account.delete(stack);
    expect([stack.status, account.history]).toEqual(['DELETE_COMPLETE', ['Create', 'Delete marker']]);
  });
});

describe('an update that fails with disabled rollback', () => {
  const deployed = async (variants: Partial<Variants> = {}) => {
    const account = new ScriptedAccount(refusing, variants);
    await account.deploy({ Key: key('a'), Other: slow(0) });
    return account;
  };

  test('leaves the new copy in use and the old one where it is', async () => {
    const account = await deployed();
    const stack = await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    expect([stack.status, stack.reason]).toEqual([
      'UPDATE_FAILED',
      'The following resource(s) failed to update: [Other].',
    ]);
    expect(account.history).toEqual(['Create', 'Update key-a']);
    expect([keyOf(stack), stack.leftovers.map(({ physicalId }) => physicalId)]).toEqual(['key-b', ['key-a']]);
  });

  test('and is fixed forward deletes every copy that is not used any more, once it has succeeded', async () => {
    const account = await deployed();
    await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    await account.deploy({ Key: key('c'), Other: failing }, {}, noRollback);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-b']);
    const stack = await account.deploy({ Key: key('c'), Other: slow(1) }, {}, noRollback);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_COMPLETE', 'key-c']);
    expect(account.history.slice(3)).toEqual(['Delete key-a', 'Delete key-b']);
    expect(statusesOf(stack, 'app').slice(-2)).toEqual([
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_COMPLETE',
    ]);
    await account.delete(stack);
    expect(account.history.slice(5)).toEqual(['Delete key-c']);
  });

  test('and has the old template deployed again returns to the first copy', async () => {
    const account = await deployed();
    await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    const stack = await account.deploy({ Key: key('a'), Other: slow(0) }, {}, noRollback);
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_COMPLETE', 'key-a']);
    expect(account.history.slice(2)).toEqual(['Update key-b', 'Delete key-b']);
  });

  test('and is rolled back returns to the last settled state, over any number of failures', async () => {
    const account = await deployed();
    await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    const stack = await account.deploy({ Key: key('c'), New: key('n'), Other: failing }, {}, noRollback);
    await account.after(stack, engine => engine.rollBack(stack));
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(account.history.slice(4)).toEqual([
      'Update key-c',
      'Delete key-b',
      'Delete key-n',
      'Delete key-c',
    ]);
    expect(statusesOf(stack, 'app').slice(-3)).toEqual([
      'UPDATE_ROLLBACK_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
    ]);
    await account.deploy({ Key: key('a'), Other: slow(2) });
    expect(stack.status).toBe('UPDATE_COMPLETE');
  });

  test('and cannot be rolled back sends no request of its own for that', async () => {
    const account = await deployed();
    const stack = await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    account.script = () => failed('key-b');
    await account.after(stack, engine => engine.rollBack(stack));
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(account.history.slice(2)).toEqual(['Update key-b']);
  });

  test.each([
    [false, []],
    [true, ['Delete key-n']],
  ])(
    'keeps what Retain keeps as it is rolled back, except on creation: %p',
    async (retainExceptOnCreate, gone) => {
      const account = await deployed();
      const New = key('n', { DeletionPolicy: 'Retain' });
      const stack = await account.deploy({ Key: key('a'), New, Other: failing }, {}, noRollback);
      await account.after(stack, engine => engine.rollBack(stack, { retainExceptOnCreate }));
      expect(account.history.slice(2)).toEqual(gone);
    },
  );

  test('can be deleted with every copy', async () => {
    const account = await deployed();
    const stack = await account.deploy({ Key: key('b'), Other: failing }, {}, noRollback);
    await account.delete(stack);
    expect(stack.status).toBe('DELETE_COMPLETE');
    expect(account.history.slice(2)).toEqual(['Delete key-a', 'Delete key-b']);
  });

  const takenBack: [Variants['failedUpdate'], string][] = [
    ['is taken back', 'UPDATE_COMPLETE'],
    ['is taken back as failed', 'UPDATE_FAILED'],
  ];
  test.each(takenBack)('may have it that the failed resource %s, in place', async (failedUpdate, status) => {
    const account = await deployed({ failedUpdate });
    const stack = await account.deploy({ Key: key('refused'), Other: slow(0) }, {}, noRollback);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-a']);
    expect(account.events.at(-1)).toMatchObject({
      ResourceProperties: { Domain: 'a' },
      OldResourceProperties: { Domain: 'refused' },
    });
    const after = ['UPDATE_IN_PROGRESS', 'UPDATE_FAILED', 'UPDATE_IN_PROGRESS', status];
    expect(statusesOf(stack, 'Key').slice(3)).toEqual(after);
    expect(stack.resources.get('Key')).toMatchObject({
      physicalId: 'key-a',
      properties: { Domain: 'a' },
      status,
    });
    expect(statusesOf(stack, 'app').slice(2)).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_FAILED']);
  });

  test('may leave the failed resource alone until the next operation, which has its properties as the old ones', async () => {
    const account = await deployed({ failedUpdate: 'stays' });
    const stack = await account.deploy({ Key: key('refused'), Other: slow(0) }, {}, noRollback);
    expect(account.history).toEqual(['Create', 'Update key-a']);
    expect(stack.resources.get('Key')?.status).toBe('UPDATE_FAILED');
    await account.deploy({ Key: key('b'), Other: slow(0) }, {}, noRollback);
    expect(account.events[2]).toMatchObject({
      ResourceProperties: { Domain: 'b' },
      OldResourceProperties: { Domain: 'refused' },
    });
  });

  test.each(['stays', 'is taken back as failed'] as const)(
    'and is repeated as it is sends the resource that %s its request again',
    async failedUpdate => {
      const account = await deployed({ failedUpdate });
      const resources = { Key: key('refused'), Other: slow(0) };
      const stack = await account.deploy(resources, {}, noRollback);
      account.script = oneKeyPerDomain;
      await account.deploy(resources, {}, noRollback);
      expect(account.events.at(-2)?.ResourceProperties.Domain).toBe('refused');
      expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_COMPLETE', 'key-refused']);
    },
  );

  test('keeps its own failure when the resource cannot be restored', async () => {
    const account = await deployed();
    account.script = event => failed(event.PhysicalResourceId);
    const stack = await account.deploy({ Key: key('b'), Other: slow(0) }, {}, noRollback);
    expect(statusesOf(stack, 'Key').slice(-2)).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_FAILED']);
    expect(stack.status).toBe('UPDATE_FAILED');
    account.script = oneKeyPerDomain;
    await account.after(stack, engine => engine.rollBack(stack));
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
  });

  test('restores a resource that refused without effect, without a request', async () => {
    const account = await deployed({ failedUpdate: 'is taken back' });
    const stack = await account.deploy({ Key: key('a'), Other: failing }, {}, noRollback);
    expect(statusesOf(stack, 'Other').slice(-2)).toEqual(['UPDATE_FAILED', 'UPDATE_COMPLETE']);
    expect(stack.resources.get('Other')?.properties).toEqual({ Ms: 0 });
  });

  test('refuses to replace what AWS would replace', async () => {
    const named = (Name: string) => ({
      Type: 'AWS::SSM::Parameter',
      Properties: { Name, Type: 'String', Value: 'v' },
    });
    const account = new ScriptedAccount();
    await account.deploy({ P: named('/one') });
    const stack = await account.deploy({ P: named('/two') }, {}, noRollback);
    expect(stack.events.map(({ reason }) => reason)).toContain(
      'Replacement type updates not supported on stack with disable-rollback.',
    );
    expect([stack.status, [...account.parameters.keys()]]).toEqual(['UPDATE_FAILED', ['/one']]);
  });

  test('is rolled back when it is cancelled', async () => {
    const account = await deployed();
    const statuses: string[] = [];
    account.script = event => {
      statuses.push(stack.status);
      return event.ResourceProperties.Domain === 'b' ? undefined : oneKeyPerDomain(event);
    };
    const stack = account.begin({ Key: key('b'), Other: slow(9000) }, {}, noRollback);
    await account.clock.run(account.clock.sleep(1000));
    await account.after(stack, engine => engine.cancelUpdate(stack));
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(account.history).toEqual(['Create', 'Update key-a', 'Update key-a']);
    expect(statuses).toEqual(['UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS']);
  });

  test.each([false, true])('deletes the copy that it goes back to, or not: %s', async deletesReturned => {
    const account = await deployed({ deletesReturned });
    await account.deploy({ Key: key('b'), Failing: failing }, {}, noRollback);
    const stack = await account.deploy({ Key: key('a') }, {}, noRollback);
    expect(stack.status).toBe('UPDATE_COMPLETE');
    expect(account.history.includes('Delete key-a')).toBe(deletesReturned);
  });

  test('is rolled back when its way back is cancelled', async () => {
    const account = await deployed();
    const stack = await account.deploy({ Key: key('b'), Failing: failing }, {}, noRollback);
    account.script = event => (stack.status === 'UPDATE_IN_PROGRESS' ? undefined : oneKeyPerDomain(event));
    account.begin({ Key: key('a') }, {}, noRollback);
    await account.clock.run(account.clock.sleep(1000));
    await account.after(stack, engine => engine.cancelUpdate(stack));
    expect([stack.status, keyOf(stack)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'key-a']);
    expect(account.history.slice(-3)).toEqual(['Update key-b', 'Update key-b', 'Delete key-b']);
  });
});

test('a rollback from nothing that failed is refused', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy({ Key: key('a') });
  expect(() => account.cloudFormation.engine.rollBack(stack)).toThrow(
    /CREATE_COMPLETE state and can not be rolled/,
  );
});

describe('a failed rollback', () => {
  const stuck = async () => {
    const account = new ScriptedAccount(oneKeyPerDomain);
    await account.deploy({ Key: key('a'), Two: slow(0) });
    account.script = event =>
      event.PhysicalResourceId === 'key-b' ? failed('key-b') : oneKeyPerDomain(event);
    const stack = await account.deploy({ Key: key('b'), Two: { ...failing, DependsOn: 'Key' } });
    expect([stack.status, stack.resources.get('Key')?.status]).toEqual([
      'UPDATE_ROLLBACK_FAILED',
      'UPDATE_FAILED',
    ]);
    return { account, stack };
  };

  test('is continued without a resource that is skipped, which counts as complete as it is', async () => {
    const { account, stack } = await stuck();
    const before = account.history.length;
    await account.after(stack, engine => engine.continueRollback(stack, { skip: ['Key'] }));
    expect(account.history.slice(before)).toEqual(['Delete key-a']);
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(idsOf(stack, 'Key').at(-3)).toBe('UPDATE_COMPLETE key-b');
    expect(stack.resources.get('Key')).toMatchObject({ physicalId: 'key-b', status: 'UPDATE_COMPLETE' });
  });

  test('skips only what failed to be rolled back', async () => {
    const { account, stack } = await stuck();
    const { engine } = account.cloudFormation;
    expect(() => engine.continueRollback(stack, { skip: ['Two', 'No'] })).toThrow(
      'expected resources in the state UPDATE_FAILED to skip, got [Two, No]',
    );
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
  });
});
