import type { SourceMutant } from './source-mutant.ts';

/** What may be approved in an issuer's stead, and what only the issuer may. */
export const OF_STAND_IN: readonly SourceMutant[] = [
  {
    name: 'stand-in-for-cash',
    removes: 'the look at what is asked for: cash and refunds are stood in for as well',
    file: 'switch/stand-in/rules.ts',
    find: "if (facts.kind !== 'purchase' || !ofMerchant) return { refused: 'not-offered' };",
    put: "if (!ofMerchant) return { refused: 'not-offered' };",
  },
  {
    name: 'stand-in-for-listed-cards',
    removes: 'the negative list',
    file: 'switch/stand-in/rules.ts',
    find: "  if (facts.isListed) return { refused: 'listed' };\n",
    put: '',
  },
  {
    name: 'stand-in-untold',
    removes: 'the advice that tells a network of what was approved in its stead',
    file: 'switch/transaction/outcome-table.ts',
    find: "followUps: ['advise-network', 'complete-pop'] };",
    put: "followUps: ['complete-pop'] };",
  },
];
