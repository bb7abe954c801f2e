import { execFileSync } from 'node:child_process';

/** Fails unless the package holds what users need, and nothing of what only developers do. */
const REQUIRED = [
  '.jsii',
  'API.md',
  'LICENSE',
  'README.md',
  'build/index.js',
  'build/index.d.ts',
  'lambda/dist/index.js',
  'package.json',
];
const ALLOWED = [
  /^(\.jsii|API\.md|LICENSE|README\.md|package\.json)$/,
  /^build\/[\w-]+\.(js|d\.ts)$/,
  /^lambda\/dist\/[\w-]+\.js$/,
  /^node_modules\/tldts(-core)?\//,
];

const [{ files, size, unpackedSize }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
) as [{ files: { path: string }[]; size: number; unpackedSize: number }];
const paths = files.map(({ path }) => path);

const missing = REQUIRED.filter(path => !paths.includes(path));
const surplus = paths.filter(path => !ALLOWED.some(pattern => pattern.test(path)));
if (missing.length > 0) throw new Error(`the tarball lacks ${missing.join(', ')}`);
if (surplus.length > 0) throw new Error(`the tarball holds what it should not: ${surplus.join(', ')}`);
console.log(
  `the tarball holds ${paths.length} files: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`,
);

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}
