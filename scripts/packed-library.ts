import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the scripts read of package.json. */
export interface Manifest {
  readonly name: string;
  readonly jest: { readonly transform: Readonly<Record<string, readonly [string, object]>> };
  readonly jsii: { readonly targets: Readonly<Record<string, object>> };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What `npm pack` says of the tarball that it has made. */
export interface Tarball {
  readonly path: string;
  readonly files: readonly string[];
  readonly size: number;
  readonly unpackedSize: number;
}

export const manifest: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** The example that stands for a user's app. */
export const EXAMPLE = 'examples/minimal/app.ts';
const STACK = 'CaptchaKeyStack';

export const NPM_INSTALL = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'];

/** Gives `work` a folder outside the repository, and removes it in the end. */
export async function inTemporaryFolder(work: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `${manifest.name}-`));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Packs the library, as it was built last, the way it would be published. */
export function pack(folder: string): Tarball {
  const missing = ['build/index.js', 'lambda/dist/index.js', '.jsii'].filter(file => !existsSync(file));
  if (missing.length > 0) {
    throw new Error(`expected a build, got no ${missing.join(', ')}: run \`npm run build\` first`);
  }
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [{ filename, files, size, unpackedSize }] = JSON.parse(output) as [
    { filename: string; files: { path: string }[]; size: number; unpackedSize: number },
  ];
  return { path: join(folder, filename), files: files.map(({ path }) => path), size, unpackedSize };
}

/** The packages that users install beside the library. */
export const peers: readonly string[] = Object.keys(manifest.peerDependencies);

/** The peers at the lowest versions of their ranges, as npm takes them. */
export function lowestPeers(): string[] {
  return Object.entries(manifest.peerDependencies).map(([name, range]) => {
    const [, version] = /^\^(\d+\.\d+\.\d+)$/.exec(range) ?? [];
    if (version === undefined) throw new Error(`expected a range such as ^2.1.0 for ${name}, got ${range}`);
    return `${name}@${version}`;
  });
}

/** Makes an app of nothing but these packages, by the words of a command such as `npm install`. */
export function installApp(folder: string, packages: readonly string[], command: readonly string[]): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true }));
  const [program = 'npm', ...args] = command;
  execFileSync(program, [...args, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The version of a package that an app has. */
export function installedVersion(app: string, name: string): string {
  return JSON.parse(readFileSync(join(app, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/** Compiles a file of an app into the JavaScript beside it, and checks it and the library's declarations strictly. */
export function compile(app: string, file: string): void {
  const options = ['--strict', '--target', 'es2022', '--module', 'node20', '--types', 'node'];
  const types = ['--typeRoots', resolve('node_modules/@types')];
  const program = resolve('node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [program, ...options, ...types, file], { cwd: app, stdio: 'inherit' });
}

/** Runs an app that is the example, and gives back its template. */
export function synthesize(app: string, file: string): unknown {
  const outdir = mkdtempSync(join(tmpdir(), `${manifest.name}-out-`));
  try {
    const typescript = ['--import', pathToFileURL(resolve('node_modules/tsx/dist/loader.mjs')).href];
    execFileSync(process.execPath, [...(file.endsWith('.ts') ? typescript : []), file], {
      cwd: app,
      // the App's own check of its templates costs seconds; a test makes it
      env: { ...process.env, CDK_OUTDIR: outdir, CDK_VALIDATION: 'false' },
      stdio: 'inherit',
    });
    return JSON.parse(readFileSync(join(outdir, `${STACK}.template.json`), 'utf8'));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** Runs a script, and ends the process with an error when it fails. */
export function run(script: Promise<void>): void {
  script.catch(error => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
