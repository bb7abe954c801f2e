import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../local-aws/until';

jest.setTimeout(240_000);

const root = join(__dirname, '..', '..');
const demo = 'node --import tsx examples/demo.ts';
const pauseMs = 100;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['the death of the launcher', `${demo} & wait`, 'SIGKILL'],
  ['a signal', `exec ${demo}`, 'SIGTERM'],
] as const)('%s leaves no process and no folder', async (_, command, signal) => {
  const launcher = launch(command);
  await until(isNamed, pauseMs);
  expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^local-aws-/));
  launcher.kill(signal);
  await until(() => !isNamed() && isEmpty(), pauseMs);
});

// only /proc tells where a process works
(existsSync('/proc/self/cwd') ? test : test.skip)('a signal ends the process of a function', async () => {
  const launcher = launch(`exec ${demo}`);
  const hasEnded = () => launcher.exitCode !== null || launcher.signalCode !== null;
  let output = '';
  launcher.stdout.on('data', text => {
    output += text;
  });
  // the first deployment is done, and its function waits for the next event
  await until(() => output.includes('Outputs:') || hasEnded(), pauseMs);
  expect(workersInFolder()).not.toEqual([]);
  launcher.kill('SIGTERM');
  await until(hasEnded, pauseMs);
  expect(workersInFolder()).toEqual([]);
  expect(isEmpty()).toBe(true);
});

function launch(command: string) {
  const launcher = spawn('sh', ['-c', command], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  launcher.stdout.resume();
  return launcher;
}

/** Whether a process was started with a path in the folder, as the CLI is. */
function isNamed(): boolean {
  return execFileSync('ps', ['-axo', 'args'], { encoding: 'utf8' }).includes(folder);
}

/** The processes that work in the folder, as those of functions do: their arguments do not name it. */
function workersInFolder(): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && workingDirectory(name).startsWith(folder));
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // it has ended meanwhile, or is another user's
    return '';
  }
}

function isEmpty(): boolean {
  return readdirSync(folder).every(name => !name.startsWith('local-aws-'));
}
