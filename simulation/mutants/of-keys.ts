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
    name: 'original-without-its-reference',
    removes: 'the search by DE37 of what DE90 names badly',
    file: 'switch/requests/originals.ts',
    find: '    ...(message.de3?.startsWith(VOID) ? [] : referencesOf([party.key], message)),',
    put: '    ...(message.de3?.startsWith(VOID) ? [] : []),',
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
  {
    name: 'void-named-by-its-sale',
    removes: "the care for DE37 in a void's own reversal: it takes the sale back",
    file: 'switch/requests/originals.ts',
    find: 'message.de3?.startsWith(VOID) ? [] :',
    put: 'message.de3?.startsWith(VOID) && message.de90?.stan === undefined ? [] :',
  },
  {
    name: 'in-flight-meant',
    removes: 'the care for what is in flight: a tip, void or refund is ambiguous beside it',
    file: 'switch/serve/find-original.ts',
    find: "prefers && transaction.state !== 'intended'",
    put: "prefers && transaction.state === 'none'",
  },
];
