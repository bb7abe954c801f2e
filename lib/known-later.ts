import { Lazy, Token } from 'aws-cdk-lib';

// the value of a parameter that the CLI has yet to look up (`valueFromLookup`), in the first pass of synthesis
const LOOKUP_DUMMY = /dummy-value-for-/i;

/** Whether a value is a token, or a placeholder for one that the CLI has yet to look up. */
export function isKnownLater(value: unknown): value is string {
  return typeof value === 'string' && (Token.isUnresolved(value) || isLookedUpLater(value));
}

/** Whether a text is, or holds, a placeholder for a value that the CLI has yet to look up. */
export function isLookedUpLater(text: string): boolean {
  return LOOKUP_DUMMY.test(text);
}

/** Whether a value is known only at deployment, even once everything that synthesis knows is resolved. */
export function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [name = '', ...more] = Object.keys(value);
  return more.length === 0 && /^(Ref$|Fn::)/.test(name);
}

/** Whether a list's names, and even their number, will be known only later. */
export function isListToken(list: readonly unknown[]): boolean {
  return Token.isUnresolved(list) && /^#\{Token\[[^\]]*\]\}$/.test(String(list[0]));
}

/** A text after a change that is made to what is known of it now, and again once synthesis knows all of it. */
export function changedText(text: string, change: (text: string) => string): string {
  const changed = change(text);
  if (!Token.isUnresolved(changed)) return changed;
  const final = (resolved: unknown) => (typeof resolved === 'string' ? change(resolved) : resolved);
  return Token.asString(Lazy.uncachedAny({ produce: context => final(context.resolve(changed)) }));
}

/** A list after a change that is made once synthesis knows the list; its names may still be intrinsics then. */
export function changedList(
  list: readonly string[],
  change: (list: readonly unknown[]) => unknown[],
): string[] {
  const final = (resolved: unknown) => (Array.isArray(resolved) ? change(resolved) : resolved);
  return Token.asList(Lazy.uncachedAny({ produce: context => final(context.resolve(list)) }));
}
