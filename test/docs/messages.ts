import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { ROOT, read } from './markdown';

/** What stands for the values that a message fills in. */
const FILLED_IN = '…';

/** Two words in a row: what is read by people, not by programs. */
const PROSE = /\S \p{L}{2,}/u;

/** All that the sources in a folder can say in errors, warnings and logs, with `…` for what is filled in. */
export function messagesIn(folder: string): string[] {
  const sources = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return sources.filter(name => name.endsWith('.ts')).flatMap(name => messagesOf(read(`${folder}/${name}`)));
}

/**
 * All that a source can say: every text of several words, since messages are put together in more ways than
 * `new Error('…')`; the first argument of `log`, which may be one word; and the ids of warnings.
 */
export function messagesOf(source: string): string[] {
  const tree = parseSync(source, { syntax: 'typescript', target: 'es2022' });
  const prose = textsIn(tree).filter(text => PROSE.test(text));
  const entries = firstArgumentsOf('log', tree).flatMap(textsIn);
  const warnings = firstArgumentsOf('warn', tree).flatMap(textsIn);
  return [...new Set([...prose, ...entries, ...warnings.map(id => `cdk-waf-captcha-api-key:${id}`)])];
}

/** A test of whether a text can be the message. */
export function saying(message: string): (text: string) => boolean {
  const parts = message.split(FILLED_IN).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`);
  return text => form.test(text);
}

type Node = Readonly<Record<string, unknown>>;

/** All texts of a tree, each once and as a whole. */
function textsIn(tree: unknown): string[] {
  if (!isNode(tree)) return [];
  const text = textOf(tree);
  if (text === undefined) return Object.values(tree).flatMap(textsIn);
  return [text, ...valuesIn(tree).flatMap(textsIn)];
}

/** The text that a literal, a template or a sum of them makes; `undefined` for anything else. */
function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  switch (node.type) {
    case 'StringLiteral':
      return String(node.value);
    case 'TemplateLiteral':
      return nodesOf(node.quasis)
        .map(({ cooked }) => String(cooked))
        .join(FILLED_IN);
    case 'ParenthesisExpression':
      return textOf(node.expression);
    case 'BinaryExpression': {
      const [left, right] = [textOf(node.left), textOf(node.right)];
      if (node.operator !== '+' || (left ?? right) === undefined) return undefined;
      return `${left ?? FILLED_IN}${right ?? FILLED_IN}`;
    }
    default:
      return undefined;
  }
}

/** The expressions whose values a text fills in. */
function valuesIn(text: Node): unknown[] {
  const parts = [text.expressions, text.expression, text.left, text.right].flat();
  return parts.flatMap(part => (isNode(part) && textOf(part) !== undefined ? valuesIn(part) : [part]));
}

/** The first arguments of all calls of a function or a method by its name. */
function firstArgumentsOf(name: string, tree: unknown): unknown[] {
  return nodesOf(tree)
    .filter(({ type, callee }) => type === 'CallExpression' && nameOf(callee) === name)
    .map(call => (Array.isArray(call.arguments) ? call.arguments[0] : undefined));
}

/** The name by which something is called: `log` of both `log(…)` and `this.options.log(…)`. */
function nameOf(callee: unknown): unknown {
  if (!isNode(callee)) return undefined;
  return callee.type === 'MemberExpression' ? nameOf(callee.property) : callee.value;
}

/** All nodes of a tree. */
function nodesOf(tree: unknown): Node[] {
  if (!isNode(tree)) return [];
  const below = Object.values(tree).flatMap(nodesOf);
  return 'type' in tree ? [tree, ...below] : below;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
