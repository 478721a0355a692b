/**
 * What a mutant would change to no harm, so that none is made: words for people, probes, measurements. What is no
 * matter of form, but has no effect for a reason, stands in `equivalent.json` with that reason.
 */
import { isNode, type Node, type Place, part } from './syntax.ts';

const LOG_CALL = /(^|[.#])log\.\w+$/;
const FOR_PEOPLE: ReadonlySet<string> = new Set(['event', 'reason', 'why', 'detail', 'details']);
const SENTENCE = /\s/;

export function isBeyond(place: Place, textOf: (node: Node) => string): boolean {
  const { node, around, part: name } = place;
  switch (node.type) {
    case 'CallExpression':
      return isCallForPeople(node, textOf);
    case 'StringLiteral':
      return SENTENCE.test(String(node['value'])) || isNamedForPeople(around[0]) || isFallback(place, textOf);
    case 'NumericLiteral':
      return isFallback(place, textOf);
    case 'TemplateLiteral':
      return SENTENCE.test(quasisOf(node)) || isNamedForPeople(around[0]);
    case 'ObjectExpression':
      return isDetailOfError(around[0], name);
    case 'KeyValueProperty':
      return FOR_PEOPLE.has(keyOf(node));
    case 'NewExpression':
      return isError(node, textOf) && !/^Refusal$/.test(textOf(part(node, 'callee')));
    default:
      return false;
  }
}

/**
 * An opening is the first entry of a transaction, so there is one: what stands for its absence is for the compiler.
 */
const NEVER_ABSENT = /\bopening\b/;

/** @param node a `??` whose right side is never taken */
export function isForCompiler(node: Node, textOf: (node: Node) => string): boolean {
  return node['operator'] === '??' && NEVER_ABSENT.test(textOf(part(node, 'left')));
}

/** What stands for nothing, and is looked up where there is nothing under any name: `get(name ?? '')`. */
function isFallback(
  { node, around: [parent, call], part: name }: Place,
  textOf: (node: Node) => string,
): boolean {
  if (name !== 'right' || parent?.['operator'] !== '??') return false;
  if (isForCompiler(parent, textOf)) return true;
  return (
    node['value'] === '' && call?.type === 'CallExpression' && /\bget$/.test(textOf(part(call, 'callee')))
  );
}

function isCallForPeople(node: Node, textOf: (node: Node) => string): boolean {
  const { callee } = node;
  if (!isNode(callee)) return false;
  const name = textOf(callee);
  return LOG_CALL.test(name) || name === 'sometimes';
}

function isError(node: Node, textOf: (node: Node) => string): boolean {
  return /(Error|Refusal)$/.test(textOf(part(node, 'callee')));
}

/** The second argument of a refusal is for the log; the first is its code. */
function isDetailOfError(parent: Node | undefined, name: string): boolean {
  return parent?.type === 'NewExpression' && name === 'arguments';
}

function isNamedForPeople(parent: Node | undefined): boolean {
  return parent?.type === 'KeyValueProperty' && FOR_PEOPLE.has(keyOf(parent));
}

function keyOf(property: Node): string {
  return String(part(property, 'key')['value'] ?? '');
}

function quasisOf({ quasis }: Node): string {
  return (quasis as readonly { raw: string }[]).map(({ raw }) => raw).join('');
}
