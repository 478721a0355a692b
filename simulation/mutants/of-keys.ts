import type { SourceMutant } from './source-mutant.ts';

/** Who is asking, and which payment is meant. */
export const OF_KEYS: readonly SourceMutant[] = [
  {
    name: 'unmatched-forgotten',
    removes: 'the memory of reversals that came first: their late originals are carried out',
    file: 'switch/serve/unmatched-reversal.ts',
    find: '    ...names.map((key) => ({ key, fingerprint, role: ',
    put: '    ...names.slice(names.length).map((key) => ({ key, fingerprint, role: ',
  },
];
