/**
 * The syntax tree of a file, as swc reads it: it gives the place of every node in bytes, which are counted from
 * one. The compiler itself was tried first: since its seventh version it has no programming interface that is meant
 * to stay.
 */
import { parseSync } from '@swc/core';

export interface Node {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [part: string]: unknown;
}

/** A node with what is around it, the nearest first. */
export interface Place {
  readonly node: Node;
  readonly around: readonly Node[];
  /** The name by which its parent knows it, as `test` or `consequent`. */
  readonly part: string;
  /** Where the file is loaded, nothing calls it yet. */
  readonly isInFunction: boolean;
}

/** What the walk does not go into: types, names, and where modules come from. */
const NO_CODE = /^(Ts(?!As|NonNull|Satisfies|Const|TypeAssertion)|Import|ExportAll|ExportNamed)/;
const NO_CODE_PARTS: ReadonlySet<string> = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'typeParams',
  'returnType',
  'implements',
  'superTypeParams',
  'decorators',
]);
const FUNCTIONS = /^(Function(Declaration|Expression)|ArrowFunctionExpression|MethodProperty|Constructor)$/;
const METHODS = /^(Class|Private)(Method|Property)$/;

export function parse(text: string): Node {
  return parseSync(text, { syntax: 'typescript', target: 'es2024' }) as unknown as Node;
}

/** Every node of code, from the outside in, until `isLeft` says that one is not to be gone into. */
export function* walk(root: Node, isLeft: (place: Place) => boolean): Generator<Place> {
  yield* into({ node: root, around: [], part: '', isInFunction: false }, isLeft);
}

function* into(place: Place, isLeft: (place: Place) => boolean): Generator<Place> {
  const { node } = place;
  if (NO_CODE.test(node.type) || isLeft(place)) return;
  yield place;
  const around = [node, ...place.around];
  const isInFunction = place.isInFunction || FUNCTIONS.test(node.type) || METHODS.test(node.type);
  for (const [part, value] of Object.entries(node)) {
    if (NO_CODE_PARTS.has(part) || isPlainName(part, value)) continue;
    for (const child of nodesIn(value)) yield* into({ node: child, around, part, isInFunction }, isLeft);
  }
}

function isPlainName(part: string, value: unknown): boolean {
  return part === 'key' && isNode(value) && value.type !== 'Computed';
}

/** Nodes directly below; what holds nodes and is none itself, as an argument of a call, is seen through. */
function* nodesIn(value: unknown): Generator<Node> {
  if (isNode(value)) yield value;
  else if (Array.isArray(value)) for (const each of value) yield* nodesIn(each);
  else if (isRecord(value)) for (const each of Object.values(value)) yield* nodesIn(each);
}

/** A property of an object literal has no place of its own: it begins with its name. */
export function isNode(value: unknown): value is Node {
  return isRecord(value) && typeof value['type'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** @throws where the part is no node: this file knows the parser better than it should */
export function part(node: Node, name: string): Node {
  const value = node[name];
  if (!isNode(value)) throw new Error(`a ${node.type} without ${name}`);
  return value;
}

/** Bytes from the beginning of the file on. */
export function rangeOf(node: Node): { readonly start: number; readonly end: number } {
  if (node.type === 'KeyValueProperty') {
    return { start: rangeOf(part(node, 'key')).start, end: rangeOf(part(node, 'value')).end };
  }
  if (node.type === 'SpreadElement') {
    const spread = node['spread'] as Node['span'];
    return { start: spread.start - 1, end: rangeOf(part(node, 'arguments')).end };
  }
  return { start: node.span.start - 1, end: node.span.end - 1 };
}
