import { cut } from '../../../local-aws/faults';
import { sdkError } from '../../virtual-account/sdk-error';
import { Account, idOf } from '../environment';
import { createEvent, deleteEvent, properties, signedUrl, updateEvent } from '../event';

const DOMAINS = ['example.com'];
const OTHER = ['other.example'];

/** A stack that was created with a key, and what the record says of it. */
function settled() {
  const account = new Account();
  const key = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey;
  const id = idOf(key);
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_COMPLETE', id).stack('CREATE_COMPLETE');
  return { account, key, id };
}
const url = (account: Account) => signedUrl(account.clock.now());
const del = (account: Account, id: string, more = {}) =>
  deleteEvent(id, properties(), { ResponseURL: url(account), ...more });
const upd = (account: Account, id: string, wanted: Record<string, unknown>) =>
  updateEvent(id, wanted, properties(), { ResponseURL: url(account) });

describe('two new resources that share a key are removed together', () => {
  test.each([
    ['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'DELETE_COMPLETE'],
    ['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'DELETE_IN_PROGRESS'],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'DELETE_COMPLETE'],
  ])('in %s the owner deletes it, with the other in %s', async (cleanUp, status) => {
    const account = new Account();
    account.stack.stack('CREATE_IN_PROGRESS').stack('CREATE_COMPLETE');
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS');
    const id = idOf(account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey);
    account.stack.resource('CREATE_IN_PROGRESS').resource('CREATE_COMPLETE', id);
    account.stack.resource('CREATE_IN_PROGRESS', undefined, 'User');
    account.stack.resource('CREATE_COMPLETE', `${id}/imported`, 'User');
    await account.wait(5000);
    if (cleanUp.includes('ROLLBACK')) account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS');
    else account.stack.stack('UPDATE_FAILED').stack('UPDATE_IN_PROGRESS');
    account.stack.stack(cleanUp).resource('DELETE_IN_PROGRESS', `${id}/imported`, 'User');
    if (status === 'DELETE_COMPLETE') account.stack.resource(status, `${id}/imported`, 'User');
    account.stack.resource('DELETE_IN_PROGRESS', id);
    const response = await account.environment().invoke(del(account, id));
    expect(response.Status).toBe('SUCCESS');
    expect(account.keys()).toEqual([]);
  });
});

describe('a response of CloudFormation without content is no evidence', () => {
  test('of DescribeStacks, for ten seconds: it is asked again', async () => {
    const { account, key, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    const b = account.waf.createForeignKey('eu-west-1', 'REGIONAL', OTHER).apiKey;
    account.stack.resource('UPDATE_COMPLETE', idOf(b));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', idOf(b));
    const healthy = account.stack.calls.describeStacks;
    const until = account.clock.now() + 10_000;
    Object.assign(account.stack.calls, {
      describeStacks: async (...args: Parameters<typeof healthy>) =>
        account.clock.now() < until ? { $metadata: {} } : healthy(...args),
    });
    const back = await account.environment().invoke(upd(account, idOf(b), properties()));
    expect(back).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: id, Data: { APIKey: key } });
  });

  test('of DescribeStackEvents, for good: a rollback does not end on the new key', async () => {
    const { account, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    const b = account.waf.createForeignKey('eu-west-1', 'REGIONAL', OTHER).apiKey;
    account.stack.resource('UPDATE_COMPLETE', idOf(b));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', idOf(b));
    Object.assign(account.stack.calls, { describeStackEvents: async () => ({ $metadata: {} }) });
    const back = await account.environment().invoke(upd(account, idOf(b), properties()));
    expect(back.Status === 'FAILED' || back.PhysicalResourceId === id).toBe(true);
  });

  test('of ListStackResources, for good: a shared key stays', async () => {
    const { account, key, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('CREATE_COMPLETE', `${id}/imported`, 'Renamed');
    account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS').resource('DELETE_IN_PROGRESS', id);
    Object.assign(account.stack.calls, { listStackResources: async () => ({ $metadata: {} }) });
    await account.environment().invoke(del(account, id));
    expect(account.keys()).toEqual([key]);
  });

  test('of DescribeStackEvents, without any events for good: an update creates nothing', async () => {
    const { account, key, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    Object.assign(account.stack.calls, {
      describeStackEvents: async () => ({ StackEvents: [], $metadata: {} }),
    });
    const response = await account.environment().invoke(upd(account, id, properties(OTHER)));
    expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });
    expect(response.Reason).toContain('expected a record that shows why this request was made');
    expect(account.keys()).toEqual([key]);
  });

  test('of all reads, after the first look: the new key stays', async () => {
    const account = new Account();
    account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
    account.onResponse = async response => {
      await account.clock.sleep(6000);
      account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
      const empty = async () => ({ $metadata: {} });
      Object.assign(account.stack.calls, { describeStackResource: empty, describeStackEvents: empty });
    };
    const { Data } = await account
      .environment()
      .invoke(createEvent(properties(), { ResponseURL: url(account) }));
    expect(account.keys()).toEqual([Data?.APIKey]);
  });
});

test('an orphan candidate without a date is logged', async () => {
  const account = new Account();
  account.waf.faults.next('CreateAPIKey', cut('after'));
  const { service } = account.waf;
  Object.assign(account.waf, {
    service: async (request: Parameters<typeof service>[0]) => {
      const response = await service(request);
      const text = Buffer.from(response.body ?? '').toString();
      return { ...response, body: text.replaceAll(/"CreationTimestamp":[0-9.]+,?/g, '') };
    },
  });
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
  account.onResponse = response => {
    account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
  };
  const { Data } = await account
    .environment()
    .invoke(createEvent(properties(), { ResponseURL: url(account) }));
  const [orphan = ''] = account.keys().filter(key => key !== Data?.APIKey);
  expect(account.logLines.join('\n')).toContain(idOf(orphan));
});

test('another event with the RequestId of an earlier one does not undo the earlier key', async () => {
  const account = new Account();
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
  const environment = account.environment();
  const more = { RequestId: 'same', ResponseURL: url(account) };
  // too little time to see that CloudFormation has it
  const first = await environment.invoke(createEvent(properties(), more), 3000);
  account.stack.resource('CREATE_COMPLETE', first.PhysicalResourceId);
  await account.wait(60_000);
  const second = await environment.invoke(createEvent({ ...properties(), Scope: 'x' }, more));
  expect(second.Status).toBe('FAILED');
  expect(account.keys()).toEqual([first.Data?.APIKey]);
});

describe('a key that was only used, by an update that never settled', () => {
  test("does not become the stack's when its domains are wanted again", async () => {
    const { account, key, id } = settled();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', OTHER).apiKey;
    await account.wait(3_600_000);
    const step = async (from: string, wanted: Record<string, unknown>) => {
      account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', from);
      account.onResponse = response => {
        account.stack.resource('UPDATE_COMPLETE', response?.PhysicalResourceId);
      };
      const response = await account.environment().invoke(upd(account, from, wanted));
      account.stack.stack('UPDATE_FAILED');
      await account.wait(120_000);
      return response.PhysicalResourceId;
    };
    const used = await step(id, { ...properties(OTHER), ExistingApiKey: foreign });
    expect(used).toBe(idOf(foreign, '/imported'));
    const third = await step(used, properties(['third.example']));
    const last = await step(third, properties(OTHER));
    account.stack.stack('DELETE_IN_PROGRESS');
    account.onResponse = () => undefined;
    for (const each of [id, third, last]) await account.environment().invoke(del(account, each));
    expect(account.keys()).toContain(foreign);
    expect(account.keys()).not.toContain(key);
  });

  test('is not what a rollback ends on when the former key was deleted by hand', async () => {
    const { account, key, id } = settled();
    const foreign = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey;
    await account.wait(3_600_000);
    account.waf.deleteByHand(key);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    account.stack.resource('UPDATE_COMPLETE', idOf(foreign, '/imported'));
    account.stack.stack('UPDATE_ROLLBACK_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    const back = await account.environment().invoke(upd(account, id, properties()));
    expect(back.Data?.APIKey).not.toBe(foreign);
  });
});

describe('a resource that was given its own key to use', () => {
  test('is removed with it', async () => {
    const { account, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id);
    account.stack.resource('UPDATE_COMPLETE', `${id}/imported`).stack('UPDATE_FAILED');
    account.stack.stack('UPDATE_IN_PROGRESS').stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    for (const each of [`${id}/imported`, id]) {
      account.stack.resource('DELETE_IN_PROGRESS', each);
      await account.environment().invoke(del(account, each));
    }
    expect(account.keys()).toEqual([]);
  });
});

describe('denied reads', () => {
  test('of the events alone do not let a key go that the entries name', async () => {
    const { account, key, id } = settled();
    await account.wait(3_600_000);
    account.stack.stack('UPDATE_IN_PROGRESS').resource('CREATE_COMPLETE', `${id}/imported`, 'Renamed');
    account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS').resource('DELETE_IN_PROGRESS', id);
    account.stack.onRead = reading => {
      if (reading === 'DescribeStackEvents') throw sdkError('AccessDenied', 'not authorized', 403);
    };
    const startedAt = account.clock.now();
    const response = await account.environment().invoke(del(account, id));
    expect(response.Status).toBe('SUCCESS');
    expect(account.keys()).toEqual([key]);
    // waits once for the permission, beside a record that may be late
    expect(account.clock.now() - startedAt).toBeLessThan(130_000);
    expect(account.logged('the record may not be read')).toEqual([
      { error: expect.stringContaining('DescribeStackEvents: AccessDenied: not authorized') },
    ]);
  });
});
