import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';

export type CodeFiles = Readonly<Record<string, Uint8Array>>;

// AWS Lambda Developer Guide, "Lambda quotas": deployment package size, unzipped
const maxUnzippedBytes = 262_144_000;

/** The files of a function's archive; refuses one that would become too large. */
export function unzipped(archive: Uint8Array, maxBytes = maxUnzippedBytes): CodeFiles {
  let bytes = 0;
  return unzipSync(archive, {
    // what is declared is all that is unzipped
    filter: ({ originalSize }) => {
      bytes += originalSize;
      if (bytes <= maxBytes) return true;
      throw new Error(`expected code of at most ${maxBytes} bytes unzipped, got more`);
    },
  });
}

/** Resolves to a new folder below `root` with the files in it. */
export async function writeFiles(root: string, files: CodeFiles): Promise<string> {
  await mkdir(root, { recursive: true });
  const folder = await mkdtemp(join(root, 'code-'));
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    if (relative(folder, file).startsWith('..')) {
      throw new Error(`expected a path inside the archive, got ${name}`);
    }
    if (name.endsWith('/')) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

/**
 * Whether this code answers CloudFormation, but can do so over https alone, as most custom resources of
 * aws-cdk-lib do: they would drop the port of a response URL on loopback, and nobody would ever hear from them.
 */
export function answersOnlyOverHttps(files: CodeFiles): boolean {
  const sources = Object.entries(files).filter(([name]) => /\.[cm]?js$/.test(name));
  const code = sources.map(([, file]) => strFromU8(file)).join('\n');
  return code.includes('ResponseURL') && loads(code, 'https') && !loads(code, 'http');
}

function loads(code: string, module: string): boolean {
  return new RegExp(`(?:require\\(|from\\s*|import\\()\\s*(["'\`])(?:node:)?${module}\\1`).test(code);
}
