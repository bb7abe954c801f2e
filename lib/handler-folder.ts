import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PACKAGE = 'cdk-waf-captcha-api-key';

/**
 * The folder with the function's code: next to this file's folder or, if an app is bundled with the library, in the
 * installed package that can be found from the app's file or the working directory.
 *
 * @throws if it is in none of these
 */
export function handlerFolder(): string {
  // a bundle of ES modules has no __dirname
  const here = typeof __dirname === 'string' ? [__dirname] : [];
  const starts = [...here, process.cwd()];
  for (const root of [...here.map(dirname), ...starts.map(installedPackage)]) {
    if (root !== undefined && isThisPackage(root) && existsSync(handlerIn(root))) {
      return dirname(handlerIn(root));
    }
  }
  throw new Error(
    `expected the function's code in the installed package ${PACKAGE}, got none from ${starts.join(' or ')}: ` +
      `if a bundler packs this app, mark ${PACKAGE} as external; in a clone, run npm run build`,
  );
}

function handlerIn(root: string): string {
  return join(root, 'lambda', 'dist', 'index.js');
}

// the folder above a bundle is the app's own, and may have its own lambda/dist
function isThisPackage(folder: string): boolean {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === PACKAGE;
}

function installedPackage(from: string): string | undefined {
  try {
    return dirname(createRequire(join(from, 'app.js')).resolve(`${PACKAGE}/package.json`));
  } catch (error) {
    if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}
