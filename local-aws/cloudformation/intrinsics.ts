import { attributePath, branches, intrinsicCall, placeholder, substitution, type Template } from './template';
import { isList, isObject, listAt, objectAt, type Properties, textAt, type Value } from './value';

/** What the intrinsics of a template can see. */
export interface Scope {
  readonly template: Template;
  /** The template's parameters and the pseudo parameters. */
  readonly parameters: ReadonlyMap<string, Value>;
  readonly elsewhere: Elsewhere;
  resource(logicalId: string): Resolved | undefined;
}

/** What a stack can see of other stacks. */
export interface Elsewhere {
  importedValue(exportName: string): string;
  /** An output of a stack; in the Region of the stack that asks, unless another one is given. */
  stackOutput(stackName: string, outputName: string, region?: string): string;
}

/** A resource as `Ref` and `Fn::GetAtt` see it. */
export interface Resolved {
  readonly physicalId?: string;
  attribute(name: string): Value;
}

const noValue = 'AWS::NoValue';

type Intrinsic = (argument: Value, scope: Scope) => Value | undefined;

const intrinsics = new Map<string, Intrinsic>([
  ['Ref', (argument, scope) => reference(textAt(argument, 'Ref'), scope)],
  ['Fn::GetAtt', (argument, scope) => attribute(attributePath(argument), scope)],
  ['Fn::Sub', substituted],
  ['Fn::Join', joined],
  ['Fn::Select', selected],
  ['Fn::Split', split],
  ['Fn::If', (argument, scope) => resolveOptional(branch(argument, scope), scope)],
  ['Fn::FindInMap', foundInMap],
  ['Fn::ImportValue', (argument, scope) => scope.elsewhere.importedValue(resolveText(argument, scope))],
  ['Fn::GetStackOutput', stackOutput],
  ['Fn::Base64', (argument, scope) => Buffer.from(resolveText(argument, scope)).toString('base64')],
  ['Fn::GetAZs', availabilityZones],
]);

/** Whether `resolve` knows the function. */
export function isKnownIntrinsic(name: string): boolean {
  return intrinsics.has(name);
}

/** The value with every intrinsic replaced by what it stands for. */
function resolve(value: Value, scope: Scope): Value {
  const resolved = resolveOptional(value, scope);
  if (resolved === undefined)
    throw new Error(`expected a value, got AWS::NoValue in ${JSON.stringify(value)}`);
  return resolved;
}

/** Like `resolve`; `AWS::NoValue` gives `undefined`, and inside lists and objects nothing at all. */
export function resolveOptional(value: Value, scope: Scope): Value | undefined {
  if (isList(value))
    return value.map(item => resolveOptional(item, scope)).filter(item => item !== undefined);
  if (!isObject(value)) return value;
  const call = intrinsicCall(value);
  if (call) return intrinsicNamed(call[0])(call[1], scope);
  const entries = Object.entries(value).map(([key, item]) => [key, resolveOptional(item, scope)] as const);
  return Object.fromEntries(entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item]])));
}

export function resolveProperties(properties: Properties, scope: Scope): Properties {
  return objectAt(resolve(properties, scope), 'Properties');
}

export function resolveText(value: Value, scope: Scope): string {
  return textAt(resolve(value, scope), JSON.stringify(value));
}

/** The logical ids that the value refers to; of a `Fn::If` only the branch that holds. */
export function references(value: Value, scope: Scope): string[] {
  if (isList(value)) return value.flatMap(item => references(item, scope));
  if (!isObject(value)) return [];
  const [name, argument] = intrinsicCall(value) ?? [];
  if (name === undefined || argument === undefined) {
    return Object.values(value).flatMap(item => references(item, scope));
  }
  if (name === 'Ref') return [textAt(argument, name)].filter(id => !isParameter(id, scope));
  if (name === 'Fn::GetAtt') return [attributePath(argument)[0]];
  if (name === 'Fn::If') return references(branch(argument, scope), scope);
  return name === 'Fn::Sub' ? referencesOfSub(argument, scope) : references(argument, scope);
}

function referencesOfSub(argument: Value, scope: Scope): string[] {
  const [text, variables] = substitution(argument);
  const names = [...text.matchAll(placeholder)].flatMap(([, name = '']) =>
    name.startsWith('!') ? [] : [name],
  );
  const direct = names.filter(name => !Object.hasOwn(variables, name) && !isParameter(name, scope));
  return [...direct.map(name => name.split('.')[0] ?? name), ...references(variables, scope)];
}

function isParameter(name: string, scope: Scope): boolean {
  return scope.parameters.has(name) || name === noValue;
}

function intrinsicNamed(name: string): Intrinsic {
  const intrinsic = intrinsics.get(name);
  if (intrinsic) return intrinsic;
  throw new Error(
    `local aws does not imitate the intrinsic function ${name}; it knows ${[...intrinsics.keys()].join(', ')}`,
  );
}

function reference(name: string, scope: Scope): Value | undefined {
  if (name === noValue) return undefined;
  const parameter = scope.parameters.get(name);
  if (parameter !== undefined) return parameter;
  const id = scope.resource(name)?.physicalId;
  if (id === undefined) throw new Error(`expected a parameter or a resource that exists, got Ref to ${name}`);
  return id;
}

function attribute([logicalId, name]: [string, string], scope: Scope): Value {
  const resource = scope.resource(logicalId);
  if (!resource) throw new Error(`expected a resource that exists, got Fn::GetAtt of ${logicalId}`);
  return resource.attribute(name);
}

function substituted(argument: Value, scope: Scope): string {
  const [text, variables] = substitution(argument);
  return text.replace(placeholder, (whole, name: string) => {
    if (name.startsWith('!')) return whole.replace('!', '');
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (variable !== undefined) return resolveText(variable, scope);
    const isAttribute = name.includes('.') && !scope.parameters.has(name);
    return textAt(isAttribute ? attribute(attributePath(name), scope) : reference(name, scope), whole);
  });
}

function joined(argument: Value, scope: Scope): string {
  const [delimiter, items] = listAt(argument, 'Fn::Join');
  const texts = listAt(resolve(items ?? '', scope), 'Fn::Join').map(item => textAt(item, 'Fn::Join'));
  return texts.join(textAt(delimiter, 'Fn::Join'));
}

function selected(argument: Value, scope: Scope): Value {
  const [index, items] = listAt(argument, 'Fn::Select');
  const list = listAt(resolve(items ?? '', scope), 'Fn::Select');
  const item = list[Number(resolveText(index ?? '', scope))];
  if (item === undefined) {
    throw new Error(`[Fn::Select] expected an index below ${list.length}, got ${JSON.stringify(index)}`);
  }
  return item;
}

function split(argument: Value, scope: Scope): Value {
  const [delimiter, text] = listAt(argument, 'Fn::Split');
  return resolveText(text ?? [], scope).split(textAt(delimiter, 'Fn::Split'));
}

/** Three zones for every Region. */
function availabilityZones(argument: Value, scope: Scope): Value {
  const region = resolveText(argument, scope) || String(scope.parameters.get('AWS::Region'));
  return ['a', 'b', 'c'].map(zone => `${region}${zone}`);
}

function branch(argument: Value, scope: Scope): Value {
  const [condition, then, otherwise] = branches(argument);
  return conditionHolds(condition, scope) ? then : otherwise;
}

function stackOutput(argument: Value, scope: Scope): string {
  const fields = objectAt(resolve(argument, scope), 'Fn::GetStackOutput');
  const { StackName, OutputName, Region, RoleArn, ...unknown } = fields;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new Error(`[Fn::GetStackOutput] expected StackName, OutputName, Region and RoleArn, got ${name}`);
  }
  const account = scope.parameters.get('AWS::AccountId');
  if (RoleArn !== undefined && textAt(RoleArn, 'Fn::GetStackOutput').split(':')[4] !== account) {
    throw new Error(`local aws does not imitate Fn::GetStackOutput from another account: ${RoleArn}`);
  }
  const text = (value: Value | undefined) => textAt(value, 'Fn::GetStackOutput');
  const region = Region === undefined ? undefined : text(Region);
  return scope.elsewhere.stackOutput(text(StackName), text(OutputName), region);
}

function foundInMap(argument: Value, scope: Scope): Value {
  const path = listAt(argument, 'Fn::FindInMap').map(key => resolveText(key, scope));
  const found = path.reduce<Value | undefined>(
    (level, key) => (isObject(level) ? level[key] : undefined),
    scope.template.mappings,
  );
  if (path.length === 3 && found !== undefined) return found;
  throw new Error(
    `[Fn::FindInMap] expected map, key and second-level key of a mapping, got ${path.join(', ')}`,
  );
}

/** Whether the condition of that name in the template is true. */
export function conditionHolds(name: string, scope: Scope): boolean {
  const { conditions } = scope.template;
  const condition = Object.hasOwn(conditions, name) ? conditions[name] : undefined;
  if (condition === undefined) throw new Error(`expected a condition of the template, got ${name}`);
  return isTrue(condition, scope);
}

/** Throws with the description of the first assertion of the template's rules that is false. */
export function checkRules(scope: Scope): void {
  for (const [name, value] of Object.entries(scope.template.rules)) {
    const rule = objectAt(value, `Rules/${name}`);
    if (rule.RuleCondition !== undefined && !isTrue(rule.RuleCondition, scope)) continue;
    for (const item of listAt(rule.Assertions, `Rules/${name}/Assertions`)) {
      const { Assert, AssertDescription } = objectAt(item, `Rules/${name}/Assertions`);
      if (Assert !== undefined && isTrue(Assert, scope)) continue;
      throw new Error(`rule ${name} does not hold: ${textAt(AssertDescription ?? '', name)}`);
    }
  }
}

function isTrue(condition: Value, scope: Scope): boolean {
  const [entry, ...others] = isObject(condition) ? Object.entries(condition) : [];
  if (!entry || others.length > 0) {
    throw new Error(`expected one condition function, got ${JSON.stringify(condition)}`);
  }
  const [name, argument] = entry;
  const operands = () => listAt(argument, name);
  switch (name) {
    case 'Condition':
      return conditionHolds(textAt(argument, name), scope);
    case 'Fn::Equals':
      return resolveText(operands()[0] ?? [], scope) === resolveText(operands()[1] ?? [], scope);
    case 'Fn::And':
      return operands().every(operand => isTrue(operand, scope));
    case 'Fn::Or':
      return operands().some(operand => isTrue(operand, scope));
    case 'Fn::Not':
      return operands().every(operand => !isTrue(operand, scope));
    case 'Fn::Contains':
      return contains(operands(), scope);
    default:
      throw new Error(`local aws does not imitate the condition function ${name}`);
  }
}

function contains([list, item]: readonly Value[], scope: Scope): boolean {
  const texts = listAt(resolve(list ?? '', scope), 'Fn::Contains').map(element =>
    textAt(element, 'Fn::Contains'),
  );
  return texts.includes(resolveText(item ?? '', scope));
}
