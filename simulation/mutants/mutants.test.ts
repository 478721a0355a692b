import { expect, test } from 'vitest';
import { allMutants } from './all-mutants.ts';
import { huntMutants } from './hunt.ts';
import { searchApart } from './search-apart.ts';
import { mutated, type SourceMutant } from './source-mutant.ts';

const MUTANT: SourceMutant = {
  name: 'a-mutant',
  removes: 'a thing',
  file: 'switch/follow-up/pop-legs.ts',
  find: 'async function undo(',
  put: 'async function undo (',
};

test('every mutant can be made: its file holds what it looks for, exactly once', async () => {
  const mutants = await allMutants();
  expect(mutants.length).toBeGreaterThan(14);
});

test('a name that no mutant bears is said', async () => {
  await expect(allMutants(['lease', 'no-such'])).rejects.toThrow('no mutant is called no-such');
  await expect(huntMutants({ count: 1, names: ['no-such'] }).next()).rejects.toThrow('no-such');
});

test('what a mutant looks for is replaced as it is written', () => {
  expect(mutated('before it after', { ...MUTANT, find: 'it', put: '$&' })).toBe('before $& after');
});

test.each([
  ['is not there', 'a b', 'c', 'occurs 0 times'],
  ['is there twice', 'a b a', 'a', 'occurs 2 times'],
  ['is nothing', 'a b', '', 'occurs 0 times'],
])('a mutant is named where what it looks for %s', (_, text, find, said) => {
  const make = () => mutated(text, { ...MUTANT, find });
  expect(make).toThrow('mutant a-mutant');
  expect(make).toThrow(said);
});

test('a mutant that changes nothing is named', () => {
  expect(() => mutated('a b', { ...MUTANT, find: 'a', put: 'a' })).toThrow(
    'mutant a-mutant: it changes nothing',
  );
});

test('a change that no seed notices is reported as such', async () => {
  expect(await searchApart({ mutant: MUTANT, from: 1, to: 1 })).toBeUndefined();
});

test.each([
  ['makes no program', { put: 'async function (' }, 'SyntaxError'],
  [
    'changes a file that the simulation never loads',
    { file: 'switch/main.ts', find: 'import', put: 'import ' },
    'never loads switch/main.ts',
  ],
])('a mutant that %s fails the hunt', async (_, change, said) => {
  const mutant = { ...MUTANT, ...change };
  await expect(searchApart({ mutant, from: 1, to: 1 })).rejects.toThrow(said);
});
