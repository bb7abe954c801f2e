import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { minifySync } from '@swc/core';
import { build, type Plugin } from 'esbuild';
import { bundleDependencies } from '../package.json';
import { thirdPartyLicenses } from './third-party-licenses';

const SETTINGS = resolve('lambda/runtime/environment-settings.ts');

/** Puts these settings in the place of the SDK's. An `alias` would not do: they import the SDK's own. */
const environmentSettings: Plugin = {
  name: 'environment-settings',
  setup({ onResolve }) {
    onResolve({ filter: /^@smithy\/core\/config$/ }, ({ importer }) =>
      importer === SETTINGS ? undefined : { path: SETTINGS },
    );
  },
};

/** Modules of the SDK whose code no call reaches, and what takes their place. */
const unreached: Readonly<Record<string, string>> = {
  // the hash for a Node without crypto
  '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js': 'export class Sha256Js {}',
  // signs the messages of event streams
  '@smithy/signature-v4/dist-es/HeaderFormatter.js': 'export class HeaderFormatter {}',
  // asks an EC2 instance for its Region; Lambda gives it in the environment
  '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js':
    'export const getInstanceMetadataRegion = async () => undefined;',
  // slows down a client's calls after a refusal, as the handler does itself
  '@smithy/core/dist-es/submodules/retry/util-retry/AdaptiveRetryStrategy.js':
    "export { StandardRetryStrategy as AdaptiveRetryStrategy } from './StandardRetryStrategy';",
};

const withoutUnreached: Plugin = {
  name: 'without-unreached',
  setup({ onLoad }) {
    for (const [module, contents] of Object.entries(unreached)) {
      onLoad({ filter: new RegExp(`/${module}$`) }, ({ path }) => ({ contents, resolveDir: dirname(path) }));
    }
  },
};

/** Bundles the handler into the two files that the construct's asset holds. */
async function main(): Promise<void> {
  const { outputFiles, metafile } = await build({
    // two files: the second is loaded only when the record has to be read
    entryPoints: ['lambda/index.ts', 'lambda/aws/cloudformation-reads.ts'],
    outdir: 'lambda/dist',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // the client's ES build: its CommonJS one cannot be tree-shaken
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': './lambda/runtime/environment-credentials.ts' },
    plugins: [environmentSettings, withoutUnreached],
    // no body is a web stream, and to ask whether it is one makes Node load them: 1 to 2 ms and 0.6 MB
    define: { ReadableStream: 'undefined' },
    // loaded only where an operation streams: never here
    external: ['@smithy/core/event-streams', './aws/cloudformation-reads'],
    // `require` instead: the ES facade of node:http loads undici, which costs 10 ms and 4 MB
    supported: { 'dynamic-import': false },
    legalComments: 'none',
    logLevel: 'warning',
  });

  for (const { path, text } of outputFiles) {
    // a second minifier drops what esbuild cannot prove unused
    const { code } = minifySync(text, {
      ecma: 2022,
      module: false,
      compress: { ecma: 2022, passes: 3, toplevel: true },
      mangle: { toplevel: true },
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  writeFileSync('THIRD-PARTY-LICENSES', thirdPartyLicenses(metafile, bundleDependencies));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
