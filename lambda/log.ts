/** Writes one decision. No entry ever holds a response URL or a whole API key. */
export type Log = (message: string, details?: Readonly<Record<string, unknown>>) => void;

/** One line of JSON each, straight to the stream: `console` would put Lambda's own prefix before it. */
export const jsonLog: Log = (message, details) => {
  process.stdout.write(`${withoutKeys(JSON.stringify({ message, ...details }))}\n`);
};

/** A text with everything as long as a key cut out: WAF's own messages may quote one. */
export function withoutKeys(text: string): string {
  return text.replace(/[\w+/=]{100,}/g, '[API key]');
}
