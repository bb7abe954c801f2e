import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GUARDS, type Guard, withoutGuard } from './guards';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '1' },
    promise: { type: 'string' },
  },
});

/** Removes one guard of the handler after the other, and sees the simulation notice. */
function main(): void {
  const folder = copyOfSources();
  try {
    const asked = GUARDS.filter(({ promise }) => values.promise === undefined || promise === values.promise);
    const unseen = asked.filter(guard => !isSeen(guard, folder));
    console.log(
      `${asked.length - unseen.length} of ${asked.length} guards are missed by the simulation when gone`,
    );
    process.exitCode = unseen.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isSeen(guard: Guard, folder: string): boolean {
  const { file, source } = withoutGuard(guard, 'lambda');
  const copy = join(folder, 'lambda', file);
  writeFileSync(copy, source);
  const program = 'test/simulation/guards/first-violation.ts';
  const args = ['--import', 'tsx', program, guard.promise, values.seed, values.runs];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  cpSync(join('lambda', file), copy);
  console.log(`${guard.promise} without "${guard.keeps}": ${stdout.trim() || stderr}`);
  return status === 0;
}

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'without-guards-'));
  for (const part of ['lambda', 'lib', 'local-aws', 'test', 'package.json', 'tsconfig.json']) {
    cpSync(part, join(folder, part), { recursive: true });
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}

main();
