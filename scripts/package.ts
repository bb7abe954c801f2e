import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  installApp,
  inTemporaryFolder,
  lowestPeers,
  manifest,
  NPM_INSTALL,
  pack,
  run,
} from './packed-library';

const DIST = resolve('dist');

run(inTemporaryFolder(folder => makePackages(folder, process.argv.slice(2))));

/** Puts into `dist/` what is published: npm's tarball, and the packages of the languages named, or of them all. */
function makePackages(folder: string, languages: readonly string[]): void {
  const targets = languages.length > 0 ? languages : Object.keys(manifest.jsii.targets);
  const { path } = pack(folder);
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(join(DIST, 'js'), { recursive: true });
  cpSync(path, join(DIST, 'js', basename(path)));

  // a Go module requires at least the versions that lie beside the library when it is generated
  const project = join(folder, 'project');
  installApp(project, [path, ...lowestPeers(), ...lowestDependenciesOfCdk()], NPM_INSTALL);
  const pacmak = resolve('node_modules/jsii-pacmak/bin/jsii-pacmak');
  const library = join(project, 'node_modules', manifest.name);
  // it writes an .npmignore by default
  const options = ['--outdir', DIST, '--npmignore=false', '--targets', ...targets];
  // the repository's own destination, which npm hands to its children, is none of the library's copy
  const env = { ...process.env, npm_config_pack_destination: '.' };
  execFileSync(process.execPath, [pacmak, library, ...options], { env, stdio: 'inherit' });
  console.log(`dist/ has the packages for ${['npm', ...targets].join(', ')}`);
}

/** The CDK's other packages that aws-cdk-lib brings along, at the lowest versions of their ranges. */
function lowestDependenciesOfCdk(): string[] {
  const [cdk = 'none'] = lowestPeers().filter(peer => peer.startsWith('aws-cdk-lib@'));
  const answer = execFileSync('npm', ['view', cdk, 'dependencies', '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Object.entries<string>(JSON.parse(answer))
    .filter(([name]) => name.startsWith('@aws-cdk/'))
    .map(([name, range]) => `${name}@${range.replace('^', '')}`);
}
