import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Builds the page into a folder, empty before, and gives the folder's path. */
export function bundledPage(folder = join(__dirname, 'dist')): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['index.html', 'style.css']) cpSync(join(__dirname, 'page', file), join(folder, file));
  buildSync({
    entryPoints: [join(__dirname, 'page', 'main.ts')],
    outfile: join(folder, 'main.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
  return folder;
}

/** The code of the API's function, small enough to stand in the template. */
export function bundledApi(): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, 'api.ts')],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    minify: true,
    write: false,
    logLevel: 'warning',
  });
  return outputFiles.map(({ text }) => text).join('');
}
