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
  const sources = readdirSync(join(ROOT, folder)).filter(name => name.endsWith('.ts'));
  return sources.flatMap(name => messagesOf(read(`${folder}/${name}`)));
}

/**
 * All that a source can say: every text of several words, since messages are put together in more ways than
 * `new Error('…')`; the first argument of `log`, which may be one word; and the ids of warnings.
 */
export function messagesOf(source: string): string[] {
  const nodes = nodesOf(parseSync(source, { syntax: 'typescript', target: 'es2022' }));
  const texts = nodes.flatMap(textOf).filter(text => PROSE.test(text));
  const entries = callsOf('log', nodes).flatMap(nodesOf).flatMap(textOf);
  const warnings = callsOf('warn', nodes).flatMap(textOf);
  return [...new Set([...texts, ...entries, ...warnings.map(id => `cdk-waf-captcha-api-key:${id}`)])];
}

/** A test of whether a text can be the message. */
export function saying(message: string): (text: string) => boolean {
  const parts = message.split(FILLED_IN).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const form = new RegExp(`^${parts.join('.*')}$`);
  return text => form.test(text);
}

type Node = Readonly<Record<string, unknown>>;

/** A syntax tree as a flat list. */
function nodesOf(tree: unknown): Node[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const below = Object.values(tree).flatMap(nodesOf);
  return 'type' in tree ? [tree, ...below] : below;
}

/** The text of a literal; none of any other node. */
function textOf(node: Node): string[] {
  if (node.type === 'StringLiteral') return [String(node.value)];
  if (node.type !== 'TemplateLiteral') return [];
  return [
    nodesOf(node.quasis)
      .map(({ cooked }) => String(cooked))
      .join(FILLED_IN),
  ];
}

/** The first arguments of all calls of a function or a method by its name. */
function callsOf(name: string, nodes: readonly Node[]): Node[] {
  return nodes
    .filter(({ type }) => type === 'CallExpression')
    .filter(({ callee }) => nameOf(callee) === name)
    .flatMap(call =>
      Array.isArray(call.arguments) ? nodesOf(call.arguments[0]?.expression).slice(0, 1) : [],
    );
}

/** The name by which something is called: `log` of both `log(…)` and `this.options.log(…)`. */
function nameOf(callee: unknown): unknown {
  const [node] = nodesOf(callee);
  return node?.type === 'MemberExpression' ? nameOf(node.property) : node?.value;
}
