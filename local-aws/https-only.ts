import { strFromU8, unzipSync } from 'fflate';

const isCode = /\.[cm]?js$/;

/**
 * Whether this code answers CloudFormation, but can do so over https alone, as most custom resources of
 * aws-cdk-lib do: they would drop the port of a response URL on loopback, and nobody would ever hear from them.
 */
export function answersOnlyOverHttps(archive: Uint8Array): boolean {
  const files = Object.values(unzipSync(archive, { filter: ({ name }) => isCode.test(name) }));
  const code = files.map(file => strFromU8(file)).join('\n');
  return code.includes('ResponseURL') && loads(code, 'https') && !loads(code, 'http');
}

function loads(code: string, module: string): boolean {
  return new RegExp(`(?:require\\(|from\\s*|import\\()\\s*(["'\`])(?:node:)?${module}\\1`).test(code);
}
