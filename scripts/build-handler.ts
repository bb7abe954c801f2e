import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { minifySync } from '@swc/core';
import { buildSync } from 'esbuild';

/** Bundles the handler into the two files that the construct's asset holds. */
const { outputFiles } = buildSync({
  // two files: the second is loaded only when the events of the stack have to be read
  entryPoints: ['lambda/index.ts', 'lambda/describe-stack-events.ts'],
  outdir: 'lambda/dist',
  bundle: true,
  minify: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // the client's ES build: its CommonJS one cannot be tree-shaken
  mainFields: ['module', 'main'],
  alias: { '@aws-sdk/credential-provider-node': './lambda/environment-credentials.ts' },
  // loaded only to guess the mode of defaults, or where an operation streams: never here
  external: ['@smithy/core/event-streams', '@smithy/credential-provider-imds', './describe-stack-events'],
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
    compress: { ecma: 2022, passes: 2, toplevel: true },
    mangle: { toplevel: true },
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
}
