import { deepStrictEqual } from 'node:assert';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childEnvironment } from '../../local-aws/child-environment';
import { endRequested } from '../../local-aws/signals';
import type { CommandOptions } from './command';
import { checkCSharp } from './dotnet';
import { LANGUAGES, type Language, synthesize, typescript } from './languages';
import { LIBRARY, packLibrary, type Versions, versionsWith } from './packages';
import { checkPublishedAddresses } from './published-addresses';

/**
 * Generates the library's packages for the other languages, synthesizes the same app in each with that language's
 * own tools, and compares the templates with those of TypeScript: byte for byte, with nothing made equal before.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'aws-cdk-lib': { type: 'string' } } });
  const folder = await mkdtemp(join(tmpdir(), 'bindings-'));
  try {
    const environment = childEnvironment({}, folder);
    const options = { cwd: folder, environment, signal: endRequested() };
    const versions = await versionsWith(options, values['aws-cdk-lib']);
    console.log(`with aws-cdk-lib ${versions.cdk}, constructs ${versions.constructs}, jsii ${versions.jsii}`);
    await packLibrary(versions, options);
    const expected = await templatesIn(await synthesize(typescript, versions, options));
    const checks = LANGUAGES.map(language => verdictOn(language, versions, expected, options));
    const verdicts = await Promise.all([...checks, verdictOnDotnet(folder), verdictOnAddresses(folder)]);
    console.log(verdicts.join('\n'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Templates = Readonly<Record<string, string>>;

async function templatesIn(outdir: string): Promise<Templates> {
  const names = (await readdir(outdir)).filter(name => name.endsWith('.template.json')).sort();
  const texts = await Promise.all(names.map(name => readFile(join(outdir, name), 'utf8')));
  if (names.length === 0) throw new Error(`expected templates in ${outdir}, got none`);
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

async function verdictOn(
  language: Language,
  versions: Versions,
  expected: Templates,
  options: CommandOptions,
): Promise<string> {
  const missing = await language.missingTool(options);
  if (missing) return `${language.name}: skipped, ${missing} is not installed`;
  return verdict(language.name, 'same templates as TypeScript', async () => {
    const actual = await templatesIn(await synthesize(language, versions, options));
    deepStrictEqual(linesOf(actual), linesOf(expected));
  });
}

/** No C# app is synthesized, so this says less than the others. */
function verdictOnDotnet(folder: string): Promise<string> {
  const assembly = join(folder, 'typescript', 'node_modules', LIBRARY, '.jsii');
  return verdict('dotnet', 'generated with every type and member, not compiled', () =>
    checkCSharp(join(folder, 'generated', 'dotnet'), assembly),
  );
}

function verdictOnAddresses(folder: string): Promise<string> {
  return verdict('addresses', 'plain https in the pom and the csproj', () =>
    checkPublishedAddresses(join(folder, 'generated')),
  );
}

async function verdict(name: string, success: string, check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return `${name}: ${success}`;
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    return `${name}: FAILED, see above`;
  }
}

/** Line by line, for a difference that can be read. */
function linesOf(templates: Templates): Record<string, string[]> {
  return Object.fromEntries(Object.entries(templates).map(([name, text]) => [name, text.split('\n')]));
}

main().catch(error => {
  process.exitCode = 1;
  console.error(error);
});
