import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { thirdPartyLicenses } from '../../scripts/third-party-licenses';

const repository = process.cwd();
let project: string;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'licenses-'));
  process.chdir(project);
});
afterEach(() => {
  process.chdir(repository);
  rmSync(project, { recursive: true });
});

test('the list names exactly the packages and versions whose code is in the bundle', async () => {
  addPackage('used', { code: 'export const used = 1;' });
  addPackage('@scope/used', { version: '2.0.0', code: 'export const scoped = 1;' });
  addPackage('dropped', { code: 'export const dropped = 1;' });

  const text = await licensesOf(`
    import { used } from 'used';
    import { scoped } from '@scope/used';
    import { dropped } from 'dropped';
    console.log(used, scoped);`);

  expect(text).toContain('Bundled into lambda/dist:\n  @scope/used 2.0.0, MIT\n  used 1.0.0, MIT\n');
  expect(text).not.toContain('dropped');
});

test('each licence and notice appears once, with the packages that have it', async () => {
  addPackage('one', { code: 'export const one = 1;', files: { LICENSE: 'the same', NOTICE: 'of one' } });
  addPackage('two', { code: 'export const two = 1;', files: { 'LICENSE.md': 'the same' } });

  const text = await licensesOf(
    `import { one } from 'one'; import { two } from 'two'; console.log(one, two);`,
  );

  expect(text.match(/the same/g)).toHaveLength(1);
  expect(text).toContain('one, two\n\nthe same');
  expect(text).toContain('one\n\nof one');
});

test('a bundled dependency is listed with what it depends on', async () => {
  addPackage('bundled', { code: '', manifest: { dependencies: { below: '1' } } });
  addPackage('below', { code: '' });

  expect(await licensesOf('console.log(1);', ['bundled'])).toContain(
    'In node_modules:\n  bundled 1.0.0, MIT\n  below 1.0.0, MIT\n',
  );
});

test('a package without a licence fails the build', async () => {
  addPackage('nobody', { code: 'export const nobody = 1;', files: {} });

  await expect(licensesOf(`import { nobody } from 'nobody'; console.log(nobody);`)).rejects.toThrow(
    'node_modules/nobody: expected a licence file, got none',
  );
});

interface PackageOptions {
  readonly code: string;
  readonly version?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly manifest?: object;
}

function addPackage(name: string, options: PackageOptions): void {
  const { code, version = '1.0.0', files = { LICENSE: `of ${name}` }, manifest } = options;
  const folder = join(project, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify({
    name,
    version,
    license: 'MIT',
    main: 'index.js',
    sideEffects: false,
    ...manifest,
  });
  for (const [file, content] of Object.entries({ ...files, 'package.json': text, 'index.js': code })) {
    writeFileSync(join(folder, file), content);
  }
}

async function licensesOf(source: string, bundleDependencies: readonly string[] = []): Promise<string> {
  writeFileSync('app.js', source);
  const options = {
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    absWorkingDir: project,
  } as const;
  const { metafile } = await build({ ...options, entryPoints: ['app.js'], outdir: 'out' });
  return thirdPartyLicenses(metafile, bundleDependencies);
}
