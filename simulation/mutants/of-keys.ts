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
  {
    name: 'merchant-left-out',
    removes: 'the merchant in keys: two terminals of one number are one, whoever has them',
    file: 'switch/requests/keys.ts',
    find: 'inKey(merchant)',
    put: 'inKey(merchant.slice(merchant.length))',
  },
  {
    name: 'each-till-for-itself',
    removes: 'the shop in keys: what one till sold, another of its merchant cannot void, complete or refund',
    file: 'switch/requests/keys.ts',
    find: "export function referenceKey({ merchant }: Pick<PartyKey, 'merchant'>, rrn: string): string {",
    put: 'export function referenceKey({ terminal: merchant }: PartyKey, rrn: string): string {',
  },
  {
    name: 'reference-given-twice',
    removes: 'the other digits of a retrieval reference that is taken: two payments get the same one',
    file: 'switch/serve/append-opening.ts',
    find: 'if (isReference(key) && !request.hasOwnReference && !places.has(key)) {',
    put: 'if (isReference(key) && request === undefined) {',
  },
  {
    name: 'local-time-in-de90',
    removes: 'the second reading of the time in DE90, as the local one of the original',
    file: 'switch/requests/originals.ts',
    find: 'transmittedAt: time, ...localOf(time) }))',
    put: "transmittedAt: time, localDate: '0101', localTime: '000000' }))",
  },
  {
    name: 'numbers-of-the-reversal',
    removes: "the search by the reversal's own STAN and time, which many repeat from the original",
    file: 'switch/requests/originals.ts',
    find: '    ...named.repeated.flatMap((numbers) => namesOf(party.key, numbers)).map(byNumbers),\n',
    put: '',
  },
  {
    name: 'altered-repeat',
    removes: 'the comparison of a repeat with what it repeats: other content gets the stored answer',
    file: 'switch/serve/replay.ts',
    find: "  if (original.fingerprint !== fingerprint) throw new Refusal('SW_KEY_REUSED', { transaction });\n",
    put: '',
  },
];
