import {
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  RollbackStackCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { inProcessSettings } from '../../virtual-account/in-process-settings';
import { failed, key, ScriptedAccount, slow, success } from './scripted-account';

function clientOf({ cloudFormation, clock }: ScriptedAccount): CloudFormationClient {
  return new CloudFormationClient(
    inProcessSettings('cloudformation', 'eu-west-1', cloudFormation.service, clock),
  );
}

const StackName = 'app';

test('the SDK reads what the record holds', async () => {
  const account = new ScriptedAccount();
  const client = clientOf(account);
  const many = Array.from({ length: 100 }, (_, index) => [`R${index}`, slow(0)]);
  const stack = await account.deploy({ Key: key('a'), ...Object.fromEntries(many) });
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack.id }));
  expect(Stacks).toMatchObject([{ StackName, StackStatus: 'CREATE_COMPLETE' }]);
  const resource = { StackName, LogicalResourceId: 'Key' };
  const { StackResourceDetail } = await client.send(new DescribeStackResourceCommand(resource));
  expect(StackResourceDetail).toMatchObject({
    StackId: stack.id,
    PhysicalResourceId: 'id',
    ResourceStatus: 'CREATE_COMPLETE',
    LastUpdatedTimestamp: expect.any(Date),
  });
  const listed = [];
  for await (const page of paginateListStackResources({ client }, { StackName })) {
    listed.push(...(page.StackResourceSummaries ?? []));
  }
  expect(listed).toHaveLength(101);
  expect(listed[0]).toMatchObject({ LogicalResourceId: 'Key', LastUpdatedTimestamp: expect.any(Date) });
  const missing = new DescribeStackResourceCommand({ StackName, LogicalResourceId: 'No' });
  await expect(client.send(missing)).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Resource No does not exist for stack app',
  });
});

test('the SDK deploys without rollback, rolls back and continues', async () => {
  const account = new ScriptedAccount(({ ResourceProperties }) =>
    success(`key-${ResourceProperties.Domain}`),
  );
  const client = clientOf(account);
  const stack = await account.deploy({ Key: key('a') });
  const TemplateBody = JSON.stringify({ Resources: { Key: key('b'), Other: slow(1, { Fails: true }) } });
  await client.send(new UpdateStackCommand({ StackName, TemplateBody, DisableRollback: true }));
  await account.settle(stack);
  expect(stack.status).toBe('UPDATE_FAILED');
  account.script = () => failed('key-b');
  await client.send(new RollbackStackCommand({ StackName, RetainExceptOnCreate: true }));
  await account.settle(stack);
  expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
  await client.send(new ContinueUpdateRollbackCommand({ StackName, ResourcesToSkip: [] }));
  await account.settle(stack);
  expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
  account.script = () => success('key-a');
  await client.send(new ContinueUpdateRollbackCommand({ StackName, ResourcesToSkip: ['Key'] }));
  await account.settle(stack);
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
  expect(StackEvents[0]?.ResourceStatus).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(stack.resources.get('Key')?.physicalId).toBe('key-b');
});
