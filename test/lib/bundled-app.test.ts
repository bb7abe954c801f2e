import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** A project whose app is bundled into one file, with the library in it. */
let project: string;
const modules = resolve('node_modules');

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'bundled-app-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "app" }');
});
afterEach(() => rmSync(project, { recursive: true }));

describe.each(['cjs', 'esm'] as const)('an app that is bundled with the library, as %s', format => {
  test('finds the function’s code in the installed package', async () => {
    install();
    // the app's own code, where the library's would be if it were not bundled
    writeCode(join(project, 'lambda', 'dist'), 'not the library’s');
    const app = await bundle(format);

    synthesize(app);

    expect(codeIn(join(project, 'cdk.out'))).toEqual([readFileSync('lambda/dist/index.js', 'utf8')]);
  });

  test('says what to set if nothing is installed', async () => {
    const app = await bundle(format);

    expect(() => synthesize(app)).toThrow(
      /CaptchaKeyStack\/WafCaptchaApiKeyProvider: expected the function's code in the installed package cdk-waf-captcha-api-key, got none from .*: if a bundler packs this app, mark cdk-waf-captcha-api-key as external/,
    );
  });
});

/** Puts into `node_modules` what the library's package is for an app that only looks for the function's code. */
function install(): void {
  const library = join(project, 'node_modules', 'cdk-waf-captcha-api-key');
  cpSync('package.json', join(library, 'package.json'));
  cpSync('lambda/dist', join(library, 'lambda', 'dist'), { recursive: true });
}

async function bundle(format: 'cjs' | 'esm'): Promise<string> {
  const source = join(project, 'app.ts');
  writeFileSync(source, readFileSync('examples/minimal/app.ts', 'utf8'));
  const outfile = join(project, 'out', format === 'cjs' ? 'main.cjs' : 'main.mjs');
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format,
    alias: { 'cdk-waf-captcha-api-key': resolve('lib/index.ts') },
    // beside the bundle, as apps have it: only the library is in it
    external: ['aws-cdk-lib', 'constructs'],
    nodePaths: [modules],
    logLevel: 'error',
  });
  const peers = join(project, 'out', 'node_modules');
  mkdirSync(peers);
  for (const peer of ['aws-cdk-lib', 'constructs']) symlinkSync(join(modules, peer), join(peers, peer));
  return outfile;
}

function synthesize(app: string): void {
  execFileSync(process.execPath, [app], {
    cwd: project,
    env: { ...process.env, CDK_OUTDIR: join(project, 'cdk.out'), CDK_VALIDATION: 'false' },
    stdio: 'pipe',
  });
}

function writeCode(folder: string, code: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), code);
}

/** The code of the assets in an assembly. */
function codeIn(assembly: string): string[] {
  return readdirSync(assembly)
    .map(entry => join(assembly, entry, 'index.js'))
    .filter(existsSync)
    .map(file => readFileSync(file, 'utf8'));
}
