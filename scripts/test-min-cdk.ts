import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  compile,
  EXAMPLE,
  installApp,
  installedVersion,
  inTemporaryFolder,
  lowestPeers,
  manifest,
  NPM_INSTALL,
  pack,
  peers,
  run,
  synthesize,
} from './packed-library';

const NEWEST = '--newest';

run(inTemporaryFolder(folder => testPackedLibrary(folder, process.argv.slice(2))));

/**
 * Tests the packed library with the lowest versions of its peers, or with their newest ones, or with a version of
 * aws-cdk-lib that is named. Development itself is done with the newest that package-lock.json has.
 */
function testPackedLibrary(folder: string, args: readonly string[]): void {
  const { path } = pack(folder);
  const app = join(folder, 'app');
  installApp(app, [path, ...peersFor(args)], NPM_INSTALL);
  console.log(peers.map(name => `${name} ${installedVersion(app, name)}`).join(', '));

  cpSync(EXAMPLE, join(app, 'app.ts'));
  compile(app, 'app.ts');
  const [template, developed] = [synthesize(app, 'app.js'), synthesize('.', EXAMPLE)].map(withoutRuntime);
  assert.deepEqual(template, developed, 'the example has another template than in development');
  testLib(app, args.includes(NEWEST));
}

/** The packages to install: what `args` ask for, else the lowest of each range. */
function peersFor(args: readonly string[]): string[] {
  const [version, ...more] = args;
  if (version === undefined) return lowestPeers();
  if (more.length > 0)
    throw new Error(`expected ${NEWEST} or one version of aws-cdk-lib, got ${args.join(' ')}`);
  if (version !== NEWEST) return [`aws-cdk-lib@${version}`, 'constructs'];
  return [...peers.map(name => `${name}@latest`), `cdk-nag@${manifest.devDependencies['cdk-nag']}`];
}

/** A template without the one thing that follows aws-cdk-lib's version: the latest Node.js of the Region. */
function withoutRuntime(template: unknown): unknown {
  return JSON.parse(JSON.stringify(template, (name, value) => (name === 'Runtime' ? 'nodejs' : value)));
}

/** Runs test/lib on the installed library and the peers beside it. */
function testLib(app: string, newest: boolean): void {
  for (const folder of ['test/lib', 'examples/provider'])
    cpSync(folder, join(app, folder), { recursive: true });
  const library = `<rootDir>/node_modules/${manifest.name}/build`;
  const transform = Object.entries(manifest.jest.transform).map(([files, [name, options]]) => [
    files,
    [resolve('node_modules', name), options],
  ]);
  const config = {
    ...manifest.jest,
    // one of the repository's own
    setupFiles: [],
    rootDir: app,
    transform: Object.fromEntries(transform),
    moduleNameMapper: { '^\\.\\./\\.\\./lib$': library, '^\\.\\./\\.\\./lib/(.*)$': `${library}/$1` },
    // bundled-app needs the repository around it; what the other two test is younger than the lowest aws-cdk-lib
    testPathIgnorePatterns: ['bundled-app', ...(newest ? [] : ['cdk-nag', 'template-validation'])],
  };
  writeFileSync(join(app, 'jest.config.json'), JSON.stringify(config));
  const jest = [resolve('node_modules/jest/bin/jest.js'), '--config', 'jest.config.json'];
  execFileSync(process.execPath, jest, { cwd: app, stdio: 'inherit' });
}
