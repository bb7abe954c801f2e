import { failed, throttled } from '../../../local-aws/faults';
import { sdkError } from '../../virtual-account/sdk-error';
import { Account, idOf } from '../environment';
import { createEvent, deleteEvent, properties, signedUrl } from '../event';

const DOMAINS = ['example.com'];

function accountWithKey(options: ConstructorParameters<typeof Account>[0] = {}) {
  const account = new Account(options);
  const key = account.waf.createForeignKey('eu-west-1', 'REGIONAL', DOMAINS).apiKey;
  return { account, key, id: idOf(key) };
}

function deletion(account: Account, id: string) {
  return deleteEvent(id, properties(), { ResponseURL: signedUrl(account.clock.now()) });
}

test('a key is deleted with its stack after one read of the record', async () => {
  const { account, id } = accountWithKey();
  account.stack.stack('DELETE_IN_PROGRESS').resource('DELETE_IN_PROGRESS', id);
  expect(await account.environment().invoke(deletion(account, id))).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: id,
  });
  expect(account.keys()).toEqual([]);
  expect(account.logged('deleted the key')).toEqual([{ id }]);
  expect(account.stack.reads).toEqual(['DescribeStacks']);
});

test('a rename with existingApiKey in one deployment leaves the key', async () => {
  const { account, key, id } = accountWithKey();
  account.stack.stack('CREATE_COMPLETE').resource('CREATE_COMPLETE', id).stack('UPDATE_IN_PROGRESS');
  account.stack.resource('CREATE_IN_PROGRESS', undefined, 'Renamed');
  const renamed = await account
    .environment()
    .invoke(createEvent({ ...properties(), ExistingApiKey: key }, { LogicalResourceId: 'Renamed' }));
  expect(renamed.PhysicalResourceId).toBe(`${id}/imported`);
  account.stack.resource('CREATE_COMPLETE', renamed.PhysicalResourceId, 'Renamed');
  account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS').resource('DELETE_IN_PROGRESS', id);
  expect(await account.environment().invoke(deletion(account, id))).toMatchObject({ Status: 'SUCCESS' });
  expect(account.keys()).toEqual([key]);
  expect(account.logged('left a key that the record names, or may name')).toEqual([{ id }]);
});

test('the current key is not deleted, and the Delete fails after a minute', async () => {
  const { account, key, id } = accountWithKey();
  account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_COMPLETE', id);
  const response = await account.environment().invoke(deletion(account, id));
  expect(response).toMatchObject({ Status: 'FAILED', PhysicalResourceId: id });
  expect(response.Reason).toContain('got its current one');
  expect(account.keys()).toEqual([key]);
});

test('a Delete that is late deletes nothing, and says so', async () => {
  const { account, key, id } = accountWithKey();
  account.stack.stack('UPDATE_COMPLETE').resource('UPDATE_COMPLETE', id);
  const event = deletion(account, id);
  await account.wait(61_000);
  expect((await account.environment().invoke(event)).Status).toBe('SUCCESS');
  expect(account.keys()).toEqual([key]);
  const why = 'the stack is in UPDATE_COMPLETE: this Delete is late or repeated';
  expect(account.logged('left the key alone')).toEqual([{ id, why }]);
});

test('a record that is late by a minute is waited for, with pauses of up to 8 s', async () => {
  const { account, id } = accountWithKey();
  account.stack.stack('UPDATE_COMPLETE').resource('UPDATE_COMPLETE', id);
  await account.wait(600_000);
  account.stack.lag = 59_000;
  account.stack.stack('DELETE_IN_PROGRESS');
  const startedAt = account.clock.now();
  const seconds: number[] = [];
  account.stack.onRead = () => seconds.push((account.clock.now() - startedAt) / 1000);
  expect((await account.environment().invoke(deletion(account, id))).Status).toBe('SUCCESS');
  expect(account.keys()).toEqual([]);
  expect(seconds).toEqual([0, 1, 3, 7, 15, 23, 31, 39, 47, 55, 63]);
});

test('a record that stays late is named in the reason', async () => {
  const { account, key, id } = accountWithKey();
  account.stack.stack('UPDATE_COMPLETE').resource('UPDATE_COMPLETE', id);
  const response = await account.environment().invoke(deletion(account, id), 60_000);
  expect(response).toMatchObject({
    Status: 'FAILED',
    PhysicalResourceId: id,
    Reason: 'the time is up; expected a record that shows why this request was made, got none yet',
  });
  expect(account.keys()).toEqual([key]);
});

test('a key that a lagging list hides for 20 s is still deleted', async () => {
  const { account, id } = accountWithKey({ listLagMs: 20_000, lastMarker: 'dangling' });
  account.stack.stack('DELETE_IN_PROGRESS');
  expect((await account.environment().invoke(deletion(account, id))).Status).toBe('SUCCESS');
  expect(account.keys()).toEqual([]);
});

test('a key that the environment has seen is deleted without a list', async () => {
  const account = new Account();
  const environment = account.environment();
  account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
  account.onResponse = response => account.stack.resource('CREATE_COMPLETE', response?.PhysicalResourceId);
  const { PhysicalResourceId: id } = await environment.invoke(createEvent(properties()));
  account.stack.stack('DELETE_IN_PROGRESS');
  const before = account.calls().length;
  expect((await environment.invoke(deletion(account, id))).Status).toBe('SUCCESS');
  expect(account.calls().slice(before)).toEqual(['DeleteAPIKey ok']);
  expect(account.keys()).toEqual([]);
});

test('a key that is already gone is not an error', async () => {
  const { account, key, id } = accountWithKey();
  account.waf.deleteByHand(key);
  account.stack.stack('DELETE_IN_PROGRESS');
  expect((await account.environment().invoke(deletion(account, id))).Status).toBe('SUCCESS');
  expect(account.logged('the key is gone already')).toEqual([{ id }]);
  expect(account.logged('deleted the key')).toEqual([]);
});

test.each([
  ['ListAPIKeys', throttled(), 'ListAPIKeys in eu-west-1: ThrottlingException: Rate exceeded'],
  [
    'DeleteAPIKey',
    failed(500, 'WAFInternalErrorException', 'before'),
    'DeleteAPIKey in eu-west-1: WAFInternalError',
  ],
])('%s that fails until the deadline is named in the reason', async (operation, fault, expected) => {
  const { account, key, id } = accountWithKey();
  account.stack.stack('DELETE_IN_PROGRESS');
  account.waf.faults.when(call => (call.operation === operation ? fault : undefined));
  const response = await account.environment().invoke(deletion(account, id));
  expect(response.Status).toBe('FAILED');
  expect(response.Reason).toContain(expected);
  expect(account.keys()).toEqual([key]);
});

const denial = {
  error: expect.stringMatching(/^DescribeStacks: AccessDenied: not authorized, after \d+ attempts$/),
};

test.each([
  ['created', '', 0, [denial]],
  ['adopted', '/adopted', 1, [denial]],
  ['imported', '/imported', 1, []],
])('if the record may not be read, a key that was %s is judged by its id', async (_name, more, left, log) => {
  const { account, id } = accountWithKey();
  account.stack.onRead = () => {
    throw sdkError('AccessDenied', 'not authorized', 403);
  };
  const response = await account.environment().invoke(deletion(account, `${id}${more}`));
  expect(response.Status).toBe('SUCCESS');
  expect(account.keys()).toHaveLength(left);
  expect(account.logged('the record may not be read')).toEqual(log);
});

test('both keys of an id are deleted with the resource', async () => {
  const { account, key, id } = accountWithKey();
  const previous = account.waf.createForeignKey('us-east-1', 'CLOUDFRONT', DOMAINS).apiKey;
  const both = `${id}/after-c-${idOf(previous).slice(-64)}`;
  account.stack.stack('CREATE_COMPLETE').resource('CREATE_COMPLETE', both);
  await account.wait(1000);
  account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS').resource('DELETE_IN_PROGRESS', both);
  expect((await account.environment().invoke(deletion(account, both))).Status).toBe('SUCCESS');
  expect(account.keys()).not.toContain(key);
  expect(account.keys()).toEqual([]);
});

describe('an id without a key', () => {
  test('that CloudFormation invented waits for a cancelled request elsewhere, and succeeds', async () => {
    const account = new Account();
    const startedAt = account.clock.now();
    const response = await account.environment().invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'));
    expect(response.Status).toBe('SUCCESS');
    expect(account.clock.now() - startedAt).toBeGreaterThanOrEqual(45_000);
  });

  test.each([
    ['undoes what failed', 'CREATE_FAILED', 0],
    ['leaves what does not show that it failed', 'CREATE_IN_PROGRESS', 1],
  ])('that CloudFormation invented %s', async (_name, status, left) => {
    const account = new Account();
    const environment = account.environment();
    account.stack.stack('CREATE_IN_PROGRESS').resource('CREATE_IN_PROGRESS');
    const create = createEvent(properties(), { ResponseURL: signedUrl(account.clock.now()) });
    // too little time to watch what becomes of the key
    await environment.invoke(create, 2_000);
    expect(account.keys()).toHaveLength(1);
    await account.wait(5_000);
    account.stack.resource(status);
    await environment.invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'));
    expect(account.keys()).toHaveLength(left);
  });

  test('that cannot be looked up still succeeds', async () => {
    const account = new Account();
    const environment = account.environment();
    await environment.invoke(createEvent(), 2_000);
    account.stack.onRead = () => {
      throw sdkError('Throttling', 'Rate exceeded');
    };
    const response = await environment.invoke(deletion(account, 'shop-CaptchaKey-1A2B3C'));
    expect(response.Status).toBe('SUCCESS');
    expect(account.keys()).toHaveLength(1);
  });

  test('of a failed Create undoes what that request left, and nothing else', async () => {
    const account = new Account();
    const environment = account.environment();
    await environment.invoke(createEvent(properties(), { RequestId: 'mine' }), 2_000);
    await account.wait(2_000);
    await environment.invoke(createEvent(properties(), { RequestId: 'other' }), 2_000);
    expect(account.keys()).toHaveLength(2);
    await environment.invoke(deletion(account, 'WafCaptchaApiKey/create-failed/mine'));
    expect(account.keys()).toHaveLength(1);
    await environment.invoke(deletion(account, 'WafCaptchaApiKey/create-failed/unknown'));
    expect(account.keys()).toHaveLength(1);
  });
});
