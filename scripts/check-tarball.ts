import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import {
  compile,
  EXAMPLE,
  installApp,
  inTemporaryFolder,
  manifest,
  NPM_INSTALL,
  pack,
  run,
  synthesize,
  type Tarball,
} from './packed-library';

const REQUIRED = [
  '.jsii',
  'API.md',
  'CHANGELOG.md',
  'LICENSE',
  'NOTICE',
  'README.md',
  'THIRD-PARTY-LICENSES',
  'build/index.d.ts',
  'build/index.js',
  'lambda/dist/aws/cloudformation-reads.js',
  'lambda/dist/index.js',
  'package.json',
];
const ALLOWED = [
  /^build\/[\w-]+\.(js|d\.ts)$/,
  // npm packs a bundled dependency as its authors published it: `files` has no say in that
  /^node_modules\/tldts(-core)?\//,
];
// gives a package only what it declares, unlike npm
const PNPM_INSTALL = [resolve('node_modules/.bin/pnpm'), 'add', '--ignore-scripts'];

run(inTemporaryFolder(checkTarball));

/** Fails unless the package holds what users need and nothing else, and works where it is installed. */
async function checkTarball(folder: string): Promise<void> {
  const tarball = pack(folder);
  checkFiles(tarball);
  await checkManifest(tarball);

  const expected = synthesize('.', EXAMPLE);
  const { 'aws-cdk-lib': cdk, constructs } = manifest.devDependencies;
  const packages = [tarball.path, `aws-cdk-lib@${cdk}`, `constructs@${constructs}`];
  for (const [name, command] of Object.entries({ npm: NPM_INSTALL, pnpm: PNPM_INSTALL })) {
    const app = join(folder, name);
    installApp(app, packages, command);
    checkSourceMaps(join(app, 'node_modules', manifest.name));
    checkTemplates(app, expected);
    console.log(`installed by ${name}, it gives the same template from TypeScript, CommonJS and ES modules`);
  }
  checkUnbuilt(join(folder, 'unbuilt'));
  console.log(audit());
}

function checkFiles({ files, size, unpackedSize }: Tarball): void {
  const missing = REQUIRED.filter(path => !files.includes(path));
  const surplus = files.filter(path => !REQUIRED.includes(path) && !ALLOWED.some(form => form.test(path)));
  if (missing.length > 0) throw new Error(`the tarball lacks ${missing.join(', ')}`);
  if (surplus.length > 0) throw new Error(`the tarball holds what it should not: ${surplus.join(', ')}`);
  console.log(
    `the tarball holds ${files.length} files: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`,
  );
}

/** What publint says of the package; for the files of a bundled dependency its authors answer. */
async function checkManifest({ path }: Tarball): Promise<void> {
  // `npm install` adds bundleDependencies to a package.json that has only the other spelling
  if ('bundledDependencies' in manifest) {
    throw new Error('package.json: expected bundleDependencies only, got bundledDependencies');
  }
  const tarball = new Uint8Array(readFileSync(path)).buffer;
  const { messages, pkg } = await publint({ pack: { tarball } });
  const own = messages.filter(
    ({ code, args }) =>
      // PyPI takes no address that begins with git+
      code !== 'INVALID_REPOSITORY_VALUE' && !JSON.stringify(args).includes('/node_modules/'),
  );
  if (own.length > 0) throw new Error(`publint: ${own.map(each => formatMessage(each, pkg)).join('\n')}`);
  console.log('publint finds nothing');
}

/** A source map is in the file itself or nowhere. */
function checkSourceMaps(library: string): void {
  for (const folder of [join(library, 'build'), join(library, 'lambda/dist')]) {
    const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const file of entries.filter(name => name.endsWith('.js'))) {
      const [reference] = /sourceMappingURL=(?!data:).*/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      if (reference !== undefined) throw new Error(`${file} refers to a map that is not there: ${reference}`);
    }
  }
}

/** Compiles the example against what is installed, and runs it in each form of JavaScript. */
function checkTemplates(app: string, expected: unknown): void {
  const source = readFileSync(EXAMPLE, 'utf8');
  writeFileSync(join(app, 'app.ts'), source);
  writeFileSync(join(app, 'app.mjs'), transformSync(source, { loader: 'ts', format: 'esm' }).code);
  compile(app, 'app.ts');
  for (const file of ['app.ts', 'app.js', 'app.mjs']) {
    assert.deepEqual(synthesize(app, file), expected, `${file} gives another template than the repository`);
  }
}

/** Neither packing nor preparing a clone that was not built leaves anybody with an empty package. */
function checkUnbuilt(clone: string): void {
  mkdirSync(join(clone, 'scripts'), { recursive: true });
  for (const file of ['package.json', '.npmrc', 'scripts/prepare.mjs']) cpSync(file, join(clone, file));
  for (const [args, word] of [
    [['pack'], 'build/'],
    [['run', 'prepare'], 'run `npm ci` there first'],
  ] as const) {
    const { status, stderr } = spawnSync('npm', args, { cwd: clone, encoding: 'utf8' });
    if (status === 0 || !stderr.includes(word)) {
      throw new Error(
        `npm ${args.join(' ')}: expected it to fail and name ${word} in a clone without a build, got ${stderr}`,
      );
    }
  }
  console.log('a clone without a build is neither packed nor installed');
}

/** The advisories on what the library brings along; the peers are the user's own. */
function audit(): string {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--omit=peer', '--json'], { encoding: 'utf8' });
  const report: { message?: string; metadata?: { vulnerabilities: { total: number } } } = JSON.parse(stdout);
  const found = report.metadata?.vulnerabilities.total;
  if (found === undefined) return `npm audit: SKIPPED, the registry gives no report (${report.message})`;
  if (found > 0) throw new Error(`npm audit finds ${found} in what users install: ${stdout}`);
  return 'npm audit finds nothing in what users install';
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}
