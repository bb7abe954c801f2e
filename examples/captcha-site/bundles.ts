import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImage } from 'aws-cdk-lib';
import * as s3deploy from 'aws-cdk-lib/aws-s3-deployment';
import { buildSync } from 'esbuild';

const page = join(__dirname, 'page');

/** The page as a source for a deployment. It is built at synthesis, without Docker. */
export function pageSource(): s3deploy.ISource {
  return s3deploy.Source.asset(page, {
    bundling: {
      local: {
        tryBundle: folder => {
          bundledPage(folder);
          return true;
        },
      },
      // required, but not used
      image: DockerImage.fromRegistry('scratch'),
    },
  });
}

/** Builds the page into an empty folder, and returns the folder's path. */
export function bundledPage(folder: string): string {
  for (const file of ['index.html', 'style.css']) cpSync(join(page, file), join(folder, file));
  buildSync({
    entryPoints: [join(page, 'main.ts')],
    outfile: join(folder, 'main.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
  return folder;
}

/** The code of the API's function, small enough for the template. */
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
