import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { allMutants, ROOT } from './all-mutants.ts';
import { huntMutants } from './hunt.ts';
import { SeedSearcher } from './seed-search.ts';
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
  expect(mutants.length).toBeGreaterThan(60);
});

test('the page of the simulation lists every mutant, and what it removes', async () => {
  const page = readFileSync(join(ROOT, 'docs/simulation.md'), 'utf8');
  const rows = page.matchAll(/^\| `([a-z0-9-]+)` +\| (.*?) +\| (?:wrapped|`\S+`) +\|$/gm);
  const listed = [...rows].map(([, name, removes]) => `${name}: ${removes}`);
  expect(listed).toEqual((await allMutants()).map(({ name, removes }) => `${name}: ${removes}`));
});

test('a mutant that only tests with real sockets notice is hunted by them', {
  timeout: 130_000,
}, async () => {
  const [plain] = await allMutants(['plain-text-to-the-consensus']);
  const hunt = await huntMutants({ count: 1, names: [plain?.name ?? ''] }).next();
  expect(hunt.value).toMatchObject({ seed: 0, invariant: 'test switch/node/pop-over-https.test.ts' });
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

describe('a process that hunts', () => {
  const searcher = new SeedSearcher();
  afterAll(() => searcher.close());

  test('says that no seed noticed a change that is none', async () => {
    expect(await searcher.search(MUTANT, [1])).toEqual([]);
  });

  test.each([
    ['makes no program', { put: 'async function (' }, 'mutant a-mutant: it cannot be loaded: '],
    [
      'changes a file that the simulation never loads',
      { file: 'switch/main.ts', find: 'import', put: 'import ' },
      'mutant a-mutant: the simulation never loads switch/main.ts',
    ],
    [
      'throws as soon as it is loaded',
      { put: "throw new Error('as planned');\nasync function undo(" },
      'mutant a-mutant: it cannot be loaded: Error: as planned',
    ],
  ])('fails where a mutant %s', async (_, change, said) => {
    await expect(searcher.search({ ...MUTANT, ...change }, [1])).rejects.toThrow(said);
  });

  test('hunts the next mutant on the core as it is, where only the first was noticed', async () => {
    const [lost] = await allMutants(['void-reversed-as-a-sale']);
    if (!lost) throw new Error('the mutant is gone');
    const noticed = await searcher.search(lost, [1, 2, 3, 4, 5]);
    const [notice] = noticed;
    if (!notice) throw new Error('no seed notices');
    expect(await searcher.search(MUTANT, [notice.seed])).toEqual([]);
    expect(await searcher.search(lost, [notice.seed])).toEqual(noticed);
  });
});
