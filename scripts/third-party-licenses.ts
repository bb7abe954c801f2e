import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of which code is shipped. */
interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Its licence and notices, as its authors wrote them. */
  readonly texts: readonly string[];
}

/** What the tarball says of others' code: which packages, in which versions, and under which licences. */
export function thirdPartyLicenses(metafile: Metafile, bundleDependencies: readonly string[]): string {
  const bundled = foldersIn(metafile).map(packageIn);
  const installed = bundleDependencies.flatMap(withDependencies).map(packageIn);
  return [
    'Code of others in this package, with its licences.',
    listing('Bundled into lambda/dist', bundled),
    listing('In node_modules', installed),
    ...textsOf([...bundled, ...installed]),
  ].join('\n\n');
}

/** The folders of the packages that a bundle has code of, each once. */
function foldersIn({ outputs }: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const folders = files.flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []);
  return [...new Set(folders)].sort();
}

/** The folders of an installed package and of those that it depends on. */
function withDependencies(name: string): string[] {
  const folder = join('node_modules', name);
  const { dependencies = {} } = manifestIn(folder);
  return [folder, ...Object.keys(dependencies).flatMap(withDependencies)];
}

function packageIn(folder: string): ShippedPackage {
  const { name, version, license } = manifestIn(folder);
  if (!name || !version || !license) {
    throw new Error(
      `${folder}/package.json: expected a name, a version and a licence, got ${name}, ${version}, ${license}`,
    );
  }
  const files = readdirSync(folder).filter(file => /^(licen[cs]e|notice|copying)/i.test(file));
  if (files.length === 0) throw new Error(`${folder}: expected a licence file, got none`);
  return {
    name,
    version,
    license,
    texts: files.sort().map(file => readFileSync(join(folder, file), 'utf8').trim()),
  };
}

function manifestIn(folder: string): {
  name?: string;
  version?: string;
  license?: string;
  dependencies?: Record<string, string>;
} {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function listing(title: string, packages: readonly ShippedPackage[]): string {
  const lines = packages.map(({ name, version, license }) => `  ${name} ${version}, ${license}`);
  return [`${title}:`, ...lines].join('\n');
}

/** Each text once, after the names of the packages that have it. */
function textsOf(packages: readonly ShippedPackage[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, texts } of packages) {
    for (const text of texts) names.set(text, [...(names.get(text) ?? []), name]);
  }
  return [...names].map(([text, of]) => `${'-'.repeat(80)}\n${of.join(', ')}\n\n${text}`);
}
