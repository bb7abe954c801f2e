/**
 * Applies one of WAF's text transformations (AWS WAF Developer Guide, "Using text transformations in AWS WAF").
 *
 * @throws for a transformation that no example uses
 */
export function transformed(text: string, type: string): string {
  switch (type) {
    case 'NONE':
      return text;
    case 'LOWERCASE':
      return text.toLowerCase();
    case 'URL_DECODE':
      return urlDecoded(text);
    case 'NORMALIZE_PATH':
      return normalizedPath(text);
    default:
      throw new Error(`expected a text transformation that the model knows, got ${type}`);
  }
}

/** Decodes once; invalid escapes stay. */
function urlDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Removes repeated slashes, `.` segments, and `..` segments that are not at the start. */
function normalizedPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else kept.push(segment);
  }
  const [start, end] = [
    path.startsWith('/') ? '/' : '',
    /\/\.{0,2}$/.test(path) && kept.length > 0 ? '/' : '',
  ];
  return `${start}${kept.join('/')}${end}`;
}
