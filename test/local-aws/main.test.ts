import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning, until } from './until';

jest.setTimeout(120_000);

const root = join(__dirname, '..', '..');
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

interface Running {
  readonly child: ChildProcess;
  /** Everything that it prints when it starts. */
  readonly printed: string;
  /** That of local AWS itself, as far as it was told. */
  readonly pid: number;
  readonly folder: string;
}

/** Starts local AWS below a launcher, with nothing on standard input that could end it. */
async function start(command: string, args: readonly string[]): Promise<Running> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', text => {
      printed += text;
      if (printed.includes('Ctrl-C')) resolve();
    });
    child.on('exit', code => reject(new Error(`expected local AWS to start, got exit code ${code}`)));
  });
  const folder = dirname(/^export CDK_HOME='(.*)'$/m.exec(printed)?.[1] ?? '');
  return { child, printed, folder, pid: Number(/^pid (\d+)$/m.exec(printed)?.[1]) };
}

const local = 'node --import tsx local-aws/main.ts';

test('says how an app reaches it, what it imitates and what it only records', async () => {
  const { printed, child, folder } = await start('sh', ['-c', `exec ${local}`]);
  expect(printed).toMatch(/^export AWS_ENDPOINT_URL='http:\/\/127\.0\.0\.1:\d+'$/m);
  expect(printed).toMatch(/^export AWS_ACCESS_KEY_ID='AKIA[A-Z2-7]{16}'$/m);
  expect(printed).toContain('AWS::Lambda::Function');
  expect(printed).toMatch(/AWS::WAFv2:: .*WebACL, WebACLAssociation/);
  child.kill('SIGTERM');
  await until(() => child.exitCode !== null);
  expect([child.exitCode, existsSync(folder)]).toEqual([0, false]);
});

test('ends with its launcher, and leaves no folder', async () => {
  const { child, pid, folder } = await start('sh', ['-c', `${local} & echo pid $!; wait`]);
  expect([isRunning(pid), existsSync(folder)]).toEqual([true, true]);
  child.kill('SIGKILL');
  await until(() => !isRunning(pid));
  expect(existsSync(folder)).toBe(false);
});

test('ends when npm alone is told to', async () => {
  const { child, printed, folder } = await start('npm', ['run', 'local-aws']);
  child.kill('SIGTERM');
  await until(() => child.exitCode !== null || child.signalCode !== null);
  await until(() => !existsSync(folder));
  const [, url = ''] = /^export AWS_ENDPOINT_URL='(.*)'$/m.exec(printed) ?? [];
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
