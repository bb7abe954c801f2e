/** Any value as a message shows it: as JSON, and a construct by its path. */
export function shown(value: unknown): string {
  try {
    return inWords(value) ?? JSON.stringify(value, (_name, part) => inWords(part) ?? part) ?? String(value);
  } catch {
    // plain JavaScript can pass anything, such as an object that contains itself; the message is about the prop
    return 'an object';
  }
}

/** What JSON does not have; undefined for everything else. */
function inWords(value: unknown): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    default: {
      const path = pathOf(value);
      return path === undefined ? undefined : `the construct ${path}`;
    }
  }
}

// by its members: the function's code has this file too, and no constructs
function pathOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('node' in value)) return undefined;
  const { node } = value;
  if (typeof node !== 'object' || node === null || !('path' in node)) return undefined;
  return typeof node.path === 'string' ? node.path : undefined;
}
