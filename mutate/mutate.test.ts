import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { knownEquivalents } from './equivalent.ts';
import { ROOT, subjects, testsOf } from './files.ts';
import { findMutants } from './find-mutants.ts';
import { Hunt } from './hunt.ts';
import { instrumented, Switchboard } from './instrument.ts';
import { alone, type Mutant } from './mutant.ts';
import { ReportFile, type Verdict } from './report-file.ts';
import { drawSample } from './sample.ts';

const HEAD = 'switch/serve/take-back.ts';

function mutantsOf(text: string): readonly Mutant[] {
  return findMutants('a.ts', Buffer.from(text));
}

/** What the file becomes with each of its mutants. */
function becomes(text: string): string[] {
  return mutantsOf(text).map((mutant) => alone(Buffer.from(text), mutant));
}

test.each([
  ['f = (a) => a < b;', ['f = (a) => a <= b;']],
  ["x = a === '00';", ["x = a !== '00';", "x = a === '05';"]],
  ['x = y + z;', ['x = y - z;']],
  ['x = y ?? z;', ['x = y;']],
  ['async () => { await f(); };', ['async () => { f(); };']],
  ['x = a?.b.c?.(d);', ['x = a?.b.c(d);', 'x = a.b.c?.(d);']],
  ['() => { if (a) return b; };', ['() => { if (!(a)) return b; };', '() => { if (a) ; };']],
  ['x = list.some(f);', ['x = list.every(f);']],
  ['x = list.filter(f).map(g);', ['x = list.map(g);']],
  ['x = { a, ...b };', ['x = {  ...b };', 'x = { a,  };']],
])('of %s it makes these mutants', (text, expected) => {
  expect(becomes(text).toSorted()).toEqual(expected.toSorted());
});

test.each([
  ["log.warn({ event: 'a', code: '00' });"],
  ["sometimes('a probe');"],
  ["throw new FormatError('a', '00');"],
  ["x = 'a sentence for people';"],
  ["type A = '00' | { b?: 1 };"],
  ["import { a } from './b.ts';"],
])('of %s, which only people read, it makes none', (text) => {
  expect(becomes(text)).toEqual([]);
});

test('all mutants of a file fit into one text, which is the file where none of them is active', () => {
  const text = "f = (a, b = 1) => { if (a?.c === '00' && b > 1) return { d: b + 1, a }; return a; }; f";
  const mutants = mutantsOf(text);
  const board = new Switchboard();
  board.install();
  const run = (code: string) => runInThisContext(code)({ c: '00' }, 2);
  const whole = instrumented(Buffer.from(text), mutants);
  expect(run(whole)).toEqual({ d: 3, a: { c: '00' } });

  for (const mutant of mutants) {
    board.active = mutant.id;
    expect([mutant.was, run(whole)]).toEqual([mutant.was, run(alone(Buffer.from(text), mutant))]);
  }
  expect(board.reached.size).toBe(mutants.length - 1); // nobody asks for the default of b
  globalThis.isMutant = undefined;
});

test('a sample stays what it is: a larger one holds the smaller, and another seed draws others', () => {
  const draw = (size: number, seed: number) =>
    drawSample({ files: subjects(['switch/serve/*.ts']), size, seed }).mutants.map(({ id }) => id);
  expect(draw(20, 1).slice(0, 5)).toEqual(draw(5, 1));
  expect(draw(20, 2)).not.toEqual(draw(20, 1));
});

test('what is known to change nothing is still in the code, and says why', () => {
  for (const { file, code, was, becomes: put, why } of knownEquivalents()) {
    const mutants = findMutants(file, readFileSync(join(ROOT, file)));
    const isThere = mutants.some((each) => each.code === code && each.was === was && each.becomes === put);
    expect([file, code, isThere]).toEqual([file, code, true]);
    expect(why.length).toBeGreaterThan(20);
  }
});

test('files are named by pattern or bare name, and what fits none is said', () => {
  expect(subjects(['take-back'])).toEqual([HEAD]);
  expect(() => subjects(['no-such'])).toThrow("no file of the money path fits 'no-such'");
  expect(testsOf([HEAD])).toContain('switch/serve/take-back.test.ts');
});

/** Each at the place of a safeguard whose loss is known to be noticed at once. */
const NOTICED = ['if (!stands(found.state)) {', 'if (refunded <= remaining) return undefined;'];

test('mutants that take a safeguard away are noticed, and the run is kept in its report', async () => {
  const all = findMutants(HEAD, readFileSync(join(ROOT, HEAD)));
  const mutants = NOTICED.map((code) => all.find((each) => each.code === code)).filter((each) => !!each);
  expect(mutants).toHaveLength(NOTICED.length);

  const verdicts: Verdict[] = [];
  const report = new ReportFile();
  const hunt = new Hunt({
    mutants,
    report,
    seeds: 1,
    tests: ['switch/serve/take-back.test.ts'],
    forMs: 60_000,
    onProgress: () => {},
    onVerdict: (_, verdict) => verdicts.push(verdict),
  });
  expect(await hunt.run()).toBe(true);
  expect(verdicts.filter(({ noticedBy }) => noticedBy === undefined)).toEqual([]);
  expect(mutants.every(({ id }) => report.verdictOf(id))).toBe(true);
});
