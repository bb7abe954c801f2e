import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appOf, ways } from '../../bench/template/apps';

process.env.CDK_VALIDATION = 'false';
const folder = mkdtempSync(join(tmpdir(), 'test-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

function templateWith(keys: number): { resources: number; bytes: number } {
  const add = ways['**ours**'];
  if (!add) throw new Error('expected our way among those that are measured, got none');
  const outdir = mkdtempSync(join(folder, 'cdk.out-'));
  const { Resources } = appOf(add, 1, keys, outdir).synth().getStackByName('Stack0').template;
  return { resources: Object.keys(Resources).length, bytes: JSON.stringify(Resources).length };
}

test('a stack holds three resources for all keys and one for each', () => {
  expect(templateWith(1).resources).toBe(3 + 1);
  expect(templateWith(3).resources).toBe(3 + 3);
});

test('a key takes at most 380 bytes of template', () => {
  expect(templateWith(2).bytes - templateWith(1).bytes).toBeLessThanOrEqual(380);
});
