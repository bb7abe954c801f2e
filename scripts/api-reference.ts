import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** Writes API.md from the last build; with `--check` compares it instead, and fails where it is out of date. */
const API_REFERENCE = 'API.md';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (!existsSync('.jsii')) throw new Error('expected a build, got none: run `npm run build` first');
if (values.check) check();
else generate(API_REFERENCE);

function check(): void {
  const folder = mkdtempSync(join(tmpdir(), 'api-reference-'));
  try {
    const current = join(folder, API_REFERENCE);
    generate(current);
    if (readFileSync(current, 'utf8') !== readFileSync(API_REFERENCE, 'utf8')) {
      throw new Error(`${API_REFERENCE} is out of date: run \`npm run docs:api\` and commit it`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function generate(file: string): void {
  execFileSync(join('node_modules', '.bin', 'jsii-docgen'), ['--output', file], { stdio: 'inherit' });
}
