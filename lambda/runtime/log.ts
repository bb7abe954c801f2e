import { digestOf } from '../decision/key-id';

/** Writes one entry. No entry ever contains a response URL or a run of an API key. */
export type Log = (message: string, details?: Readonly<Record<string, unknown>>) => void;

const MASK = '[API key]';
/** The shortest run of a key that is cut out. */
const RUN = 20;
/** Each run contains at least one whole block of this length. */
const BLOCK = RUN / 2;

/** The keys that an environment has seen. WAF's messages may quote one, or part of one. */
export class SeenKeys {
  /** by digest */
  private readonly keys = new Map<string, string>();

  /** Remembers a key; returns its digest. */
  public add(key: string): string {
    const digest = digestOf(key);
    this.keys.set(digest, key);
    return digest;
  }

  public keyOf(digest: string): string | undefined {
    return this.keys.get(digest);
  }

  /** A text without any run of 20 or more characters of these keys. */
  public cutFrom(text: string): string {
    if (text.length < RUN) return text;
    const keys = [...this.keys.values()].filter(key => hasBlock(text, key));
    let result = '';
    let end = 0;
    for (let at = 0; at + RUN <= text.length; at += 1) {
      const run = text.slice(at, at + RUN);
      if (!keys.some(key => key.includes(run))) continue;
      if (at >= end) result += `${text.slice(end, at)}${MASK}`;
      end = at + RUN;
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

// few keys have a block in the text: only those are compared run by run
function hasBlock(text: string, key: string): boolean {
  for (let at = 0; at + BLOCK <= key.length; at += BLOCK)
    if (text.includes(key.slice(at, at + BLOCK))) return true;
  return false;
}
