import type {
  CloudFormationCustomResourceCreateEvent,
  CloudFormationCustomResourceDeleteEvent,
  CloudFormationCustomResourceUpdateEvent,
} from 'aws-lambda';
import { VirtualClock } from '../virtual-account/virtual-clock';
import { Account } from './environment';
import recorded from './fixtures/events-0.1.0.json';

// stacks deployed by a release send its format for ever: a recording is never changed, the next release adds its own
const create = {
  ...recorded.create,
  RequestType: 'Create',
} satisfies CloudFormationCustomResourceCreateEvent;
const update = {
  ...recorded.update,
  RequestType: 'Update',
} satisfies CloudFormationCustomResourceUpdateEvent;
const remove = {
  ...recorded.delete,
  RequestType: 'Delete',
} satisfies CloudFormationCustomResourceDeleteEvent;

test('a resource in the format of 0.1.0 is created, updated and deleted', async () => {
  const account = new Account({}, new VirtualClock(Date.UTC(2026, 10, 23, 12)));
  account.stack.resource('CREATE_IN_PROGRESS', undefined, create.LogicalResourceId);
  const { PhysicalResourceId: id } = await account.environment().invoke(create);
  expect(account.waf.keys()).toMatchObject([{ tokenDomains: ['example.com', 'shop.example.com'] }]);

  account.stack.resource('CREATE_COMPLETE', id, create.LogicalResourceId).stack('CREATE_COMPLETE');
  account.stack.stack('UPDATE_IN_PROGRESS').resource('UPDATE_IN_PROGRESS', id, create.LogicalResourceId);
  const updated = await account.environment().invoke({ ...update, PhysicalResourceId: id });
  expect(updated.PhysicalResourceId).not.toBe(id);

  account.stack.resource('UPDATE_COMPLETE', updated.PhysicalResourceId, create.LogicalResourceId);
  account.stack.stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  await account.environment().invoke({ ...remove, PhysicalResourceId: id });
  expect(account.waf.keys()).toMatchObject([{ tokenDomains: ['example.com'] }]);
});
