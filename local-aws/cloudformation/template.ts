import { JSON_SCHEMA, load } from 'js-yaml';
import { isList, isObject, listAt, objectAt, type Properties, textAt, toValue, type Value } from './value';

/** A template, checked for what this imitation knows. Intrinsics are still in place. */
export interface Template {
  readonly text: string;
  readonly description?: string;
  readonly parameters: Properties;
  readonly mappings: Properties;
  readonly conditions: Properties;
  readonly rules: Properties;
  readonly outputs: Properties;
  readonly resources: ReadonlyMap<string, ResourceDefinition>;
}

export interface ResourceDefinition {
  readonly type: string;
  readonly properties: Properties;
  readonly metadata: Value;
  readonly dependsOn: readonly string[];
  readonly condition?: string;
  readonly deletionPolicy: string;
  readonly updateReplacePolicy: string;
}

const sections = [
  ...['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Parameters', 'Mappings'],
  ...['Conditions', 'Rules', 'Resources', 'Outputs'],
];
const resourceAttributes = [
  ...['Type', 'Properties', 'Metadata', 'DependsOn', 'Condition', 'DeletionPolicy', 'UpdateReplacePolicy'],
];

/** Reads a template in JSON or YAML. Throws on a section, attribute or policy that is unknown here, by name. */
export function parseTemplate(text: string): Template {
  const template = objectAt(toValue(parseText(text), ''), 'template');
  refuseUnknown('section', Object.keys(template), sections);
  const section = (name: string) => objectAt(template[name] ?? {}, name);
  const resources = Object.entries(section('Resources'));
  if (resources.length === 0) throw new Error('at least one Resources member must be defined');
  return {
    text,
    description: template.Description === undefined ? undefined : textAt(template.Description, 'Description'),
    parameters: section('Parameters'),
    mappings: section('Mappings'),
    conditions: section('Conditions'),
    rules: section('Rules'),
    outputs: section('Outputs'),
    resources: new Map(resources.map(([id, value]) => [id, parseResource(value, `Resources/${id}`)])),
  };
}

function parseText(text: string): unknown {
  try {
    // the CDK CLI sends templates that are no assets in YAML; this schema leaves dates as the text they are
    return text.trimStart().startsWith('{') ? JSON.parse(text) : load(text, { schema: JSON_SCHEMA });
  } catch (error) {
    throw new Error(`expected a template in JSON, or in YAML without tags such as !Ref, got: ${error}`);
  }
}

function parseResource(value: Value, path: string): ResourceDefinition {
  const resource = objectAt(value, path);
  refuseUnknown(`attribute of ${path}`, Object.keys(resource), resourceAttributes);
  const dependsOn = resource.DependsOn ?? [];
  return {
    type: textAt(resource.Type, `${path}/Type`),
    properties: objectAt(resource.Properties ?? {}, `${path}/Properties`),
    metadata: resource.Metadata ?? {},
    dependsOn: isList(dependsOn) ? dependsOn.map(id => textAt(id, path)) : [textAt(dependsOn, path)],
    condition: resource.Condition === undefined ? undefined : textAt(resource.Condition, path),
    deletionPolicy: parsePolicy(resource.DeletionPolicy, ['Delete', 'Retain', 'RetainExceptOnCreate'], path),
    updateReplacePolicy: parsePolicy(resource.UpdateReplacePolicy, ['Delete', 'Retain'], path),
  };
}

function parsePolicy(value: Value | undefined, known: readonly string[], path: string): string {
  const policy = textAt(value ?? 'Delete', path);
  refuseUnknown(`policy of ${path}`, [policy], known);
  return policy;
}

function refuseUnknown(what: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Error(
    `local aws does not imitate the ${what} ${unknown.join(', ')}; it knows ${known.join(', ')}`,
  );
}

/** The name and argument of an intrinsic function call, or `undefined` for plain data. */
export function intrinsicCall(value: Properties): [name: string, argument: Value] | undefined {
  const [entry, ...others] = Object.entries(value);
  if (!entry || others.length > 0) return undefined;
  return entry[0] === 'Ref' || entry[0].startsWith('Fn::') ? entry : undefined;
}

/** The resource and the attribute that a `Fn::GetAtt` names. */
export function attributePath(argument: Value): [logicalId: string, attribute: string] {
  const [logicalId, ...attribute] = isList(argument)
    ? argument.map(part => textAt(part, 'Fn::GetAtt'))
    : textAt(argument, 'Fn::GetAtt').split('.');
  if (logicalId && attribute.length > 0) return [logicalId, attribute.join('.')];
  throw new Error(`[Fn::GetAtt] expected a resource and an attribute, got ${JSON.stringify(argument)}`);
}

/** The text and the variables of a `Fn::Sub` in either form. */
export function substitution(argument: Value): [text: string, variables: Properties] {
  if (!isList(argument)) return [textAt(argument, 'Fn::Sub'), {}];
  return [textAt(argument[0], 'Fn::Sub'), objectAt(argument[1], 'Fn::Sub')];
}

/** A placeholder of `Fn::Sub`; `${!Name}` stands for itself. */
export const placeholder = /\$\{([^}]*)\}/g;

/** Names of intrinsic functions below `value` that `known` lacks. */
export function unknownIntrinsics(value: Value, known: (name: string) => boolean): string[] {
  if (isList(value)) return value.flatMap(item => unknownIntrinsics(item, known));
  if (!isObject(value)) return [];
  const [name] = intrinsicCall(value) ?? [];
  const below = Object.values(value).flatMap(item => unknownIntrinsics(item, known));
  return name === undefined || known(name) ? below : [name, ...below];
}

/** The three arguments of `Fn::If`. */
export function branches(argument: Value): [condition: string, then: Value, otherwise: Value] {
  const [condition, then, otherwise] = listAt(argument, 'Fn::If');
  if (then !== undefined && otherwise !== undefined) return [textAt(condition, 'Fn::If'), then, otherwise];
  throw new Error(`[Fn::If] expected a condition and two values, got ${JSON.stringify(argument)}`);
}
