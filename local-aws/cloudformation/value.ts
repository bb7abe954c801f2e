/** What JSON can say, `null` aside: CloudFormation takes none. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };
export type Properties = { readonly [key: string]: Value };

/** Takes foreign JSON in; `path` names the place in errors. */
export function toValue(json: unknown, path: string): Value {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return json.map((item, index) => toValue(item, `${path}/${index}`));
  if (typeof json !== 'object' || json === null) {
    throw new Error(`[${path}] 'null' values are not allowed in templates`);
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, item]) => [key, toValue(item, `${path}/${key}`)]),
  );
}

export function isObject(value: Value | undefined): value is Properties {
  return typeof value === 'object' && !isList(value);
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function objectAt(value: Value | undefined, path: string): Properties {
  if (isObject(value)) return value;
  throw new Error(`[${path}] expected an object, got ${JSON.stringify(value)}`);
}

export function listAt(value: Value | undefined, path: string): readonly Value[] {
  if (isList(value)) return value;
  throw new Error(`[${path}] expected a list, got ${JSON.stringify(value)}`);
}

/** The scalar as text, as CloudFormation hands numbers and booleans on. */
export function textAt(value: Value | undefined, path: string): string {
  if (value === undefined || typeof value === 'object') {
    throw new Error(`[${path}] expected a string, got ${JSON.stringify(value)}`);
  }
  return String(value);
}

/** Every scalar as a string, however deep: the form in which custom resources get their properties. */
export function withScalarsAsText(value: Value): Value {
  if (isList(value)) return value.map(withScalarsAsText);
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withScalarsAsText(item)]));
  }
  return String(value);
}

/** Equality in which the order of an object's keys does not count. */
export function isEqual(one: Value | undefined, other: Value | undefined): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: Value | undefined): string | undefined {
  return JSON.stringify(value, (_key, item) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
