import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeBlocks, ROOT, read, section } from './markdown';

const FOLDER = 'examples/recipes';
const readme = read('README.md');
const recipes = section(readme, 'Recipes').split(/^### /m).slice(1);

test.each(readdirSync(join(ROOT, FOLDER)))('the README has a recipe for %s', file => {
  expect(recipes.filter(recipe => filesOf(recipe).includes(file))).toHaveLength(1);
});

test.each(recipes.map(recipe => [recipe.split('\n')[0] ?? '', recipe]))(
  'the lines of "%s" stand in its file',
  (_, recipe) => {
    const files = filesOf(recipe).map(file => unindented(read(`${FOLDER}/${file}`)));
    const strange = codeBlocks(recipe, 'ts')
      .flatMap(block => block.trim().split(/\n\n+/))
      .filter(passage => !files.some(file => file.includes(unindented(passage))));
    expect(strange).toEqual([]);
  },
);

function filesOf(recipe: string): string[] {
  return [...recipe.matchAll(/\(examples\/recipes\/([\w-]+\.ts)\)/g)].map(([, file = '']) => file);
}

function unindented(code: string): string {
  return code.replace(/^ +/gm, '');
}
