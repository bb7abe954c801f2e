/** Writes one decision. No entry ever holds a response URL or a run of an API key. */
export type Log = (message: string, details?: Readonly<Record<string, unknown>>) => void;

const MASK = '[API key]';
/** The shortest run of a key that is cut out. */
const RUN = 20;
/** Blocks of a key that are looked for: each run has one of them whole. */
const BLOCK = RUN / 2;

/** The keys that an environment has seen. WAF's own messages may quote one, or a part of one. */
export class SeenKeys {
  private readonly keys = new Set<string>();

  public add(key: string): void {
    this.keys.add(key);
  }

  /** A text without any run of 20 or more characters of these keys. */
  public cutFrom(text: string): string {
    if (text.length < RUN) return text;
    const runs = [...this.keys].flatMap(key => runsOf(key, text)).sort(([a], [b]) => a - b);
    let result = '';
    let end = 0;
    for (const [from, to] of runs) {
      if (from >= end) result += `${text.slice(end, from)}${MASK}`;
      end = Math.max(end, to);
    }
    return result + text.slice(end);
  }
}

/** One line of JSON each, straight to the stream: `console` would put Lambda's own prefix before it. */
export function jsonLog(seen: SeenKeys): Log {
  return (message, details) => {
    const line = JSON.stringify({ message, ...details }, (_name, value: unknown) =>
      typeof value === 'string' ? seen.cutFrom(value) : value,
    );
    process.stdout.write(`${line}\n`);
  };
}

/** Where a text has runs of a key, each from its first character to the one after its last. */
function runsOf(key: string, text: string): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (let block = 0; block + BLOCK <= key.length; block += BLOCK) {
    const sample = key.slice(block, block + BLOCK);
    for (let at = text.indexOf(sample); at >= 0; at = text.indexOf(sample, at + 1)) {
      let before = 0;
      while (block > before && at > before && key[block - before - 1] === text[at - before - 1]) before += 1;
      let length = before + BLOCK;
      while (
        key[block - before + length] === text[at - before + length] &&
        at - before + length < text.length
      )
        length += 1;
      if (length >= RUN) runs.push([at - before, at - before + length]);
    }
  }
  return runs;
}
