// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Fn::Sub is written
import type { Stack } from '../../../local-aws/cloudformation';
import { type Choices, parameter, ScriptedAccount, slow } from './scripted-account';

const consumer: Choices = { name: 'consumer' };
const exported = (Value: string, Name = 'shared') => ({ Outputs: { Out: { Value, Export: { Name } } } });
const imports = (Name = 'shared') => ({ P: parameter({ 'Fn::ImportValue': Name }) });
const importedBy = (stack: Stack) => stack.resources.get('P')?.attributes.Value;
const lastReasons = ({ events }: Stack) => events.flatMap(({ reason }) => reason ?? []);

/** A stack with an export, and another one that imports it. */
async function pair() {
  const account = new ScriptedAccount();
  const producer = await account.deploy({ One: slow(0) }, exported('v'));
  const user = await account.deploy(imports(), {}, consumer);
  expect(importedBy(user)).toBe('v');
  return { account, producer, user };
}

describe('an export that another stack imports', () => {
  test.each([
    ['changed', exported('w'), 'Export shared cannot be updated as it is in use by consumer'],
    ['removed', {}, 'Export shared cannot be deleted as it is in use by consumer'],
  ])('cannot be %s: the update is rolled back', async (_what, sections, reason) => {
    const { account, producer } = await pair();
    await account.deploy({ One: slow(1) }, sections);
    expect(producer.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(lastReasons(producer)).toContain(reason);
    expect(producer.outputs).toMatchObject([{ exportName: 'shared', value: 'v' }]);
  });

  test('can move to another output, and the rest of its stack can change', async () => {
    const { account } = await pair();
    const Outputs = { Other: { Value: 'v', Export: { Name: 'shared' } }, More: { Value: 'more' } };
    expect((await account.deploy({ One: slow(1) }, { Outputs })).status).toBe('UPDATE_COMPLETE');
  });

  test('keeps its stack from being deleted: nothing happens but an event', async () => {
    const { account, producer } = await pair();
    await account.delete(producer);
    expect(producer.status).toBe('CREATE_COMPLETE');
    expect(producer.events.at(-1)).toMatchObject({
      status: 'CREATE_COMPLETE',
      reason: 'Delete canceled. Cannot delete export shared as it is in use by consumer.',
    });
    expect([...producer.resources.keys()]).toEqual(['One']);
  });

  test('is free once nobody imports it any more', async () => {
    const { account, producer, user } = await pair();
    await account.deploy({ P: parameter('own') }, {}, consumer);
    expect((await account.deploy({ One: slow(1) }, exported('w'))).status).toBe('UPDATE_COMPLETE');
    await account.deploy(imports(), {}, consumer);
    expect(importedBy(user)).toBe('w');
    await account.delete(user);
    await account.delete(producer);
    expect(producer.status).toBe('DELETE_COMPLETE');
  });

  test('is not imported by a stack whose creation was rolled back', async () => {
    const account = new ScriptedAccount();
    const producer = await account.deploy({ One: slow(0) }, exported('v'));
    const failing = { ...imports(), Slow: slow(1, { Fails: true }) };
    expect((await account.deploy(failing, {}, consumer)).status).toBe('ROLLBACK_COMPLETE');
    await account.delete(producer);
    expect(producer.status).toBe('DELETE_COMPLETE');
  });

  test('is still imported while the update that gives it up can be rolled back', async () => {
    const { account, user } = await pair();
    await account.deploy({ One: slow(0) }, exported('o', 'other'), { name: 'third' });
    account.begin({ ...imports('other'), Slow: slow(5000, { Fails: true }) }, {}, consumer);
    await account.clock.run(account.clock.sleep(1000));
    const producer = await account.deploy({ One: slow(1) }, exported('w'));
    expect(producer.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    const third = await account.deploy({ One: slow(1) }, exported('p', 'other'), { name: 'third' });
    expect(third.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    await account.settle(user);
    expect([user.status, importedBy(user)]).toEqual(['UPDATE_ROLLBACK_COMPLETE', 'v']);
  });
});

describe('Fn::GetStackOutput', () => {
  const output = (fields: object) => ({ P: parameter({ 'Fn::GetStackOutput': fields }) });
  const reference = { StackName: 'app', OutputName: 'Out' };

  test('is the output as it is when the stack is deployed, and holds nobody back', async () => {
    const account = new ScriptedAccount();
    const producer = await account.deploy({ One: slow(0) }, { Outputs: { Out: { Value: 'v' } } });
    const user = await account.deploy(output(reference), {}, consumer);
    expect(importedBy(user)).toBe('v');
    expect((await account.deploy({ One: slow(1) }, { Outputs: { Out: { Value: 'w' } } })).status).toBe(
      'UPDATE_COMPLETE',
    );
    await expect(account.deploy(output(reference), {}, consumer)).rejects.toThrow(
      'No updates are to be performed.',
    );
    expect(importedBy(user)).toBe('v');
    await account.deploy({ ...output(reference), More: slow(0) }, {}, consumer);
    expect(importedBy(user)).toBe('w');
    await account.delete(producer);
    expect(producer.status).toBe('DELETE_COMPLETE');
  });

  test('takes its arguments from intrinsics, a Region and a role of the account', async () => {
    const account = new ScriptedAccount();
    await account.deploy({ One: slow(0) }, { Outputs: { Out: { Value: 'far' } } }, { region: 'us-east-1' });
    const RoleArn = { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:role/reader' };
    const OutputName = { 'Fn::Join': ['', ['O', 'ut']] };
    const fields = { ...reference, OutputName, Region: 'us-east-1', RoleArn };
    expect(importedBy(await account.deploy(output(fields), {}, consumer))).toBe('far');
  });

  test.each([
    [
      'a stack that is not there',
      { ...reference, StackName: 'none' },
      'Stack none does not exist in eu-west-1.',
    ],
    [
      'a stack of another Region',
      { ...reference, Region: 'us-east-1' },
      'Stack app does not exist in us-east-1.',
    ],
    [
      'an output that is not there',
      { ...reference, OutputName: 'No' },
      'Output No does not exist in stack app.',
    ],
    [
      'another account',
      { ...reference, RoleArn: 'arn:aws:iam::111111111111:role/reader' },
      'local aws does not imitate Fn::GetStackOutput from another account: arn:aws:iam::111111111111:role/reader',
    ],
    [
      'an unknown argument',
      { ...reference, Default: 'x' },
      '[Fn::GetStackOutput] expected StackName, OutputName, Region and RoleArn, got Default',
    ],
  ])('of %s fails the resource', async (_what, fields, reason) => {
    const account = new ScriptedAccount();
    await account.deploy({ One: slow(0) }, { Outputs: { Out: { Value: 'v' } } });
    const user = await account.deploy(output(fields), {}, consumer);
    expect(user.status).toBe('ROLLBACK_COMPLETE');
    expect(lastReasons(user)).toContain(reason);
  });
});
