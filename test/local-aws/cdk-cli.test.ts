import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCdk, stackEvents } from '../../local-aws/cdk-cli';
import { childEnvironment, endpointSettings } from '../../local-aws/child-environment';
import { newCredentials } from '../../local-aws/credentials';
import { isRunning, until } from './until';

jest.setTimeout(60_000);

let folder: string;
let environment: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cdk-cli-test-'));
  const { user } = newCredentials();
  environment = childEnvironment(endpointSettings('http://127.0.0.1:1', 'eu-west-1', user, folder), folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('gives the exit code and the output, and removes the assembly', async () => {
  let streamed = '';
  const onOutput = (text: string) => {
    streamed += text;
  };
  const { exitCode, output } = await runCdk(['synth'], { environment, cwd: folder, onOutput });
  expect(exitCode).toBe(1);
  expect(output).toContain('--app is required');
  expect(streamed).toBe(output);
  expect((await readdir(folder)).filter(name => name.startsWith('cdk-out-'))).toEqual([]);
});

test('the signal ends the CLI and the app that it runs', async () => {
  const pidFile = join(folder, 'pid');
  const app = join(folder, 'app.cjs');
  await writeFile(
    app,
    `require('node:fs').writeFileSync('${pidFile}', String(process.pid)); setInterval(() => {}, 1000);`,
  );
  const controller = new AbortController();
  const args = ['synth', '--app', `${process.execPath} ${app}`];
  const run = runCdk(args, { environment, cwd: folder, signal: controller.signal });
  const ended = expect(run).rejects.toThrow('enough');
  await until(() => existsSync(pidFile));
  controller.abort(new Error('enough'));
  await ended;
  const pid = Number(await readFile(pidFile, 'utf8'));
  await until(() => !isRunning(pid));
});

test('starts nothing once the signal is aborted', async () => {
  const run = runCdk(['synth'], { environment, cwd: folder, signal: AbortSignal.abort(new Error('early')) });
  await expect(run).rejects.toThrow('early');
});

test('the lines with events are told from the rest, however they arrive', () => {
  const lines: string[] = [];
  const take = stackEvents(line => lines.push(line));
  const event = 'S | 1/2 | 1:00:00 PM | CREATE_COMPLETE | AWS::S3::Bucket | B ';
  for (const text of ['Synthesis time\nS: deploying\n', event.slice(0, 20), `${event.slice(20)}\nOutputs`])
    take(text);
  expect(lines).toEqual([event.trimEnd()]);
});
