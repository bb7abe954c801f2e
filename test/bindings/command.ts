import { execFile } from 'node:child_process';

export interface CommandOptions {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs a command and gives its standard output. Where it fails, the error holds all that it wrote. */
export function run(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { cwd, environment, signal } = options;
  const settings = { cwd, env: environment, signal, maxBuffer: 2 ** 26 };
  return new Promise((resolve, reject) => {
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const reason = signal.aborted ? signal.reason : `exit ${error.code}`;
      reject(new Error(`${[command, ...args].join(' ')}: ${reason}\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

/** Whether a command is there and succeeds. */
export async function succeeds(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<boolean> {
  try {
    await run(command, args, options);
    return true;
  } catch {
    options.signal.throwIfAborted();
    return false;
  }
}
