import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';

const DIST = join(__dirname, '..', '..', 'lambda', 'dist');
const KB = 1024;

const run = promisify(execFile);

// a folder that no node_modules stands above
const folder = mkdtempSync(join(tmpdir(), 'test-bundle-'));
beforeAll(() => cpSync(DIST, folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a line of JavaScript beside the bundle, with Lambda's variables and nothing else. */
async function evaluate(source: string): Promise<string> {
  const variables = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_SESSION_TOKEN: 'example',
    // a port that nothing listens on
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    NODE_NO_WARNINGS: '1',
  };
  const { stdout } = await run(process.execPath, ['-e', source], { cwd: folder, env: variables });
  return stdout.trim();
}

test('the handler takes at most 55 KB zipped', () => {
  const zipped = deflateRawSync(readFileSync(join(DIST, 'index.js')), { level: 9 });
  expect(zipped.length).toBeLessThanOrEqual(55 * KB);
});

test('the handler loads with nothing around it', async () => {
  expect(await evaluate("process.stdout.write(typeof require('./index').handler)")).toBe('function');
});

test('the part that reads the events of a stack goes as far as the network with nothing around it', async () => {
  const call = "require('./describe-stack-events').describeStackEvents({ StackName: 'shop' }, {})";
  expect(await evaluate(`${call}.catch(error => process.stdout.write(error.code))`)).toBe('ECONNREFUSED');
});

test('the bundle requires nothing but modules of Node on the ways that are taken', () => {
  for (const file of ['index.js', 'describe-stack-events.js']) {
    const source = readFileSync(join(DIST, file), 'utf8');
    const required = [...source.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(([, name]) => name);
    const foreign = required.filter(name => name !== undefined && !/^(node:|\.\/)/.test(name));
    // reached only by operations that stream, which none of the five does
    expect(foreign.filter(name => name !== '@smithy/core/event-streams')).toEqual([]);
  }
});
