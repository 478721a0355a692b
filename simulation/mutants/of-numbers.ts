import type { SourceMutant } from './source-mutant.ts';

/** What the switch is known by to a network, and what is no network's fault. */
export const OF_NUMBERS: readonly SourceMutant[] = [
  {
    name: 'own-numbers',
    removes: "numbers of the switch's own: a network hears what the terminal counts",
    file: 'switch/transaction/network-facts.ts',
    find: 'if (networkRrn === undefined) return facts;',
    put: 'if (networkRrn !== networkStan) return facts;',
  },
  {
    name: 'numbers-of-another-reversal',
    removes: 'new numbers for another reversal of the same payment',
    file: 'switch/follow-up/reversal-numbers.ts',
    find: 'const numbers = isFirst ? original : nextNumbers(opening.network, ports);',
    put: 'const numbers = original;',
  },
];
