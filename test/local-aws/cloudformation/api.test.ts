import { ApiAccount } from './api-account';
import { failed, key, slow, success } from './scripted-account';

const template = (resources: object, sections: object = {}) =>
  JSON.stringify({ Resources: resources, ...sections });
const named = { StackName: 'app' };
const changeSet = { ...named, ChangeSetName: 'set' };

describe('a stack', () => {
  test('is created, described, updated and deleted', async () => {
    const account = new ApiAccount(() => success('id', { ApiKey: 'a<b&c' }));
    const Outputs = { ApiKey: { Value: { 'Fn::GetAtt': 'Key.ApiKey' }, Description: 'the key' } };
    const TemplateBody = template({ Key: key('a') }, { Outputs, Description: 'about' });
    const created = await account.call('CreateStack', {
      ...named,
      TemplateBody,
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'x',
    });
    await account.settleAll();
    const described = await account.call('DescribeStacks', named);
    expect(described.text).toContain('<DescribeStacksResult><Stacks><member><StackId>');
    expect(described.text).not.toContain('DeletionTime');
    const fields = ['StackId', 'StackStatus', 'OutputKey', 'OutputValue', 'Key', 'Value', 'CreationTime'];
    expect(fields.map(field => described.first(field))).toEqual([
      created.first('StackId'),
      'CREATE_COMPLETE',
      'ApiKey',
      'a&lt;b&amp;c',
      'team',
      'x',
      '2026-11-22T00:00:00.000Z',
    ]);
    const updated = await account.call('UpdateStack', {
      ...named,
      TemplateBody: template({ Key: key('b') }),
    });
    expect(updated.first('StackId')).toBe(created.first('StackId'));
    await account.settleAll();
    await account.call('DeleteStack', named);
    await account.settleAll();
    expect((await account.call('DescribeStacks', named)).error).toEqual([
      400,
      'ValidationError',
      'Stack with id app does not exist',
    ]);
    const gone = await account.call('DescribeStacks', { StackName: created.first('StackId') });
    expect(gone.first('StackStatus')).toBe('DELETE_COMPLETE');
  });

  test('is a different one in each Region', async () => {
    const account = new ApiAccount();
    await account.call('CreateStack', { ...named, TemplateBody: template({ One: slow(0) }) }, 'us-east-1');
    await account.settleAll();
    expect((await account.call('DescribeStacks', named)).status).toBe(400);
    expect((await account.call('DescribeStacks', named, 'us-east-1')).first('StackId')).toMatch(
      /:us-east-1:/,
    );
    expect((await account.call('DescribeStacks')).all('StackId')).toEqual([]);
  });

  test('of which the template is refused does not stay', async () => {
    const account = new ApiAccount();
    const refused = await account.call('CreateStack', {
      ...named,
      TemplateBody: template({ B: { Type: 'AWS::EC2::Instance' } }),
    });
    expect(refused.error).toEqual([400, 'ValidationError', expect.stringContaining('AWS::EC2::Instance')]);
    await account.settleAll();
    expect((await account.call('DescribeStacks', named)).status).toBe(400);
  });

  test('without changes is not updated', async () => {
    const account = new ApiAccount();
    const request = { ...named, TemplateBody: template({ Key: key('a') }) };
    await account.call('CreateStack', request);
    await account.settleAll();
    expect((await account.call('UpdateStack', request)).first('Message')).toBe(
      'No updates are to be performed.',
    );
    const anotherTag = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'y' };
    expect((await account.call('UpdateStack', { ...request, ...anotherTag })).status).toBe(200);
    await account.settleAll();
  });

  test('that exists cannot be created, and one in progress not be updated', async () => {
    const account = new ApiAccount();
    const request = { ...named, TemplateBody: template({ One: slow(10) }) };
    await account.call('CreateStack', request);
    expect((await account.call('CreateStack', request)).first('Code')).toBe('AlreadyExistsException');
    expect((await account.call('UpdateStack', request)).first('Message')).toMatch(
      /is in CREATE_IN_PROGRESS state/,
    );
    await account.settleAll();
  });

  test('keeps a previous parameter value on request', async () => {
    const account = new ApiAccount();
    const TemplateBody = (type: string) =>
      template(
        { P: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/p', Type: type, Value: { Ref: 'V' } } } },
        { Parameters: { V: { Type: 'String' } } },
      );
    const parameter = { 'Parameters.member.1.ParameterKey': 'V' };
    await account.call('CreateStack', {
      ...named,
      TemplateBody: TemplateBody('String'),
      ...parameter,
      'Parameters.member.1.ParameterValue': 'kept',
    });
    await account.settleAll();
    await account.call('UpdateStack', {
      ...named,
      TemplateBody: TemplateBody('StringList'),
      ...parameter,
      'Parameters.member.1.UsePreviousValue': 'true',
    });
    await account.settleAll();
    const described = await account.call('DescribeStacks', named);
    expect([described.first('StackStatus'), described.first('ParameterValue')]).toEqual([
      'UPDATE_COMPLETE',
      'kept',
    ]);
    expect(account.parameters.get('/p')).toBe('kept');
  });

  test('can have its update cancelled and its failed rollback continued', async () => {
    const account = new ApiAccount(({ ResourceProperties }) => success(`key-${ResourceProperties.Domain}`));
    await account.deploy({ Key: key('a') });
    const TemplateBody = template({ Key: key('b'), Slow: { ...slow(5000), DependsOn: 'Key' } });
    await account.call('UpdateStack', { ...named, TemplateBody });
    await account.clock.run(account.clock.sleep(1000));
    account.script = ({ PhysicalResourceId }) => failed(PhysicalResourceId);
    expect((await account.call('CancelUpdateStack', named)).status).toBe(200);
    await account.settleAll();
    expect((await account.call('DescribeStacks', named)).first('StackStatus')).toBe('UPDATE_ROLLBACK_FAILED');
    const skipped = { ...named, 'ResourcesToSkip.member.1': 'Slow' };
    expect((await account.call('ContinueUpdateRollback', skipped)).first('Code')).toBe('ValidationError');
    const skipping = { ...named, 'ResourcesToSkip.member.1': 'Key' };
    expect((await account.call('ContinueUpdateRollback', skipping)).status).toBe(200);
    await account.settleAll();
    const shown = await account.call('DescribeStackResource', { ...named, LogicalResourceId: 'Key' });
    expect([shown.first('ResourceStatus'), shown.first('PhysicalResourceId')]).toEqual([
      'UPDATE_COMPLETE',
      'key-b',
    ]);
    expect((await account.call('DescribeStacks', named)).first('StackStatus')).toBe(
      'UPDATE_ROLLBACK_COMPLETE',
    );
  });
});

describe('a failure with disabled rollback', () => {
  const broken = { Key: key('a'), Other: slow(0, { Fails: true }) };
  const statusOf = async (account: ApiAccount) =>
    (await account.call('DescribeStacks', named)).first('StackStatus');

  test('pauses a creation, an update brings it to its end, and a rollback an update back', async () => {
    const account = new ApiAccount(({ ResourceProperties }) => success(`key-${ResourceProperties.Domain}`));
    const disabled = { ...named, DisableRollback: 'true' };
    await account.call('CreateStack', { ...disabled, TemplateBody: template(broken) });
    await account.settleAll();
    const described = await account.call('DescribeStacks', named);
    expect([described.first('StackStatus'), described.first('DisableRollback')]).toEqual([
      'CREATE_FAILED',
      'true',
    ]);
    const TemplateBody = template({ Key: key('a') });
    expect((await account.call('UpdateStack', { ...named, TemplateBody })).first('Message')).toMatch(
      /currently in a non-terminal \[CREATE_FAILED\] state/,
    );
    await account.call('UpdateStack', { ...disabled, TemplateBody });
    await account.settleAll();
    expect(await statusOf(account)).toBe('UPDATE_COMPLETE');
    await account.call('UpdateStack', { ...disabled, TemplateBody: template({ ...broken, Key: key('b') }) });
    await account.settleAll();
    expect(await statusOf(account)).toBe('UPDATE_FAILED');
    const templateDomain = async () =>
      /"Domain":"(\w)"/.exec((await account.call('GetTemplate', named)).first('TemplateBody'))?.[1];
    expect(await templateDomain()).toBe('b');
    const StackId = (await account.call('DescribeStacks', named)).first('StackId');
    const request = { ...named, ClientRequestToken: 'back', RetainExceptOnCreate: 'true' };
    expect((await account.call('RollbackStack', request)).first('StackId')).toBe(StackId);
    await account.settleAll();
    expect(await statusOf(account)).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect((await account.call('DescribeStackEvents', named)).first('ClientRequestToken')).toBe('back');
    expect(account.history.at(-1)).toBe('Delete key-b');
    expect(await templateDomain()).toBe('a');
    expect((await account.call('RollbackStack', named)).first('Code')).toBe('ValidationError');
  });

  test.each([
    ['ExecuteChangeSet', {}, { DisableRollback: 'true' }],
    ['CreateChangeSet', { OnStackFailure: 'DO_NOTHING' }, {}],
  ])('is what %s can ask for', async (_action, onCreate, onExecute) => {
    const account = new ApiAccount();
    const request = { ...changeSet, ChangeSetType: 'CREATE', TemplateBody: template(broken) };
    await account.call('CreateChangeSet', { ...request, ...onCreate });
    await account.call('ExecuteChangeSet', { ...changeSet, ...onExecute });
    await account.settleAll();
    expect(await statusOf(account)).toBe('CREATE_FAILED');
  });

  test('allows a change set without changes, to try again', async () => {
    const account = new ApiAccount();
    await account.call('CreateStack', { ...named, DisableRollback: 'true', TemplateBody: template(broken) });
    await account.settleAll();
    await account.call('CreateChangeSet', { ...changeSet, TemplateBody: template(broken) });
    expect((await account.call('DescribeChangeSet', changeSet)).first('ExecutionStatus')).toBe('AVAILABLE');
  });
});

describe('events', () => {
  test('come newest first, with properties, token and operation', async () => {
    const account = new ApiAccount(() => success('id'));
    const TemplateBody = template({ Key: key('a') });
    await account.call('CreateStack', { ...named, TemplateBody, ClientRequestToken: 'token-1' });
    await account.settleAll();
    const events = await account.call('DescribeStackEvents', named);
    expect(events.all('ResourceStatus')).toEqual([
      'CREATE_COMPLETE',
      'CREATE_COMPLETE',
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS',
      'CREATE_IN_PROGRESS',
    ]);
    expect(events.all('PhysicalResourceId').map(id => id.slice(0, 4))).toEqual([
      'arn:',
      'id',
      'id',
      '',
      'arn:',
    ]);
    expect(new Set(events.all('ClientRequestToken'))).toEqual(new Set(['token-1']));
    expect(events.all('ResourceProperties')[0]).toContain('"Domain":"a"');
    const times = events.all('Timestamp');
    expect(times.every(time => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time))).toBe(true);
    expect(times).toEqual([...new Set(times)].sort().reverse());
    expect(new Set(events.all('EventId')).size).toBe(5);
    expect(new Set(events.all('OperationId')).size).toBe(1);
  });

  test('of a rollback belong to an operation of their own', async () => {
    const account = new ApiAccount();
    await account.deploy({ One: slow(0, { Fails: true }) });
    const events = await account.call('DescribeStackEvents', named);
    expect(new Set(events.all('OperationId')).size).toBe(2);
    await account.call('DeleteStack', named);
    await account.settleAll();
    const StackName = account.cloudFormation.engine.stacks[0]?.id ?? '';
    const later = await account.call('DescribeStackEvents', { StackName });
    expect(new Set(later.all('OperationId')).size).toBe(3);
  });

  test('come in pages that new events do not shift', async () => {
    const account = new ApiAccount();
    const resources = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`R${index}`, slow(0)]));
    await account.deploy(resources);
    const first = await account.call('DescribeStackEvents', named);
    await account.deploy({ ...resources, More: slow(0) });
    const second = await account.call('DescribeStackEvents', {
      ...named,
      NextToken: first.first('NextToken'),
    });
    expect([first, second].map(page => page.all('EventId').length)).toEqual([100, 22]);
    expect(new Set([first, second].flatMap(page => page.all('EventId'))).size).toBe(122);
    expect(second.all('NextToken')).toEqual([]);
  });

  test('of a stack that is not there are refused', async () => {
    const account = new ApiAccount();
    expect((await account.call('DescribeStackEvents', named)).error).toEqual([
      400,
      'ValidationError',
      'Stack [app] does not exist',
    ]);
  });
});

describe('resources', () => {
  test('are told in all three ways', async () => {
    const account = new ApiAccount();
    await account.deploy({ Key: key('a'), One: slow(0) });
    expect((await account.call('DescribeStackResources', named)).all('LogicalResourceId')).toEqual([
      'Key',
      'One',
    ]);
    const listed = await account.call('ListStackResources', named);
    expect(listed.all('PhysicalResourceId')).toEqual(['id', 'One']);
    const one = await account.call('DescribeStackResource', { ...named, LogicalResourceId: 'Key' });
    expect([one.first('ResourceStatus'), one.first('ResourceType')]).toEqual([
      'CREATE_COMPLETE',
      'Custom::Key',
    ]);
    const missing = await account.call('DescribeStackResource', { ...named, LogicalResourceId: 'No' });
    expect(missing.first('Message')).toBe('Resource No does not exist for stack app');
  });

  test('and the template comes back as it was given', async () => {
    const account = new ApiAccount();
    const TemplateBody = template({ One: slow(0) }, { Description: 'a & "b" <c>\r\n' });
    await account.call('CreateStack', { ...named, TemplateBody });
    await account.settleAll();
    const body = (await account.call('GetTemplate', named)).first('TemplateBody');
    expect(body.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(TemplateBody);
  });
});

describe('a change set', () => {
  test('makes a new stack from a template in S3 once it is executed', async () => {
    const account = new ApiAccount();
    account.objects.set('assets/path/t.json', template({ One: slow(0) }));
    const TemplateURL = 'https://127.0.0.1:1234/assets/path/t.json';
    const made = await account.call('CreateChangeSet', {
      ...changeSet,
      ChangeSetType: 'CREATE',
      TemplateURL,
    });
    expect((await account.call('DescribeStacks', named)).first('StackStatus')).toBe('REVIEW_IN_PROGRESS');
    const byId = { StackName: made.first('StackId'), ChangeSetName: made.first('Id') };
    const described = await account.call('DescribeChangeSet', byId);
    expect(
      ['Status', 'ExecutionStatus', 'Action', 'LogicalResourceId'].map(tag => described.first(tag)),
    ).toEqual(['CREATE_COMPLETE', 'AVAILABLE', 'Add', 'One']);
    expect((await account.call('ExecuteChangeSet', byId)).status).toBe(200);
    await account.settleAll();
    expect((await account.call('DescribeStacks', named)).first('StackStatus')).toBe('CREATE_COMPLETE');
    const again = await account.call('ExecuteChangeSet', byId);
    expect(again.first('Code')).toBe('InvalidChangeSetStatus');
  });

  test('finds a template by the host name of a bucket too', async () => {
    const account = new ApiAccount();
    account.objects.set('assets/t.json', template({ One: slow(0) }));
    const TemplateURL = 'https://assets.s3.eu-west-1.amazonaws.com/t.json';
    expect((await account.call('CreateStack', { ...named, TemplateURL })).status).toBe(200);
    await account.settleAll();
  });

  test('tells what is added, changed in place, replaced and removed', async () => {
    const account = new ApiAccount();
    const parameter = (Name: string) => ({
      Type: 'AWS::SSM::Parameter',
      Properties: { Name, Type: 'String', Value: 'v' },
    });
    await account.deploy({ Key: key('a'), P: parameter('/a'), Gone: slow(0), Same: slow(0) });
    const TemplateBody = template({ Key: key('b'), P: parameter('/b'), New: slow(0), Same: slow(0) });
    await account.call('CreateChangeSet', { ...changeSet, TemplateBody });
    const described = await account.call('DescribeChangeSet', changeSet);
    expect(described.all('Action')).toEqual(['Modify', 'Modify', 'Add', 'Remove']);
    expect(described.all('LogicalResourceId')).toEqual(['Key', 'P', 'New', 'Gone']);
    expect(described.all('Replacement')).toEqual(['False', 'True']);
  });

  test('of type CREATE is refused for a stack that exists, and one of type UPDATE for a stack that does not', async () => {
    const account = new ApiAccount();
    const request = { ...changeSet, TemplateBody: template({ One: slow(1) }) };
    expect((await account.call('CreateChangeSet', request)).first('Message')).toBe(
      'Stack with id app does not exist',
    );
    await account.deploy({ One: slow(0) });
    const refused = await account.call('CreateChangeSet', { ...request, ChangeSetType: 'CREATE' });
    expect(refused.first('Message')).toMatch(/^Stack \[app\] already exists/);
  });

  test('without changes fails with the reason that the CLI looks for', async () => {
    const account = new ApiAccount();
    await account.deploy({ One: slow(0) });
    await account.call('CreateChangeSet', { ...changeSet, TemplateBody: template({ One: slow(0) }) });
    const described = await account.call('DescribeChangeSet', changeSet);
    expect(described.first('Status')).toBe('FAILED');
    expect(described.first('StatusReason')).toMatch(/^The submitted information didn't contain changes\. /);
    expect((await account.call('ExecuteChangeSet', changeSet)).first('Code')).toBe('InvalidChangeSetStatus');
  });

  test('belongs to its stack', async () => {
    const account = new ApiAccount();
    const other = { StackName: 'other', ChangeSetName: 'set' };
    const request = { ChangeSetType: 'CREATE', TemplateBody: template({ One: slow(0) }) };
    await account.call('CreateChangeSet', { ...changeSet, ...request });
    await account.call('CreateChangeSet', { ...other, ...request });
    expect((await account.call('DescribeChangeSet', other)).first('StackName')).toBe('other');
    await account.call('DeleteChangeSet', changeSet);
    expect((await account.call('DescribeChangeSet', other)).status).toBe(200);
  });

  test('may use the template that is there', async () => {
    const account = new ApiAccount();
    await account.deploy({ One: slow(0) });
    await account.call('CreateChangeSet', { ...changeSet, UsePreviousTemplate: 'true' });
    expect((await account.call('DescribeChangeSet', changeSet)).first('Status')).toBe('FAILED');
  });

  test('that is deleted is gone at once, and deleting it again is not an error', async () => {
    const account = new ApiAccount();
    await account.deploy({ One: slow(0) });
    await account.call('CreateChangeSet', { ...changeSet, TemplateBody: template({ One: slow(1) }) });
    expect((await account.call('DeleteChangeSet', changeSet)).status).toBe(200);
    expect((await account.call('DeleteChangeSet', changeSet)).status).toBe(200);
    expect((await account.call('DescribeChangeSet', changeSet)).error).toEqual([
      404,
      'ChangeSetNotFound',
      'ChangeSet [set] does not exist',
    ]);
  });
});

describe('what is not imitated is refused by name', () => {
  test('an action', async () => {
    const account = new ApiAccount();
    expect((await account.call('DetectStackDrift')).error).toEqual([
      400,
      'InvalidAction',
      'local aws does not imitate cloudformation DetectStackDrift',
    ]);
  });

  test.each([
    ['CreateStack', 'OnFailure', 'DELETE'],
    ['CreateStack', 'OnFailure', 'DO_NOTHING'],
    ['CreateStack', 'EnableTerminationProtection', 'true'],
    ['CreateChangeSet', 'ChangeSetType', 'IMPORT'],
    ['ContinueUpdateRollback', 'ForceRollback', 'true'],
    ['DeleteStack', 'DeletionMode', 'FORCE_DELETE_STACK'],
    ['CreateStack', 'OnStackFailure', 'DELETE'],
  ])('%s with %s=%s', async (action, parameter, value) => {
    const account = new ApiAccount();
    const request = { ...changeSet, TemplateBody: template({ One: slow(0) }), [parameter]: value };
    expect((await account.call(action, request)).first('Message')).toBe(
      `local aws does not imitate the parameter ${parameter}=${value}`,
    );
  });
});
