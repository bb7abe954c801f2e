import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { installApp, inTemporaryFolder, lowestPeers, manifest, NPM_INSTALL, run } from './packed-library';

/** Keys of breaking changes that are meant, one a line, as jsii-diff prints them. */
const ALLOWED = 'allowed-breaking-changes.txt';

run(inTemporaryFolder(checkApiChanges));

/** Fails where the public API, as it was built last, breaks apps that use the last release. */
function checkApiChanges(folder: string): void {
  const released = lastRelease();
  if (released === undefined) {
    console.log('API changes: SKIPPED, nothing has been released');
    return;
  }
  const app = join(folder, 'app');
  installApp(app, [`${manifest.name}@${released}`, ...lowestPeers()], NPM_INSTALL);
  const jsiiDiff = resolve('node_modules/jsii-diff/bin/jsii-diff');
  const library = join(app, 'node_modules', manifest.name);
  execFileSync(process.execPath, [jsiiDiff, library, '.', '--keys', '--ignore-file', ALLOWED], {
    stdio: 'inherit',
  });
  console.log(`the API breaks nothing of ${released}`);
}

function lastRelease(): string | undefined {
  const { status, stdout, stderr } = spawnSync('npm', ['view', manifest.name, 'version'], {
    encoding: 'utf8',
  });
  if (status === 0) return stdout.trim() || undefined;
  if (stderr.includes('E404')) return undefined;
  throw new Error(`expected npm to know whether ${manifest.name} is released, got ${stderr}`);
}
