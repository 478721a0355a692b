import type { SourceMutant } from './source-mutant.ts';

/** Who is asking, and which payment is meant. */
export const OF_KEYS: readonly SourceMutant[] = [
  {
    name: 'keys-of-a-listener',
    removes: 'the party in keys: the same terminal is another one on its second address',
    file: 'switch/admission/admit.ts',
    find: "key: partyKey('', merchant.id, terminal.id)",
    put: "key: partyKey(listener.name.replaceAll('|', ''), merchant.id, terminal.id)",
  },
  {
    name: 'original-as-it-is-named',
    removes: 'the normal form of a message type in DE90: what names the repeat finds nothing',
    file: 'switch/requests/originals.ts',
    find: "  if (mti === undefined || !/^\\d{4}$/.test(mti)) return '';",
    put: "  if (mti !== undefined) return mti;\n  if (mti === undefined || !/^\\d{4}$/.test(mti)) return '';",
  },
  {
    name: 'original-without-its-reference',
    removes: 'the search by DE37 of what DE90 names badly',
    file: 'switch/requests/originals.ts',
    find: '    ...referencesOf([party.key], message),\n    ...named.repeated',
    put: '    ...named.repeated',
  },
  {
    name: 'any-card',
    removes: 'the comparison of cards: a reversal takes back whatever its numbers lead to',
    file: 'switch/requests/meant.ts',
    find: 'if (isOther(meant.cardReference, cardReference) || isOther(meant.maskedPan, facts.maskedPan))',
    put: 'if (opening === undefined)',
  },
  {
    name: 'unmatched-forgotten',
    removes: 'the memory of reversals that came first: their late originals are carried out',
    file: 'switch/serve/unmatched-reversal.ts',
    find: '    ...names.map((key) => ({ key, fingerprint, role: ',
    put: '    ...names.slice(names.length).map((key) => ({ key, fingerprint, role: ',
  },
  {
    name: 'reference-given-twice',
    removes: 'the other digits of a retrieval reference that is taken',
    file: 'switch/requests/understand.ts',
    find: '  return rrn.slice(0, -STAN_DIGITS) + digits(random.integer(10 ** STAN_DIGITS), STAN_DIGITS);',
    put: '  return random ? rrn : rrn;',
  },
  {
    name: 'void-reversed-as-a-sale',
    removes: 'the reversal of a void: its numbers lead to the sale, which is taken back',
    file: 'switch/serve/take-back.ts',
    find: '  if (voided) return reverseVoid(found, voided, told, rules);\n',
    put: '  if (voided && rules === undefined) return { reply: told.reply };\n',
  },
  {
    name: 'void-told-unwritten',
    removes:
      'the entry that the network is about to hear of a void: the sale is made to stand while it is reversed',
    file: 'switch/follow-up/reverse-network.ts',
    find: '    if (isUntoldVoid(transaction)) {',
    put: '    if (isUntoldVoid(transaction) && transaction.version < 0) {',
  },
];
