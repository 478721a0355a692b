import type { SourceMutant } from './source-mutant.ts';

/** What the switch is known by to a network, and what is no network's fault. */
export const OF_NUMBERS: readonly SourceMutant[] = [
  {
    name: 'numbers-of-another-reversal',
    removes: 'new numbers for another reversal of the same payment',
    file: 'switch/follow-up/reversal-numbers.ts',
    find: 'const numbers = isFirst ? original : nextNumbers(opening.network, ports);',
    put: 'const numbers = original;',
  },
];
