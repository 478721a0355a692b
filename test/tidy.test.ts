import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { absentOptionalPackages } from '../deploy/check/complete-lock.ts';
import { LONGEST } from './support/longest-first.ts';

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 70;
/** Nobody writes in them. */
const GENERATED: ReadonlySet<string> = new Set(['docs/examples/gateway-api.d.ts']);

/** Where time, chance and timers are handed in: simulation replaces them, so reaching for one breaks a replay. */
const HANDED_IN = /^(messages|hsm|connectors|switch)\//;
const REACHES_FOR =
  /\b(Date\.now|Math\.random|performance\.now|process\.hrtime|(?<!\.)setTimeout|(?<!\.)setInterval)\b|\bnew Date\(\)/;

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && path !== 'LICENSE' && existsSync(join(root, path)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const code = files.filter(({ path }) => /\.(ts|js|mjs|cjs)$/.test(path));
const self = 'test/tidy.test.ts';

test(`no source file is longer than ${MAX_FILE_LINES} lines`, () => {
  const written = code.filter(({ path }) => !GENERATED.has(path));
  const long = written.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  expect(long.filter(({ lines }) => lines > MAX_FILE_LINES)).toEqual([]);
});

test('the files of tests that are begun first are there, each once', () => {
  expect(LONGEST.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(new Set(LONGEST).size).toBe(LONGEST.length);
});

test(`no function is longer than ${MAX_FUNCTION_LINES} lines`, () => {
  const long = code.flatMap(({ path, text }) =>
    functionsIn(text).map(({ line, length }) => ({ at: `${path}:${line}`, length })),
  );
  expect(long.length).toBeGreaterThan(code.length);
  expect(long.filter(({ length }) => length > MAX_FUNCTION_LINES)).toEqual([]);
});

test('messages, hsm, connectors and switch have time, timers and chance handed in', () => {
  const served = code.filter(
    ({ path }) => HANDED_IN.test(path) && !/\.test\.ts$|\/main\.ts$|\/cli\/|\/testing(\.ts$|\/)/.test(path),
  );
  expect(linesMatching(served, REACHES_FOR)).toEqual([]);
});

test('no type is imported in the middle of an expression, where the boundary check cannot see it', () => {
  expect(linesMatching(code, /(?<!await |return |=> |typeof |void )\bimport\(['"]\.\.?\//)).toEqual([]);
});

test('the repository names no registry host', () => {
  const others = files.filter(({ path }) => path !== self);
  expect(linesMatching(others, /registry\.\w+\.\w+|npmjs\.(org|com)|yarnpkg\.com/)).toEqual([]);
});

test('the repository names no path of one machine', () => {
  const others = files.filter(({ path }) => path !== self);
  expect(linesMatching(others, /(?<![\w.])\/(work|root|home\/\w+|Users\/\w+)\//)).toEqual([]);
});

test('nothing is left as a note to do later', () => {
  const others = code.filter(({ path }) => path !== self);
  expect(linesMatching(others, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
});

test('the lock file has an entry for every platform package, or `npm ci` would refuse it', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  expect(absentOptionalPackages(lock).map(({ name }) => name)).toEqual([]);
});

test('function lengths are measured by where functions begin and end', () => {
  const sample = [
    'export async function first(a: number): Promise<void> {',
    '  if (a) {',
    '  }',
    '}',
    'class Thing {',
    '  method(',
    '    a: string,',
    '  ): void {',
    '  }',
    '}',
    "describe('x', () => {",
    "  test('y', () => {",
    '  });',
    '});',
  ];
  expect(functionsIn(sample.join('\n'))).toEqual([
    { line: 1, length: 4 },
    { line: 8, length: 2 },
    { line: 12, length: 2 },
  ]);
});

/**
 * Functions of a file formatted by Biome: one begins on a line that opens a block after a parameter list or an arrow,
 * and ends on the next line of the same indent that closes one. A `describe` is a heading, not a function.
 */
function functionsIn(text: string): { line: number; length: number }[] {
  const lines = text.split('\n');
  const found: { line: number; length: number }[] = [];
  lines.forEach((line, index) => {
    if (!opensFunction(line)) return;
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    const end = lines.findIndex((later, at) => at > index && later.startsWith(`${indent}}`));
    found.push({ line: index + 1, length: end - index + 1 });
  });
  return found;
}

function opensFunction(line: string): boolean {
  if (!line.endsWith('{') || /^\s*\*|\bdescribe(\.\w+)*\(/.test(line)) return false;
  if (/^\s*(\} )?(if|else|for|while|switch|catch|do|try)\b/.test(line)) return false;
  return /\bfunction\b|=> \{$|^\s*\)(: .*)? \{$|^\s+(\w+ )*[\w#$]+(<.*>)?\(.*\)(: .*)? \{$/.test(line);
}

function linesMatching(among: readonly { path: string; text: string }[], pattern: RegExp): string[] {
  return among.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ at: `${path}:${index + 1}`, line }))
      .filter(({ line }) => pattern.test(line))
      .map(({ at, line }) => `${at}: ${line.trim()}`),
  );
}
