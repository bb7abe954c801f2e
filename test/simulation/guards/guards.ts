import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PromiseName } from '../account';

/** A statement of the handler that guards a promise, and what takes its place when it is removed. */
export interface Guard {
  /** Of the comment `// guard: …` before the statement. */
  readonly tag: string;
  readonly promise: PromiseName;
  /** What the guard is for. */
  readonly keeps: string;
  /** @default - nothing */
  readonly without?: string;
}

/** One or more guards of each promise that the simulation checks. */
export const GUARDS: readonly Guard[] = [
  {
    tag: 'the keys of an id',
    promise: 'safe',
    keeps: 'a key that is only used is not deleted',
    without: 'const keys = [id, ...(id.after ? [id.after] : [])];',
  },
  {
    tag: 'the keys of an id',
    promise: 'clean',
    keeps: 'the previous key goes with its successor',
    without: "const keys = id.origin === 'imported' ? [] : [id];",
  },
  {
    tag: 'a key stays while the record names it',
    promise: 'continuous',
    keeps: 'a key that another id names is not deleted',
    without: 'return split(keys, () => false);',
  },
  {
    tag: 'the domains fit',
    promise: 'continuous',
    keeps: 'the key holds exactly the desired domains',
    without: 'return key;',
  },
  {
    tag: 'the rotation fits',
    promise: 'continuous',
    keeps: 'a changed rotation gives a fresh key',
    without: 'return sameLocation(id.location, location);',
  },
  {
    tag: 'absence is confirmed',
    promise: 'continuous',
    keeps: 'a key that is not listed yet is looked for again before another is created',
  },
  {
    tag: 'the same key under a new id',
    promise: 'continuous',
    keeps: 'an id that CloudFormation may mean to delete is not answered again',
    without: 'if (key) return use(former, key, former.text);',
  },
  {
    tag: 'a key that does not fit needs a late reading',
    promise: 'continuous',
    keeps: 'a reading of the operation before is not taken for a rollback',
  },
  { tag: 'a hand-over', promise: 'continuous', keeps: 'a key that is handed over stays' },
  {
    tag: 'the previous key is named',
    promise: 'continuous',
    keeps: 'keepPreviousKey keeps the previous key',
    without: 'return undefined;',
  },
  {
    tag: 'a key that the resource has had',
    promise: 'continuous',
    keeps: 'the old template gets the previous key back',
  },
  {
    tag: 'a nested stack goes on',
    promise: 'restored',
    keeps: 'a nested stack goes back beyond the completion in which it waited for its parent',
    without: 'if (SETTLED.test(status)) return index;',
  },
  {
    tag: 'events show the request',
    promise: 'restored',
    keeps: 'events that are late are waited for',
    without: 'const history = historyOf(events, event);',
  },
  {
    tag: 'a reading is late enough',
    promise: 'clean',
    keeps: 'a stack that seems to be at rest is asked for again',
    without: 'return readAt >= signedAt;',
  },
  { tag: 'a refused response', promise: 'clean', keeps: 'a key is undone when its response is refused' },
  {
    tag: 'the record shows the end of the request',
    promise: 'clean',
    keeps: 'a key is undone when CloudFormation has gone on without it',
    without: 'const isOver = false;',
  },
  {
    tag: 'the role stays for a while',
    promise: 'clean',
    keeps: 'the role stays until a cancelled request has cleaned up',
  },
  {
    tag: 'orphan candidates are logged',
    promise: 'clean',
    keeps: 'the log names a key whose creation got no response',
  },
  {
    tag: 'a response is sent again',
    promise: 'live',
    keeps: 'a response that does not get through is sent again',
    without: 'refusals += 3;',
  },
  {
    tag: 'responses are remembered',
    promise: 'live',
    keeps: 'an event that comes again gets the same response',
    without: 'const response = await respondTo(received, address, limit);',
  },
  {
    tag: 'permissions are waited for',
    promise: 'live',
    keeps: 'permissions that have not arrived yet are waited for',
    without: 'if (isAccessDenied(error)) return Verdict.REFUSED;',
  },
  {
    tag: 'a quota is waited out',
    promise: 'live',
    keeps: 'a refusal for the quota is waited out',
    without: 'if (THROTTLED.test(error.name)) return Verdict.REFUSED;',
  },
  { tag: 'a conflict is tried again', promise: 'live', keeps: 'a conflict of deletions is tried again' },
  {
    tag: 'a key that is gone is deleted',
    promise: 'live',
    keeps: 'the Delete of a key that is gone already succeeds',
    without: 'throw error;',
  },
];

/** Where a guard is, and its file's source without it. */
export function withoutGuard({ tag, without = '' }: Guard, folder: string): { file: string; source: string } {
  const tagged = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(file => ({ file, lines: readFileSync(join(folder, file), 'utf8').split('\n') }))
    .filter(({ lines }) => lines.some(line => line.trim() === `// guard: ${tag}`));
  const [found, ...others] = tagged;
  if (!found || others.length > 0)
    throw new Error(`expected one statement with the tag "${tag}", got ${tagged.length}`);
  const { file, lines } = found;
  const start = lines.findIndex(line => line.trim() === `// guard: ${tag}`) + 1;
  const end = endOfStatement(lines, start);
  return { file, source: [...lines.slice(0, start), without, ...lines.slice(end)].join('\n') };
}

/** The line after a statement: where its brackets are closed, and it ends with a semicolon or a brace. */
function endOfStatement(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let index = start; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    // brackets in texts and regular expressions come in pairs
    for (const character of line) depth += '([{'.includes(character) ? 1 : ')]}'.includes(character) ? -1 : 0;
    if (depth === 0 && /[;}]$/.test(line)) return index + 1;
  }
  throw new Error(`expected a statement after line ${start}, got no end of it`);
}
