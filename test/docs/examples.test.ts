import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks, ROOT, read } from './markdown';

const GUIDES = { 'docs/provider.md': 'examples/provider', 'docs/day-two.md': 'examples/day-two' };

describe.each(Object.entries(GUIDES))('%s', (guide, folder) => {
  const text = read(guide);
  const files = readdirSync(join(ROOT, folder)).filter(file => file !== 'app.ts');

  test.each(files)('links to %s', file => {
    expect(text).toContain(`](../${folder}/${file})`);
  });

  test('has only code that is in a compiled file', () => {
    // a whole program is the example of a docstring
    const sources = [
      ...files.map(file => read(`${folder}/${file}`)),
      programOf('lib/waf-captcha-api-key-provider.ts'),
    ];
    const passages = codeBlocks(text, 'ts').flatMap(block => block.trim().split(/\n\n+/));

    const strange = passages.filter(passage => !sources.some(source => flat(source).includes(flat(passage))));

    expect(strange).toEqual([]);
  });
});

function programOf(file: string): string {
  return read(file).replace(/^ \* ?/gm, '');
}

function flat(code: string): string {
  return code.replace(/^ +/gm, '');
}
