import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root. */
export const ROOT = join(__dirname, '..', '..');

/** The text of a file, given by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text of a section, down to the next heading of the same or a higher level. */
export function section(markdown: string, title: string): string {
  const lines = markdown.split('\n');
  const start = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
  if (start < 0) throw new Error(`expected a section "${title}", got none`);
  const level = (lines[start] ?? '').indexOf(' ');
  const length = lines.slice(start + 1).findIndex(line => new RegExp(`^#{1,${level}} `).test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n');
}

/** The texts of all headings. */
export function headings(markdown: string): string[] {
  return [...withoutCodeBlocks(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, text = '']) => text);
}

/** The code blocks of a language. */
export function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^```(\w*).*\n([\s\S]*?)^```$/gm);
  return [...blocks].filter(block => block[1] === language).map(([, , code = '']) => code);
}

export function withoutCodeBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The contents of all code spans. */
export function codeSpans(markdown: string): string[] {
  return [...withoutCodeBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** The first column of the tables whose first heading is `title`, without the heading. */
export function firstColumn(markdown: string, title: string): string[] {
  return table(markdown, title).map(([first = '']) => first);
}

/** The rows of the tables whose first heading is `title`, without the heading. */
export function table(markdown: string, title: string): string[][] {
  const tables = withoutCodeBlocks(markdown).matchAll(/(?:^\|.*\n)+/gm);
  return [...tables].flatMap(([text]) => {
    const [heading, , ...rows] = text
      .trim()
      .split('\n')
      .map(row =>
        row
          .split('|')
          .slice(1, -1)
          .map(cell => cell.trim()),
      );
    return heading?.[0] === title ? rows : [];
  });
}
