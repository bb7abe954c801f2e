// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how Fn::Sub is written
import type { Stack } from '../../../local-aws/cloudformation';
import { parseTemplate } from '../../../local-aws/cloudformation/template';
import { parameter, ScriptedAccount, slow } from './scripted-account';

/** What a parameter with this value gets, in a stack with some more sections. */
async function resolved(value: unknown, sections: object = {}): Promise<string | undefined> {
  const account = new ScriptedAccount();
  account.parameters.set('/stored', 'from SSM');
  const stack = await account.deploy(
    { Subject: parameter(value), ...more(sections) },
    withoutResources(sections),
  );
  const id = stack.resources.get('Subject')?.physicalId;
  return id === undefined ? failure(stack) : account.parameters.get(id);
}

type Sections = { readonly Resources?: object };
const more = ({ Resources = {} }: Sections) => Resources;
const withoutResources = ({ Resources: _, ...sections }: Sections) => sections;
const failure = ({ events }: Stack) => events.find(({ status }) => status === 'CREATE_FAILED')?.reason;

const Parameters = {
  Plain: { Type: 'String', Default: 'p' },
  Number: { Type: 'Number', Default: 7 },
  List: { Type: 'CommaDelimitedList', Default: 'x, y,z' },
  Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/stored' },
};
const Conditions = {
  Yes: { 'Fn::Equals': [{ Ref: 'Plain' }, 'p'] },
  No: { 'Fn::Not': [{ Condition: 'Yes' }] },
  Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
  Either: { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
};
const Mappings = { Runtimes: { 'eu-west-1': { node: 'nodejs24.x' } } };
const Resources = {
  Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/log' } },
};
const sections = { Parameters, Conditions, Mappings, Resources };
const chosen = (condition: string) => ({ 'Fn::If': [condition, 'then', 'else'] });

test.each<[string, unknown, string]>([
  ['Ref of a parameter', { Ref: 'Plain' }, 'p'],
  ['Ref of a number', { Ref: 'Number' }, '7'],
  ['Ref of an SSM parameter', { Ref: 'Stored' }, 'from SSM'],
  ['Ref of a resource', { Ref: 'Log' }, '/log'],
  [
    'GetAtt as a list',
    { 'Fn::GetAtt': ['Log', 'Arn'] },
    'arn:aws:logs:eu-west-1:000000000000:log-group:/log:*',
  ],
  ['GetAtt as text', { 'Fn::GetAtt': 'Log.Arn' }, 'arn:aws:logs:eu-west-1:000000000000:log-group:/log:*'],
  [
    'Sub of text',
    { 'Fn::Sub': '${Plain}/${AWS::Region}/${Log}/${Log.Arn}/${!Left}' },
    'p/eu-west-1//log/arn:aws:logs:eu-west-1:000000000000:log-group:/log:*/${Left}',
  ],
  ['Sub with variables', { 'Fn::Sub': ['${A}-${Plain}', { A: { Ref: 'Number' } }] }, '7-p'],
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Number' }, 1, true]] }, 'a-7-1-true'],
  ['Join of a list parameter', { 'Fn::Join': ['|', { Ref: 'List' }] }, 'x|y|z'],
  ['Select', { 'Fn::Select': ['1', { Ref: 'List' }] }, 'y'],
  ['Split', { 'Fn::Select': [2, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'c'],
  ['FindInMap', { 'Fn::FindInMap': ['Runtimes', { Ref: 'AWS::Region' }, 'node'] }, 'nodejs24.x'],
  ['Base64', { 'Fn::Base64': { Ref: 'Plain' } }, 'cA=='],
  ['GetAZs of its own Region', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'eu-west-1a'],
  ['GetAZs of a Region', { 'Fn::Select': [2, { 'Fn::GetAZs': 'us-east-1' }] }, 'us-east-1c'],
  ['If', chosen('Yes'), 'then'],
  ['If with Not', chosen('No'), 'else'],
  ['If with And', chosen('Both'), 'else'],
  ['If with Or', chosen('Either'), 'then'],
  ['NoValue in a list', { 'Fn::Join': ['', ['a', { Ref: 'AWS::NoValue' }, 'b']] }, 'ab'],
  [
    'pseudo parameters',
    { 'Fn::Sub': '${AWS::AccountId} ${AWS::Partition} ${AWS::StackName} ${AWS::URLSuffix}' },
    '000000000000 aws app amazonaws.com',
  ],
])('%s', async (_what, value, expected) => {
  expect(await resolved(value, sections)).toBe(expected);
});

test.each<[string, unknown, RegExp]>([
  [
    'an attribute that the type lacks',
    { 'Fn::GetAtt': 'Log.Name' },
    /local aws does not imitate the attribute Name of AWS::Logs::LogGroup \(\w+\); it knows Arn/,
  ],
  [
    'an attribute named like a member of every object',
    { 'Fn::GetAtt': 'Log.constructor' },
    /local aws does not imitate the attribute constructor of AWS::Logs::LogGroup/,
  ],
  ['an index too far', { 'Fn::Select': [3, { Ref: 'List' }] }, /expected an index below 3/],
  ['a key that the mapping lacks', { 'Fn::FindInMap': ['Runtimes', 'x', 'node'] }, /got Runtimes, x, node/],
  ['an export that nobody has', { 'Fn::ImportValue': 'nothing' }, /No export named nothing found/],
])('%s fails the resource', async (_what, value, reason) => {
  expect(await resolved(value, sections)).toMatch(reason);
});

test.each<[string, unknown, object, RegExp]>([
  [
    'an unknown intrinsic',
    { 'Fn::Cidr': ['10.0.0.0/16', 1, 8] },
    {},
    /does not imitate the intrinsic functions Fn::Cidr/,
  ],
  [
    'a reference to a variable that Fn::Sub does not have',
    { 'Fn::Sub': ['${constructor}', {}] },
    {},
    /Unresolved resource dependencies \[constructor\]/,
  ],
  ['a reference to nothing', { Ref: 'Nothing' }, {}, /Unresolved resource dependencies \[Nothing\]/],
  ['a null', { 'Fn::Join': ['', [null]] }, {}, /'null' values are not allowed/],
  [
    'an unknown section',
    'x',
    { Transform: 'AWS::LanguageExtensions' },
    /does not imitate the section Transform/,
  ],
  [
    'an unknown type',
    'x',
    { Resources: { B: { Type: 'AWS::EC2::Instance' } } },
    /local aws does not imitate the resource types AWS::EC2::Instance/,
  ],
  [
    'an unknown attribute of a resource',
    'x',
    { Resources: { B: { Type: 'AWS::IAM::Role', CreationPolicy: {} } } },
    /does not imitate the attribute of Resources\/B CreationPolicy/,
  ],
  [
    'a policy that is not imitated',
    'x',
    { Resources: { B: { Type: 'AWS::IAM::Role', DeletionPolicy: 'Snapshot' } } },
    /does not imitate the policy of Resources\/B Snapshot/,
  ],
  [
    'a parameter without a value',
    'x',
    { Parameters: { P: { Type: 'String' } } },
    /Parameters: \[P\] must have values/,
  ],
  [
    'an SSM parameter that is not there',
    'x',
    { Parameters: { P: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/no' } } },
    /Unable to fetch parameters \[\/no\]/,
  ],
  [
    'a circle',
    'x',
    { Resources: { A: { ...slow(0), DependsOn: 'B' }, B: { ...slow(0), DependsOn: 'A' } } },
    /Circular dependency between resources: \[A, B\]/,
  ],
])('%s is refused before anything is created', async (_what, value, extra, reason) => {
  await expect(resolved(value, extra)).rejects.toThrow(reason);
});

test('a template without resources is refused, and so are parameters that it does not have', async () => {
  const account = new ScriptedAccount();
  await expect(account.deploy({})).rejects.toThrow(/at least one Resources member/);
  const { engine } = account.cloudFormation;
  const template = JSON.stringify({ Resources: { One: slow(0) } });
  const create = () =>
    engine.create(engine.addStack('eu-west-1', 'b'), { template, parameters: new Map([['P', '1']]) });
  expect(create).toThrow(/Parameters: \[P\] do not exist/);
});

test('a resource whose condition is false is not created, and need not exist for DependsOn or the other branch', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy(
    {
      Absent: { ...slow(0), Condition: 'No' },
      Present: parameter({ 'Fn::If': ['No', { Ref: 'Absent' }, 'here'] }, { DependsOn: 'Absent' }),
    },
    {
      Conditions: { No: { 'Fn::Equals': ['1', '2'] } },
      Outputs: { Absent: { Condition: 'No', Value: { Ref: 'Absent' } } },
    },
  );
  expect([...stack.resources.keys()]).toEqual(['Present']);
  expect([stack.status, stack.outputs]).toEqual(['CREATE_COMPLETE', []]);
});

test('a template may be YAML, in which a date stays text', () => {
  const yaml = `Resources:
  P:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: 2012-10-17 }`;
  const { resources } = parseTemplate(yaml);
  expect(resources.get('P')?.properties).toEqual({ Type: 'String', Value: '2012-10-17' });
});

test('a template with YAML tags, or with neither JSON nor YAML, is refused', () => {
  const expected = 'expected a template in JSON, or in YAML without tags such as !Ref';
  expect(() => parseTemplate('Resources: { A: !Ref B }')).toThrow(expected);
  expect(() => parseTemplate('{')).toThrow(expected);
});

test('a property that becomes NoValue is left out', async () => {
  const account = new ScriptedAccount();
  const Properties = { Ms: 0, Gone: { Ref: 'AWS::NoValue' } };
  const stack = await account.deploy({ One: { Type: 'Test::Slow', Properties } });
  expect(stack.resources.get('One')?.properties).toEqual({ Ms: 0 });
});

test('a reference inside a list is a dependency', async () => {
  const account = new ScriptedAccount();
  const stack = await account.deploy({
    Subject: parameter({ 'Fn::Join': ['', ['is ', { Ref: 'Later' }]] }),
    Later: slow(1000),
  });
  expect(stack.resources.get('Subject')?.attributes.Value).toBe('is Later');
});

test('a stack in China has the partition and the suffix of China', async () => {
  const account = new ScriptedAccount();
  const { engine } = account.cloudFormation;
  const stack = engine.addStack('cn-north-1', 'app');
  const Resources = { P: parameter({ 'Fn::Sub': '${AWS::Partition} ${AWS::URLSuffix}' }) };
  engine.create(stack, { template: JSON.stringify({ Resources }) });
  await account.settle(stack);
  expect(stack.resources.get('P')?.attributes.Value).toBe('aws-cn amazonaws.com.cn');
});

test("the CDK's rule on the bootstrap version is evaluated", async () => {
  const bootstrapped = (version: string) => {
    const account = new ScriptedAccount();
    account.parameters.set('/bootstrap', version);
    return account.deploy(
      { One: slow(0) },
      {
        Parameters: { Version: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/bootstrap' } },
        Rules: {
          Check: {
            Assertions: [
              {
                Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1', '2'], { Ref: 'Version' }] }] },
                AssertDescription: 'bootstrap again',
              },
            ],
          },
        },
      },
    );
  };
  expect((await bootstrapped('6')).status).toBe('CREATE_COMPLETE');
  await expect(bootstrapped('2')).rejects.toThrow(/rule Check does not hold: bootstrap again/);
});

test('an export is there for other stacks, and its name is taken', async () => {
  const account = new ScriptedAccount();
  const Outputs = { Out: { Value: 'v', Export: { Name: 'shared' } } };
  await account.deploy({ One: slow(0) }, { Outputs });
  const { engine } = account.cloudFormation;
  const other = engine.addStack('eu-west-1', 'other');
  const Imported = parameter({ 'Fn::ImportValue': 'shared' });
  engine.create(other, { template: JSON.stringify({ Resources: { Imported } }) });
  await account.settle(other);
  expect(other.resources.get('Imported')?.attributes.Value).toBe('v');
  const elsewhere = engine.addStack('us-east-1', 'other');
  engine.create(elsewhere, { template: JSON.stringify({ Resources: { Imported } }) });
  await account.settle(elsewhere);
  expect(elsewhere.status).toBe('ROLLBACK_COMPLETE');
  engine.update(other, { template: JSON.stringify({ Resources: { Imported }, Outputs }) });
  await account.settle(other);
  expect(other.events.map(({ reason }) => reason)).toContainEqual(
    'Export with name shared is already exported by stack app',
  );
});
