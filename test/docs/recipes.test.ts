import { readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { codeBlocks, ROOT, read } from './markdown';

const DOCUMENTS = ['docs/recipes.md', 'docs/page.md', 'docs/day-two.md'];

const sections = DOCUMENTS.flatMap(document =>
  read(document)
    .split(/^#{2,3} /m)
    .slice(1)
    .map(text => ({ document, title: text.split('\n')[0] ?? '', text })),
);

const recipes = readdirSync(join(ROOT, 'examples/recipes'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => `examples/recipes/${file}`);

test.each(recipes)('the documents have one section for %s', recipe => {
  const naming = sections.filter(section => filesOf(section).includes(recipe));
  expect(naming.map(({ title }) => title)).toHaveLength(1);
});

test.each(sections.filter(({ text }) => codeBlocks(text, 'ts').length > 0))(
  '$document: the lines of "$title" are in its files',
  section => {
    const files = filesOf(section).map(file => unindented(read(file)));
    const strange = codeBlocks(section.text, 'ts')
      .flatMap(block => block.trim().split(/\n\n+/))
      .filter(passage => !files.some(file => file.includes(unindented(passage))));
    expect(strange).toEqual([]);
  },
);

test.each(DOCUMENTS)('%s has no code of another kind than these tests read', document => {
  const languages = [...read(document).matchAll(/^```(.+)$/gm)].map(([, language]) => language);
  expect([...new Set(languages)].filter(language => language !== 'ts' && language !== 'console')).toEqual([]);
});

function filesOf({ document, text }: { document: string; text: string }): string[] {
  const links = text.matchAll(/\]\(([\w./-]+\.ts)\)/g);
  return [...links].map(([, link = '']) => normalize(join(dirname(document), link)));
}

function unindented(code: string): string {
  return code.replace(/^ +/gm, '');
}
