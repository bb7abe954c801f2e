import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { headings, ROOT, read, withoutCodeBlocks } from './markdown';

/** What is not written here: installed, generated, or of the machine. */
const NOT_OURS = /^(node_modules|build|dist|coverage|reports|cdk\.out|\.git|\.stryker-tmp)$/;

const documents = readdirSync(ROOT, { withFileTypes: true })
  .filter(({ name }) => !NOT_OURS.test(name))
  .flatMap(entry => (entry.isDirectory() ? documentsBelow(entry.name) : entry.name))
  .filter(path => path.endsWith('.md'));

test.each(documents)('the links of %s lead somewhere', path => {
  expect(localLinksOf(read(path)).filter(link => !resolves(path, link))).toEqual([]);
});

test('the README is among the documents', () => {
  expect(documents).toContain('README.md');
});

describe('a link', () => {
  test.each([
    'README.md',
    'README.md#see-it-work',
    '#commits',
    'examples/recipes',
    'bench/README.md#handler',
  ])('to %s resolves from CONTRIBUTING.md', link => {
    expect(resolves('CONTRIBUTING.md', link)).toBe(true);
  });

  test.each(['MISSING.md', 'README.md#missing', '#missing', 'LICENSE#missing'])('to %s does not', link => {
    expect(resolves('CONTRIBUTING.md', link)).toBe(false);
  });

  test('is found in its forms, and not in code', () => {
    const markdown =
      '[a](b.md) [`c`](#d) ![e](f.png) <a href="#g">h</a> [i](https://j) `[k](l)`\n```\n[m](n)\n```\n';
    expect(localLinksOf(markdown)).toEqual(['b.md', '#d', 'f.png', '#g']);
  });
});

test('an anchor is its heading as GitHub writes it', () => {
  expect(
    anchorsOf("# What it does, and when\n## In the function's log\n## `a_b` [c](d)\n# X\n# X\n"),
  ).toEqual(['what-it-does-and-when', 'in-the-functions-log', 'a_b-c', 'x', 'x-1']);
});

function documentsBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => !path.split('/').some(name => NOT_OURS.test(name)))
    .map(path => `${folder}/${path}`);
}

function localLinksOf(markdown: string): string[] {
  const text = withoutCodeBlocks(markdown).replace(/`[^`\n]*`/g, 'code');
  const links = text.matchAll(/\]\(([^)\s]+)\)|href="([^"]+)"/g);
  return [...links].map(([, link, href]) => link ?? href ?? '').filter(link => !/^[a-z]+:/.test(link));
}

/** Whether a link in a document leads to a file or a folder, and to a heading where it names one. */
function resolves(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(ROOT, target))) return false;
  if (anchor === undefined) return true;
  return statSync(join(ROOT, target)).isFile() && anchorsOf(read(target)).includes(anchor);
}

/** The anchors that GitHub gives to the headings, and those that a document sets itself. */
function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const ofHeadings = headings(markdown).map(heading => {
    const slug = slugOf(heading);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  const tags = [...markdown.matchAll(/<a [^>]*>/g)].join();
  const own = [...tags.matchAll(/ (?:name|id)="([^"]+)"/g)].map(([, name = '']) => name);
  return [...ofHeadings, ...own];
}

function slugOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replace(/ /g, '-');
}
