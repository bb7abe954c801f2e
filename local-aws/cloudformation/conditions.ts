import { resolve, resolveText, type Scope } from './intrinsics';
import { isObject, listAt, objectAt, textAt, type Value } from './value';

/** Whether the condition of that name in the template is true. */
export function conditionHolds(name: string, scope: Scope): boolean {
  const condition = scope.template.conditions[name];
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
      throw new Error(`unknown condition function: ${name}`);
  }
}

function contains([list, item]: readonly Value[], scope: Scope): boolean {
  const texts = listAt(resolve(list ?? '', scope), 'Fn::Contains').map(element =>
    textAt(element, 'Fn::Contains'),
  );
  return texts.includes(resolveText(item ?? '', scope));
}
