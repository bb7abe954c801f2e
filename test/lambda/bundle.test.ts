import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';

const DIST = join(__dirname, '..', '..', 'lambda', 'dist');
const KB = 1000;

const run = promisify(execFile);

// a folder that no node_modules stands above
const folder = mkdtempSync(join(tmpdir(), 'test-bundle-'));
beforeAll(() => cpSync(DIST, folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a line of JavaScript beside the bundle, with Lambda's variables and the given ones. */
async function evaluate(source: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const variables = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_SESSION_TOKEN: 'example',
    // a port that nothing listens on
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    NODE_NO_WARNINGS: '1',
    ...more,
  };
  const { stdout } = await run(process.execPath, ['-e', source], { cwd: folder, env: variables });
  return stdout.trim();
}

const FILES = ['index.js', 'aws/cloudformation-reads.js'];

/** The size of the bundle's files in an asset, in bytes. */
function zipped(files: readonly string[]): number {
  const sizes = files.map(file => deflateRawSync(readFileSync(join(DIST, file)), { level: 9 }).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('what a Create loads takes at most 55 KB zipped, and all of the handler 104 KB', () => {
  expect(zipped(['index.js'])).toBeLessThanOrEqual(55 * KB);
  expect(zipped(FILES)).toBeLessThanOrEqual(104 * KB);
});

test('the handler loads without any other module', async () => {
  expect(await evaluate("process.stdout.write(typeof require('./index').handler)")).toBe('function');
});

/** How the part that reads CloudFormation's record fails. */
function failureToDescribe(variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const call = "require('./aws/cloudformation-reads').describeStackEvents({ StackName: 'shop' }, {})";
  return evaluate(`${call}.catch(error => process.stdout.write(error.message))`, variables);
}

test('the part that reads the record reaches the network without any other module', async () => {
  expect(await failureToDescribe()).toBe('connect ECONNREFUSED 127.0.0.1:1');
});

test('the SDK takes its settings from the environment', async () => {
  const [endpoint, fips] = await Promise.all([
    failureToDescribe({ AWS_ENDPOINT_URL_CLOUDFORMATION: 'http://127.0.0.1:2' }),
    failureToDescribe({ AWS_USE_FIPS_ENDPOINT: 'true' }),
  ]);
  expect(endpoint).toBe('connect ECONNREFUSED 127.0.0.1:2');
  expect(fips).toContain('FIPS and custom endpoint are not supported');
});

test.each(['standard', 'adaptive'])('a call is attempted once in the retry mode %s', async AWS_RETRY_MODE => {
  const call = "require('./aws/cloudformation-reads').describeStacks({ StackName: 'shop' }, {})";
  const attempts = `${call}.catch(error => process.stdout.write(String(error.$metadata.attempts)))`;
  expect(await evaluate(attempts, { AWS_RETRY_MODE })).toBe('1');
});

test('the SDK looks for no settings in files', async () => {
  const file = join(folder, 'config');
  writeFileSync(file, '[default]\nuse_fips_endpoint = true\n');
  expect(await failureToDescribe({ AWS_CONFIG_FILE: file })).toBe('connect ECONNREFUSED 127.0.0.1:1');
});

test('the bundle requires only Node’s own modules on the paths that are used', () => {
  for (const file of FILES) {
    const source = readFileSync(join(DIST, file), 'utf8');
    const required = [...source.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(([, name]) => name);
    const foreign = required.filter(name => name !== undefined && !/^(node:|\.\/)/.test(name));
    // reached only by operations that stream, which none of ours does
    expect(foreign.filter(name => name !== '@smithy/core/event-streams')).toEqual([]);
  }
});
