/**
 * For each kind of node, the changes that may be made to it. Pure: what is no use is left out elsewhere
 * (`beyond.ts`).
 */

import { isForCompiler } from './beyond.ts';
import type { Edit, MutantKind } from './mutant.ts';
import { isNode, type Node, type Place, part, rangeOf } from './syntax.ts';

export interface Change {
  readonly kind: MutantKind;
  readonly edit: Edit;
  /** What is shown of it, where that is less than all that the edit spans. */
  readonly shown?: readonly [was: string, becomes: string];
}

type TextOf = (node: Node) => string;
type ChangesOf = (place: Place, textOf: TextOf) => readonly Change[];

export function changesOf(place: Place, textOf: TextOf): readonly Change[] {
  return CHANGES[place.node.type]?.(place, textOf) ?? [];
}

const CHANGES: Readonly<Record<string, ChangesOf>> = {
  BinaryExpression: binary,
  AssignmentExpression: assignment,
  UnaryExpression: (place, textOf) => (place.part === 'test' ? [] : negation(place.node, textOf)),
  IfStatement: ({ node }, textOf) => test(node, textOf),
  ConditionalExpression: ({ node }, textOf) => test(node, textOf),
  WhileStatement: ({ node }, textOf) => test(node, textOf),
  StringLiteral: ({ node }) => [instead('constant', node, otherString(String(node['value'])))],
  TemplateLiteral: ({ node }) => [instead('constant', node, "''")],
  NumericLiteral: number,
  BooleanLiteral: ({ node }) => [instead('constant', node, String(!node['value']))],
  AwaitExpression: ({ node }, textOf) => [instead('await', node, textOf(part(node, 'argument')))],
  OptionalChainingExpression: optional,
  ReturnStatement: early,
  ThrowStatement: early,
  ContinueStatement: early,
  CallExpression: method,
  ObjectExpression: fields,
};

const BORDERS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
};
const OPERATORS: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '&&': '||',
  '||': '&&',
  '+=': '-=',
  '-=': '+=',
};
function binary({ node }: Place, textOf: TextOf): readonly Change[] {
  const operator = String(node['operator']);
  const [left, right] = [textOf(part(node, 'left')), textOf(part(node, 'right'))];
  if (operator === '??') return isForCompiler(node, textOf) ? [] : [instead('operator', node, left)];
  const border = BORDERS[operator];
  const other = border ?? OPERATORS[operator];
  if (!other) return [];
  const change = instead(border ? 'border' : 'operator', node, `${left} ${other} ${right}`);
  return [{ ...change, shown: [operator, other] }];
}

function assignment({ node }: Place, textOf: TextOf): readonly Change[] {
  const operator = String(node['operator']);
  const other = operator === '??=' ? '=' : OPERATORS[operator];
  if (!other) return [];
  const put = `${textOf(part(node, 'left'))} ${other} ${textOf(part(node, 'right'))}`;
  return [{ ...instead('operator', node, put), shown: [operator, other] }];
}

function negation(node: Node, textOf: TextOf): readonly Change[] {
  return node['operator'] === '!' ? [instead('condition', node, textOf(part(node, 'argument')))] : [];
}

/** Equal and unequal swapped is a change of its own. */
function test(node: Node, textOf: TextOf): readonly Change[] {
  const condition = part(node, 'test');
  if (condition.type === 'BooleanLiteral' || /^[!=]==$/.test(String(condition['operator']))) return [];
  const isNegated = condition.type === 'UnaryExpression' && condition['operator'] === '!';
  if (isNegated) return negation(condition, textOf);
  return [instead('condition', condition, `!(${textOf(condition)})`)];
}

function otherString(value: string): string {
  if (value === '') return "'-'";
  if (value.startsWith('SW_')) return value === 'SW_FORMAT' ? "'SW_AMOUNT'" : "'SW_FORMAT'";
  if (/^\d\d$/.test(value)) return value === '00' ? "'05'" : "'00'";
  return /^\d+$/.test(value) ? `'${value.slice(0, -1)}${(Number(value.at(-1)) + 1) % 10}'` : "''";
}

/** Above this they are sizes and times, where one more or less is none. */
const SMALL = 20;

function number({ node }: Place): readonly Change[] {
  const value = Number(node['value']);
  if (!Number.isInteger(value) || value > SMALL) return [];
  return [instead('constant', node, String(value === 1 ? 0 : value + 1))];
}

/** The whole chain is put anew with one of its links made plain. */
function optional({ node, around }: Place, textOf: TextOf): readonly Change[] {
  if (node['optional'] !== true) return [];
  const chain = [node, ...around].slice(0, 1 + chainLength(node, around)).at(-1) ?? node;
  const base = part(node, 'base');
  const [before] = [base['object'], base['callee']].filter(isNode);
  if (!before) return [];
  const top = rangeOf(chain);
  const text = Buffer.from(textOf(chain));
  const at = rangeOf(before).end - top.start;
  const left = text.subarray(0, at).toString();
  const right = text.subarray(at).toString();
  const isName = /^\s*\?\.[#\w]/.test(right);
  const put = left + right.replace('?.', isName ? '.' : '');
  const link = right.slice(0, 24).split('\n')[0] ?? '';
  return [{ kind: 'optional', edit: { shape: 'expression', ...top, put }, shown: [link, link.slice(1)] }];
}

function chainLength(node: Node, around: readonly Node[]): number {
  let length = 0;
  let inner = node;
  for (const [index, outer] of around.entries()) {
    const isLink = outer['object'] === inner || outer['callee'] === inner || outer['base'] === inner;
    if (!isLink) break;
    if (outer.type !== 'OptionalChainingExpression') {
      inner = outer;
      if (isBaseOf(outer, around[index + 1]) || /^(Member|Call)Expression$/.test(outer.type)) length += 1;
      continue;
    }
    inner = outer;
    length += 1;
  }
  return length;
}

function isBaseOf(node: Node, outer: Node | undefined): boolean {
  return outer?.['base'] === node;
}

/** What leaves early, at the end of what an `if` decides. */
function early({ node, around: [parent, grandparent] }: Place): readonly Change[] {
  const isBare = parent?.type === 'IfStatement' && parent['consequent'] === node;
  const isInBlock =
    parent?.type === 'BlockStatement' &&
    (parent['stmts'] as readonly Node[]).at(-1) === node &&
    grandparent?.type === 'IfStatement' &&
    grandparent['consequent'] === parent;
  if (!isBare && !isInBlock) return [];
  return [{ kind: 'return', edit: { shape: 'statement', ...rangeOf(node), put: '' } }];
}

const SWAPPED: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  find: 'findLast',
  findLast: 'find',
  findIndex: 'findLastIndex',
  findLastIndex: 'findIndex',
  push: 'unshift',
  unshift: 'push',
  shift: 'pop',
  pop: 'shift',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  min: 'max',
  max: 'min',
  padStart: 'padEnd',
  padEnd: 'padStart',
};
/** What gives the same as it is given, in another order or number. */
const LEFT_OUT = /^(filter|slice|sort|toSorted|reverse|toReversed|trim|trimEnd|trimStart)$/;

function method({ node }: Place, textOf: TextOf): readonly Change[] {
  const callee = part(node, 'callee');
  if (callee.type !== 'MemberExpression') return [];
  const [object, property] = [part(callee, 'object'), part(callee, 'property')];
  if (property.type !== 'Identifier') return [];
  const name = String(property['value']);
  if (LEFT_OUT.test(name)) {
    return [{ ...instead('array', node, textOf(object)), shown: [`.${name}(…)`, 'nothing'] }];
  }
  const other = Object.hasOwn(SWAPPED, name) ? SWAPPED[name] : undefined;
  if (!other) return [];
  const { end } = rangeOf(property);
  const { start } = rangeOf(node);
  const call = Buffer.from(textOf(node))
    .subarray(end - start)
    .toString();
  return [{ ...instead('array', node, `${textOf(object)}.${other}${call}`), shown: [name, other] }];
}

const MAY_BE_DROPPED = /^(KeyValueProperty|Identifier|SpreadElement)$/;

function fields({ node }: Place): readonly Change[] {
  const properties = (node['properties'] as readonly Node[]).filter(({ type }) => MAY_BE_DROPPED.test(type));
  return properties.map((property) => ({
    kind: 'field',
    edit: { shape: 'property', ...rangeOf(property), put: '' },
  }));
}

function instead(kind: MutantKind, node: Node, put: string): Change {
  return { kind, edit: { shape: 'expression', ...rangeOf(node), put } };
}
