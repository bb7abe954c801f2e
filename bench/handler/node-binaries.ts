import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The major version of Lambda's newest runtime. */
const LAMBDA_NODE = 24;

export interface NodeBinary {
  readonly version: string;
  readonly path: string;
}

/** This process's Node, and that of Lambda's newest runtime if npm can bring it into the folder. */
export async function nodeBinaries(folder: string): Promise<NodeBinary[]> {
  const own: NodeBinary = { version: process.versions.node, path: process.execPath };
  if (own.version.startsWith(`${LAMBDA_NODE}.`)) return [own];
  const name = `node-${process.platform}-${process.arch}`;
  const run = promisify(execFile);
  try {
    await run('npm', ['install', '--no-save', '--silent', '--prefix', folder, `${name}@${LAMBDA_NODE}`]);
    const path = join(folder, 'node_modules', name, 'bin', 'node');
    const { stdout } = await run(path, ['--version']);
    return [own, { version: stdout.trim().slice(1), path }];
  } catch (error) {
    process.stderr.write(`without Node ${LAMBDA_NODE}: ${String(error)}\n`);
    return [own];
  }
}
