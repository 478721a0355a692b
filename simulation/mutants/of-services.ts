import type { SourceMutant } from './source-mutant.ts';

/** What decides what an advice means, and what becomes of a hold. */
export const OF_SERVICES: readonly SourceMutant[] = [
  {
    name: 'completion-is-no-sale',
    removes: 'the row of completions: an advice is a sale unless it says something else',
    file: 'switch/requests/services.ts',
    find: "    deed: 'complete',\n    mtis: ADVICES,",
    put: "    deed: 'complete',\n    mtis: [],",
  },
  {
    name: 'limit-of-completions',
    removes: 'the limit of what may be completed of a hold',
    file: 'switch/serve/complete.ts',
    find: 'takenBefore(hold) + amount.minorUnits > mostOf(hold, inbound, rules)',
    put: 'mostOf(hold, inbound, rules) < 0',
  },
  {
    name: 'rest-of-a-hold',
    removes: 'the reversal of what is held beyond a completion',
    file: 'switch/follow-up/advise-network.ts',
    find: 'const rest = await reverseRest(job, ports);',
    put: 'const rest = { done: true };',
  },
  {
    name: 'tip-is-a-sale',
    removes: 'the row of tips: what is told of a sale afterwards is a sale of its own',
    file: 'switch/requests/services.ts',
    find: "    deed: 'adjust',\n",
    put: "    deed: 'tell',\n",
  },
  {
    name: 'refund-advice-is-a-sale',
    removes: 'the row of refunds that are told: they are sales',
    file: 'switch/requests/services.ts',
    find: "  told('refund', '20', false),\n",
    put: "  told('offline-purchase', '20', true),\n",
  },
  {
    name: 'advice-of-no-service',
    removes: 'the care for an advice that fits no row: it is a sale',
    file: 'switch/serve/advise.ts',
    find: 'const service = findService(message);',
    put: "const service = findService(message) ?? findService({ ...message, de3: '000000' });",
  },
  {
    name: 'chip-moves-money',
    removes: 'the difference between what a chip said of a payment and a payment: evidence is an upload',
    file: 'switch/serve/upload-chip.ts',
    find: 'if (!word) return upload(inbound, ports);',
    put: 'if (!word || word) return upload(inbound, ports);',
  },
  {
    name: 'chip-approval-unseen',
    removes: 'the case of a chip that approved what was declined',
    file: 'switch/transaction/chip.ts',
    find: "return cryptogram === 'TC' && isDeclined ? 'chip-approved' : undefined;",
    put: "return cryptogram === 'none' && isDeclined ? 'chip-approved' : undefined;",
    test: 'test/money/told-of-what-is-known.test.ts',
  },
  {
    name: 'chip-refusal-unseen',
    removes: 'the case of a chip that refused what stands',
    file: 'switch/transaction/chip.ts',
    find: "return cryptogram === 'AAC';",
    put: "return cryptogram === '';",
  },
];
