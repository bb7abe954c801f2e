import { buildSync } from 'esbuild';

/** Bundles the handler into the one file that the construct's asset holds. */
buildSync({
  // two files: the second is loaded only when the events of the stack have to be read
  entryPoints: ['lambda/index.ts', 'lambda/describe-stack-events.ts'],
  outdir: 'lambda/dist',
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // the client's ES build: its CommonJS one cannot be tree-shaken
  mainFields: ['module', 'main'],
  // loaded only where Lambda's credentials are absent from the environment, or where an operation streams: never here
  external: [
    '@aws-sdk/credential-provider-http',
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    '@smithy/core/event-streams',
    '@smithy/credential-provider-imds',
    './describe-stack-events',
  ],
  legalComments: 'none',
  logLevel: 'warning',
});
