import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GUARDS, type Guard, sourceWithout } from './guards';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '4000' },
    seed: { type: 'string', default: '1' },
    rule: { type: 'string' },
  },
});

/** Takes away one guard of the handler after the other, and sees the simulation notice. */
function main(): void {
  const folder = copyOfSources();
  try {
    const asked = GUARDS.filter(({ rule }) => values.rule === undefined || rule === Number(values.rule));
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
  const file = join(folder, 'lambda', guard.file);
  writeFileSync(file, sourceWithout(guard, 'lambda'));
  const program = 'test/simulation/guards/first-violation.ts';
  const args = ['--import', 'tsx', program, String(guard.rule), values.seed, values.runs];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  cpSync(join('lambda', guard.file), file);
  console.log(`rule ${guard.rule} without "${guard.keeps}": ${stdout.trim() || stderr}`);
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
