/**
 * Applies one of WAF's text transformations (AWS WAF Developer Guide, "Using text transformations in AWS WAF").
 *
 * @throws for one that no example uses
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

/** Decoded once; what is no valid escape stays. */
function urlDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Without repeated slashes, references to the folder itself, and those to the one above that are not at the start. */
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
