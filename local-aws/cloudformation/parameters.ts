import type { Template } from './template';
import { objectAt, textAt, type Value } from './value';

/** The part of a stack that the pseudo parameters tell. */
export interface StackIdentity {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
}

/** The values that the user gave, by the names of their parameters. */
export type ParameterInput = ReadonlyMap<string, string>;

/** The values of a template's parameters as given or by default, before SSM is asked. */
export function givenParameters(template: Template, input: ParameterInput): Map<string, string> {
  const unknown = [...input.keys()].filter(key => !Object.hasOwn(template.parameters, key));
  if (unknown.length > 0) throw new Error(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const given = Object.keys(template.parameters).map(
    name => [name, givenOrDefault(template, name, input)] as const,
  );
  const missing = given.filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0) throw new Error(`Parameters: [${missing.join(', ')}] must have values`);
  return new Map(given.map(([name, value = '']) => [name, value]));
}

function givenOrDefault(template: Template, name: string, input: ParameterInput): string | undefined {
  const { Default } = objectAt(template.parameters[name], `Parameters/${name}`);
  return input.get(name) ?? (Default === undefined ? undefined : textAt(Default, `Parameters/${name}`));
}

/** The values as `Ref` sees them, pseudo parameters included. */
export function parameterValues(
  template: Template,
  given: ReadonlyMap<string, string>,
  stack: StackIdentity,
  ssm: Pick<ReadonlyMap<string, string>, 'get'>,
): Map<string, Value> {
  const stored = (name: string) => ssm.get(parameterKey(stack.region, name));
  const values = [...given].map(([name, value]) => [name, typed(template, name, value, stored)] as const);
  return new Map([...values, ...pseudoParameters(stack)]);
}

function typed(
  template: Template,
  name: string,
  value: string,
  stored: (name: string) => string | undefined,
): Value {
  const type = textAt(
    objectAt(template.parameters[name], `Parameters/${name}`).Type,
    `Parameters/${name}/Type`,
  );
  switch (type) {
    case 'String':
    case 'Number':
      return value;
    case 'CommaDelimitedList':
    case 'List<Number>':
      return value.split(',').map(item => item.trim());
    case 'AWS::SSM::Parameter::Value<String>':
      return stored(value) ?? missing(value);
    default:
      throw new Error(`local aws does not imitate the type of the parameter ${name}: ${type}`);
  }
}

function missing(name: string): never {
  throw new Error(`Unable to fetch parameters [${name}] from parameter store for this account.`);
}

/** Under which an SSM parameter of a Region is stored. */
export function parameterKey(region: string, name: string): string {
  return `${region} ${name}`;
}

function pseudoParameters({ id, name, region, accountId }: StackIdentity): [string, Value][] {
  return [
    ['AWS::AccountId', accountId],
    ['AWS::Region', region],
    ['AWS::StackId', id],
    ['AWS::StackName', name],
    ['AWS::Partition', partitionOf(region)],
    ['AWS::URLSuffix', region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'],
  ];
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
