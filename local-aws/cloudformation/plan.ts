import { findCycle } from './dependency-order';
import type { Deployment } from './deployment';
import {
  checkRules,
  conditionHolds,
  type Elsewhere,
  isKnownIntrinsic,
  type Resolved,
  references,
  resolveOptional,
  resolveText,
  type Scope,
} from './intrinsics';
import type { Output, Stack, StackResource } from './stack';
import { type Template, unknownIntrinsics } from './template';
import { objectAt, type Properties, textAt, type Value } from './value';

/** Checks the template as a whole, as CloudFormation does before it touches a resource. */
export function planDeployment(
  input: Omit<Deployment, 'dependencies'>,
  knownType: (type: string) => boolean,
): Deployment {
  const { template, values } = input;
  const elsewhere = { importedValue: () => '', stackOutput: () => '' };
  const scope = { template, parameters: values, resource: () => undefined, elsewhere };
  refuseUnknown(template, knownType);
  checkRules(scope);
  const dependencies = new Map(
    [...template.resources]
      .filter(([, { condition }]) => condition === undefined || conditionHolds(condition, scope))
      .map(([id, { properties, dependsOn }]) => [
        id,
        [...new Set([...references(properties, scope), ...dependsOn])],
      ]),
  );
  const outputReferences = outputDefinitions(scope).flatMap(([, { Value = '' }]) => references(Value, scope));
  refuseUnresolved(dependencies, outputReferences, template);
  return { ...input, dependencies: withoutAbsent(dependencies) };
}

function refuseUnknown(template: Template, knownType: (type: string) => boolean): void {
  const types = [...template.resources.values()].map(({ type }) => type).filter(type => !knownType(type));
  if (types.length > 0)
    throw new Error(`local aws does not imitate the resource types ${[...new Set(types)].join(', ')}`);
  const properties = [...template.resources.values()].map(resource => resource.properties);
  const functions = unknownIntrinsics([...properties, template.outputs], isKnownIntrinsic);
  if (functions.length > 0)
    throw new Error(`local aws does not imitate the intrinsic functions ${functions.join(', ')}`);
}

function refuseUnresolved(
  dependencies: ReadonlyMap<string, readonly string[]>,
  outputReferences: readonly string[],
  template: Template,
): void {
  // DependsOn may name a resource whose condition is false; a reference may not
  const isMissing = (id: string, source: string) =>
    !dependencies.has(id) &&
    !template.resources.get(source)?.dependsOn.some(other => other === id && template.resources.has(id));
  const missing = [...dependencies].flatMap(([source, ids]) => ids.filter(id => isMissing(id, source)));
  const unresolved = [...missing, ...outputReferences.filter(id => !dependencies.has(id))];
  if (unresolved.length > 0) {
    throw new Error(`Template format error: Unresolved resource dependencies [${unresolved.join(', ')}]`);
  }
  const cycle = findCycle(withoutAbsent(dependencies));
  if (cycle) throw new Error(`Circular dependency between resources: [${cycle.join(', ')}]`);
}

function withoutAbsent(dependencies: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  return new Map(
    [...dependencies].map(([id, others]) => [id, others.filter(other => dependencies.has(other))]),
  );
}

/** What the intrinsics of the deployment see while the stack is as it is now. */
export function scopeOf(stack: Stack, { template, values }: Deployment, elsewhere: Elsewhere): Scope {
  const resource = (id: string) => {
    const found = stack.resources.get(id);
    return found && resolved(stack, found);
  };
  return { template, parameters: values, resource, elsewhere };
}

function resolved(stack: Stack, { logicalId, type, physicalId, attributes }: StackResource): Resolved {
  const attribute = (name: string) => {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (value !== undefined) return value;
    throw new Error(
      type.startsWith('Custom::')
        ? `CustomResource attribute error: Vendor response doesn't contain ${name} attribute in object ${stack.id}|${logicalId}`
        : `local aws does not imitate the attribute ${name} of ${type} (${logicalId}); it knows ${knownAttributes(attributes)}`,
    );
  };
  return { physicalId, attribute };
}

function knownAttributes(attributes: Properties): string {
  return Object.keys(attributes).join(', ') || 'none';
}

/** The outputs whose conditions hold. */
export function resolveOutputs(scope: Scope): Output[] {
  return outputDefinitions(scope).map(([key, { Value, Description, Export }]) => ({
    key,
    value: resolveText(Value ?? [], scope),
    description: Description === undefined ? undefined : textAt(Description, key),
    exportName: Export === undefined ? undefined : exportName(Export, scope),
  }));
}

function exportName(value: Value, scope: Scope): string {
  return textAt(resolveOptional(objectAt(value, 'Export').Name ?? '', scope), 'Export/Name');
}

function outputDefinitions(scope: Scope) {
  const outputs = Object.entries(scope.template.outputs).map(
    ([key, value]) => [key, objectAt(value, key)] as const,
  );
  return outputs.filter(
    ([key, { Condition }]) => Condition === undefined || conditionHolds(textAt(Condition, key), scope),
  );
}
