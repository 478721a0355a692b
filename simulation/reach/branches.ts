/**
 * The branches of a source file, by its syntax: every function, and every place where a path parts from another and V8
 * counts how often it was taken. They are named before anything runs, so that the share of those that were reached has
 * the same whole in every campaign. To take the ranges that V8 reports was rejected as that whole: it merges what was
 * counted alike, so the more is reached, the fewer there are.
 */
import { parseSync } from '@swc/core';

export type BranchKind =
  | 'function'
  | 'then'
  | 'else'
  /** What comes after an `if` whose own branch leaves. */
  | 'otherwise'
  | 'either'
  | 'operand'
  | 'case'
  | 'loop'
  | 'catch';

export interface Branch {
  readonly kind: BranchKind;
  /** Where it begins, in UTF-16 units from the beginning of the file. */
  readonly at: number;
  /** From 1. */
  readonly line: number;
  /** The line, without the blanks around it. */
  readonly text: string;
  /** Which branch is the function that it lies in, if it does in one. */
  readonly within: number | undefined;
}

interface Node {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [part: string]: unknown;
}

type Found = (kind: BranchKind, node: Node | undefined) => void;

/** A first token of known place: the parser counts on from file to file, and its first node begins after comments. */
const ANCHOR = ';';

export function branchesOf(source: string): Branch[] {
  const program = parseSync(ANCHOR + source, { syntax: 'typescript', target: 'esnext' }) as unknown as Node;
  const placeOf = places(source, program.span.start + ANCHOR.length);
  const lines = source.split('\n');
  const branches: Branch[] = [];
  const open: number[] = [];

  const found: Found = (kind, node) => {
    if (!node) return;
    const at = placeOf(node.span.start);
    const line = source.slice(0, at).split('\n').length;
    const text = lines[line - 1]?.trim() ?? '';
    branches.push({ kind, at, line, text, within: open.at(-1) });
  };
  const walk = (node: Node) => {
    const before = branches.length;
    OF_TYPE[node.type]?.(node, found);
    const isFunction = branches[before]?.kind === 'function';
    if (isFunction) open.push(before);
    walkParts(Object.values(node), found, walk);
    if (isFunction) open.pop();
  };
  walk(program);
  return branches;
}

/** The parser counts bytes of UTF-8. */
function places(source: string, begin: number): (byte: number) => number {
  const bytes = Buffer.from(source);
  if (bytes.length === source.length) return (byte) => byte - begin;
  return (byte) => bytes.subarray(0, byte - begin).toString('utf8').length;
}

/** Some parts are wrapped in what is no node of its own, as arguments and the bodies of methods are. */
function walkParts(parts: readonly unknown[], found: Found, walk: (node: Node) => void): void {
  const walkInto = (part: unknown) => {
    if (isNode(part)) {
      if (!isOfTypes(part)) walk(part);
    } else if (typeof part === 'object' && part !== null) walkParts(Object.values(part), found, walk);
  };
  for (const part of parts) {
    if (Array.isArray(part)) {
      noteWhatFollows(part.filter(isNode), found);
      for (const each of part) walkInto(each);
    } else walkInto(part);
  }
}

const EXPRESSIONS_OF_TYPES: ReadonlySet<string> = new Set([
  'TsAsExpression',
  'TsConstAssertion',
  'TsNonNullExpression',
  'TsSatisfiesExpression',
]);

/** What is erased before it runs. */
function isOfTypes({ type }: Node): boolean {
  return type.startsWith('Ts') && !EXPRESSIONS_OF_TYPES.has(type);
}

function isNode(part: unknown): part is Node {
  return typeof part === 'object' && part !== null && 'type' in part && 'span' in part;
}

const OF_TYPE: Readonly<Record<string, (node: Node, found: Found) => void>> = {
  FunctionDeclaration: ({ body }, found) => found('function', body as Node | undefined),
  FunctionExpression: ({ body }, found) => found('function', body as Node | undefined),
  ArrowFunctionExpression: ({ body }, found) => found('function', body as Node),
  Constructor: ({ body }, found) => found('function', body as Node | undefined),
  ClassMethod: ({ function: own }, found) => found('function', (own as Partial<Node>)?.['body'] as Node),
  PrivateMethod: ({ function: own }, found) => found('function', (own as Partial<Node>)?.['body'] as Node),
  MethodProperty: ({ body }, found) => found('function', body as Node),
  GetterProperty: ({ body }, found) => found('function', body as Node),
  SetterProperty: ({ body }, found) => found('function', body as Node),
  IfStatement({ consequent, alternate }, found) {
    found('then', consequent as Node);
    found('else', (alternate ?? undefined) as Node | undefined);
  },
  ConditionalExpression({ consequent, alternate }, found) {
    found('either', consequent as Node);
    found('either', alternate as Node);
  },
  BinaryExpression({ operator, right }, found) {
    if (LOGICAL.has(String(operator))) found('operand', right as Node);
  },
  SwitchCase: (node, found) => found('case', node),
  ForStatement: ({ body }, found) => found('loop', body as Node),
  ForOfStatement: ({ body }, found) => found('loop', body as Node),
  ForInStatement: ({ body }, found) => found('loop', body as Node),
  WhileStatement: ({ body }, found) => found('loop', body as Node),
  CatchClause: ({ body }, found) => found('catch', body as Node),
};

const LOGICAL: ReadonlySet<string> = new Set(['&&', '||', '??']);
const LEAVES: ReadonlySet<string> = new Set([
  'ReturnStatement',
  'ThrowStatement',
  'ContinueStatement',
  'BreakStatement',
]);

/** Of statements in a row: where an `if` leaves, the next one is the other branch. */
function noteWhatFollows(statements: readonly Node[], found: Found): void {
  for (const [index, { type, consequent, alternate }] of statements.entries()) {
    if (type !== 'IfStatement' || alternate || !leaves(consequent as Node)) continue;
    found('otherwise', statements[index + 1]);
  }
}

function leaves(statement: Node): boolean {
  if (statement.type !== 'BlockStatement') return LEAVES.has(statement.type);
  const last = (statement['stmts'] as readonly Node[]).at(-1);
  return last !== undefined && leaves(last);
}
