import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version as jsii } from 'jsii-pacmak/package.json';
import { name, peerDependencies, version } from '../../package.json';
import { type CommandOptions, run } from './command';

const root = join(__dirname, '..', '..');

export const LIBRARY = name;

/** What every language takes of the packages that the library needs. */
export interface Versions {
  readonly library: string;
  readonly cdk: string;
  readonly constructs: string;
  readonly jsii: string;
}

/**
 * The oldest aws-cdk-lib that the package promises to work with, unless another one is asked for, and the oldest
 * constructs that go with it. The other tests run with the newest.
 */
export async function versionsWith(
  options: CommandOptions,
  cdk = peerDependencies['aws-cdk-lib'].replace('^', ''),
): Promise<Versions> {
  const answer = await run('npm', ['view', `aws-cdk-lib@${cdk}`, 'peerDependencies', '--json'], options);
  const { constructs } = JSON.parse(answer) as Record<string, string>;
  if (constructs === undefined)
    throw new Error(`expected aws-cdk-lib ${cdk} to need constructs, got ${answer}`);
  return { library: version, cdk, constructs: constructs.replace('^', ''), jsii };
}

/**
 * Installs the library from its tarball into `typescript/`, as a user would, and generates from there what the
 * other languages get, into `generated/`.
 */
export async function packLibrary(versions: Versions, options: CommandOptions): Promise<void> {
  const folder = options.cwd;
  const project = join(folder, 'typescript');
  await cp(join(__dirname, 'typescript'), project, { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "private": true }');

  await run('npm', ['pack', '--silent', '--pack-destination', folder], { ...options, cwd: root });
  const packages = [
    join(folder, `${LIBRARY}-${versions.library}.tgz`),
    `aws-cdk-lib@${versions.cdk}`,
    `constructs@${versions.constructs}`,
    ...(await oldestCompanions(versions, options)),
  ];
  const quietly = ['--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', ...quietly, ...packages], { ...options, cwd: project });

  const outdir = join(folder, 'generated');
  const pacmak = join(root, 'node_modules', '.bin', 'jsii-pacmak');
  await mkdir(outdir);
  const source = join(project, 'node_modules', LIBRARY);
  // the repository's own, which npm hands to its children, is none of the library's copy
  const environment = { ...options.environment, npm_config_pack_destination: '.' };
  const args = ['--code-only', '--npmignore=false', '--outdir', outdir, source];
  await run(pacmak, args, { ...options, environment });
}

/**
 * What aws-cdk-lib needs of the CDK's other packages, at its oldest: a Go module requires what lay beside the library
 * when it was generated, and Go takes the oldest that meets all requirements.
 */
async function oldestCompanions({ cdk }: Versions, options: CommandOptions): Promise<string[]> {
  const answer = await run('npm', ['view', `aws-cdk-lib@${cdk}`, 'dependencies', '--json'], options);
  const dependencies = JSON.parse(answer) as Record<string, string>;
  return Object.entries(dependencies)
    .filter(([dependency]) => dependency.startsWith('@aws-cdk/'))
    .map(([dependency, range]) => `${dependency}@${range.replace('^', '')}`);
}
