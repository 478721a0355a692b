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
  {
    name: 'stand-in-for-any-pin',
    removes: 'the verification of the PIN',
    file: 'switch/stand-in/stand-in.ts',
    find: "return (await isRight(entered)) ? undefined : 'pin-wrong';",
    put: 'return (await isRight(entered)) ? undefined : undefined;',
  },
  {
    name: 'stand-in-for-any-stripe',
    removes: 'the verification of what the issuer wrote on the stripe',
    file: 'switch/stand-in/stand-in.ts',
    find: '(await checkCardValue(card, facts.posEntryMode, issuer, this.#ports.hsm)) ??\n',
    put: '',
    test: 'switch/stand-in/stand-in.test.ts',
  },
  {
    name: 'stand-in-without-an-expiry',
    removes: 'the doubt about a card of which nothing says when it expires',
    file: 'switch/stand-in/rules.ts',
    find: "const mayLackExpiry = facts.issuer?.withoutExpiry === 'accept';",
    put: 'const mayLackExpiry = facts.issuer !== undefined;',
    test: 'test/money/standing-in.test.ts',
  },
  {
    name: 'stand-in-for-the-expired',
    removes: 'the look at the expiry',
    file: 'switch/stand-in/rules.ts',
    find: "  if (facts.expiries.some((expiry) => hasExpired(expiry, facts.month))) return { refused: 'expired' };\n",
    put: '',
  },
  {
    name: 'stand-in-against-the-chip',
    removes: "the chip's own refusal",
    file: 'switch/stand-in/rules.ts',
    find: "  if (facts.chip === 'declined') return { refused: 'chip-declined' };\n",
    put: '',
    test: 'switch/stand-in/rules.test.ts',
  },
  {
    name: 'stand-in-for-issuers-alone',
    removes:
      'the look at what only an issuer may decide: cash beside a purchase, or a service code that says so',
    file: 'switch/stand-in/rules.ts',
    find: "  if (isIssuersAlone(facts)) return { refused: 'issuer-only' };\n",
    put: '',
  },
  {
    name: 'stand-in-above-the-floor',
    removes: 'the floor limit',
    file: 'switch/stand-in/rules.ts',
    find: "  if (facts.minorUnits > ofMerchant.floorMinorUnits) return { refused: 'above-floor' };\n",
    put: '',
  },
];
