import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../local-aws/until';

jest.setTimeout(120_000);

const root = join(__dirname, '..', '..');
const demo = 'node --import tsx examples/demo.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Whether a process was started with a path in the folder, as the CLI is. */
function isUsed(): boolean {
  return execFileSync('ps', ['-axo', 'args'], { encoding: 'utf8' }).includes(folder);
}

test.each([
  ['the death of the launcher', `${demo} & wait`, 'SIGKILL'],
  ['a signal', `exec ${demo}`, 'SIGTERM'],
] as const)('%s leaves no process and no folder', async (_, command, signal) => {
  const launcher = spawn('sh', ['-c', command], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: 'ignore',
  });
  await until(isUsed);
  expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^local-aws-/));
  launcher.kill(signal);
  await until(() => !isUsed());
  await until(() => readdirSync(folder).every(name => !name.startsWith('local-aws-')));
});
