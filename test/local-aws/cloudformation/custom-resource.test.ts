import {
  type CustomEvent,
  failed,
  handlerArn,
  key,
  type Reply,
  ScriptedAccount,
  success,
} from './scripted-account';

const onlyKey = { Key: key('a') };

describe('the event', () => {
  test('carries what CloudFormation sends, every scalar as a string', async () => {
    const account = new ScriptedAccount();
    const more = { Properties: { Count: 3, Flag: true, Deep: [{ Size: 1.5 }], ServiceTimeout: 60 } };
    const stack = await account.deploy({ Key: key('a', more) });
    expect(account.events[0]).toEqual({
      RequestType: 'Create',
      ServiceToken: handlerArn,
      ResponseURL: expect.stringMatching(/^http:.*\?X-Amz-Date=20261122T000000Z&X-Amz-Expires=7200$/),
      StackId: stack.id,
      RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      LogicalResourceId: 'Key',
      ResourceType: 'Custom::Key',
      ResourceProperties: {
        ServiceToken: handlerArn,
        Domain: 'a',
        Count: '3',
        Flag: 'true',
        Deep: [{ Size: '1.5' }],
        ServiceTimeout: '60',
      },
    });
  });

  test('of an update tells the old properties, of a deletion the last ones', async () => {
    const account = new ScriptedAccount();
    await account.deploy(onlyKey);
    const stack = await account.deploy({ Key: key('b') });
    await account.delete(stack);
    expect(account.events.map(fieldsOfInterest)).toEqual([
      { type: 'Create', id: undefined, domain: 'a', old: undefined },
      { type: 'Update', id: 'id', domain: 'b', old: 'a' },
      { type: 'Delete', id: 'id', domain: 'b', old: undefined },
    ]);
  });
});

function fieldsOfInterest(event: CustomEvent) {
  return {
    type: event.RequestType,
    id: event.PhysicalResourceId,
    domain: event.ResourceProperties.Domain,
    old: event.OldResourceProperties?.Domain,
  };
}

describe('the answer', () => {
  const refused: [string, Reply, RegExp][] = [
    [
      'of more than 4096 bytes',
      { ...object(success('id')), Data: { Text: 'ä'.repeat(2048) } },
      /^Response object is too long\.$/,
    ],
    ['that is no JSON', '{"Status"', /not a valid JSON object/],
    [
      'of another request',
      { ...object(success('id')), RequestId: 'other' },
      /expected RequestId .*, got "other"/,
    ],
    ['of another stack', { ...object(success('id')), StackId: 'other' }, /expected StackId .*, got "other"/],
    [
      'of another resource',
      { ...object(success('id')), LogicalResourceId: 'X' },
      /expected LogicalResourceId Key, got "X"/,
    ],
    ['without a status', { PhysicalResourceId: 'id' }, /expected a Status, got undefined/],
    ['with Data that is no object', { ...object(success('id')), Data: 'x' }, /expected an object as Data/],
    ['with an empty physical id', success(''), /^Invalid PhysicalResourceId$/],
    ['with a physical id of more than 1 KB', success('i'.repeat(1025)), /^Invalid PhysicalResourceId$/],
    ['that says FAILED', failed('id'), /Message returned: no luck \(RequestId: /],
  ];

  test.each(refused)('%s fails the resource', async (_what, reply, reason) => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Create' ? reply : success('id'),
    );
    const stack = await account.deploy(onlyKey);
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toMatch(reason);
  });

  test('of 4096 bytes is taken', async () => {
    const account = new ScriptedAccount(event => {
      const { StackId, RequestId, LogicalResourceId } = event;
      const answer = { StackId, RequestId, LogicalResourceId, ...object(success('id')) };
      const empty = JSON.stringify({ ...answer, Data: { Text: '' } }).length;
      return JSON.stringify({ ...answer, Data: { Text: 'x'.repeat(4096 - empty) } });
    });
    expect((await account.deploy(onlyKey)).status).toBe('CREATE_COMPLETE');
  });

  test('counts once: repeated, late and unknown ones are kept but ignored', async () => {
    const account = new ScriptedAccount(event => {
      account.answer(event, object(success('first')));
      return success('second');
    });
    const stack = await account.deploy(onlyKey);
    account.cloudFormation.answer('no-such-token', Buffer.from('x'));
    expect(stack.resources.get('Key')?.physicalId).toBe('first');
    expect(account.cloudFormation.answers.map(({ accepted }) => accepted)).toEqual([true, false, false]);
    expect(account.cloudFormation.answers.map(({ requestId }) => requestId)).toEqual([
      account.events[0]?.RequestId,
      account.events[0]?.RequestId,
      undefined,
    ]);
  });
});

describe('the time-out', () => {
  test.each([
    ['an hour by default', {}, 3_600_000],
    ['as ServiceTimeout says', { ServiceTimeout: 30 }, 30_000],
  ])('is %s', async (_what, Properties, expected) => {
    const account = new ScriptedAccount(({ RequestType }) =>
      RequestType === 'Create' ? undefined : success('id'),
    );
    const before = account.clock.now();
    const stack = await account.deploy({ Key: key('a', { Properties }) });
    expect(account.clock.now() - before).toBe(expected);
    expect(stack.events.find(({ status }) => status === 'CREATE_FAILED')?.reason).toMatch(
      /did not receive a response from your Custom Resource/,
    );
  });

  test.each([0, 3601, 1.5, 'soon'])('may not be %p', async ServiceTimeout => {
    const account = new ScriptedAccount();
    const stack = await account.deploy({ Key: key('a', { Properties: { ServiceTimeout } }) });
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(account.events).toEqual([]);
  });
});

test('the service token cannot change', async () => {
  const account = new ScriptedAccount();
  await account.deploy(onlyKey);
  const stack = await account.deploy({ Key: key('b', { Properties: { ServiceToken: `${handlerArn}2` } }) });
  expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(account.history).toEqual(['Create']);
});

function object(reply: Reply): Readonly<Record<string, unknown>> {
  return typeof reply === 'object' ? reply : {};
}
