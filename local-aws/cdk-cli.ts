import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface CdkOptions {
  /** The whole environment of the CLI and of the app that it runs. */
  readonly environment: Readonly<Record<string, string>>;
  /** The folder with `cdk.json`. */
  readonly cwd: string;
  /** Takes the output as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Ends the CLI, and the app with it. */
  readonly signal?: AbortSignal;
}

export interface CdkResult {
  readonly exitCode: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

const cli = join(dirname(require.resolve('aws-cdk/package.json')), 'bin', 'cdk');

/** Runs the real `cdk` CLI of this repository, its cloud assembly in a temporary folder. */
export async function runCdk(args: readonly string[], options: CdkOptions): Promise<CdkResult> {
  const output = await mkdtemp(join(options.environment.TMPDIR ?? tmpdir(), 'cdk-out-'));
  try {
    return await runCli([...args, '--output', output], options);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

function runCli(args: readonly string[], options: CdkOptions): Promise<CdkResult> {
  const { environment, cwd, onOutput, signal } = options;
  signal?.throwIfAborted();
  // a process group of its own: the CLI starts the app through a shell, and all of them have to end together
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => {
    const over = child.exitCode !== null || child.signalCode !== null;
    if (child.pid !== undefined && !over) process.kill(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', end);
  return new Promise<CdkResult>((resolve, reject) => {
    let output = '';
    const take = (text: string) => {
      output += text;
      onOutput?.(text);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', code => {
      if (signal?.aborted) reject(signal.reason);
      else resolve({ exitCode: code ?? 1, output });
    });
  }).finally(() => signal?.removeEventListener('abort', end));
}

/** An `onOutput` that passes on nothing but the lines with a stack's events. */
export function stackEvents(take: (line: string) => void): (text: string) => void {
  let rest = '';
  return text => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    // stack | progress | time | status | type | resource
    for (const line of lines.filter(one => one.split(' | ').length >= 5)) take(line.trimEnd());
  };
}
