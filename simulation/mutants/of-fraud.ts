import type { SourceMutant } from './source-mutant.ts';

const TEST = 'switch/fraud/fraud-watch.test.ts';
const OF_A_PAYMENT = 'switch/serve/suspected.test.ts';

/** Who is suspected, of what, and what is done. */
export const OF_FRAUD: readonly SourceMutant[] = [
  {
    name: 'blocked-and-asked',
    removes: 'the refusal of what a rule of fraud blocks: it is on record, and its legs are opened',
    file: 'switch/serve/authorise.ts',
    find: '  if (block) return decline(opening, block, inbound, ports);\n',
    put: '  void block;\n',
    test: OF_A_PAYMENT,
  },
  {
    name: 'monitor-that-acts',
    removes: 'the shadow mode: rules act that are only watched',
    file: 'switch/fraud/fraud-watch.ts',
    find: "const did = this.#parts.settings.mode === 'enforce' ? worst : 'monitor';",
    put: 'const did = worst;',
    test: OF_A_PAYMENT,
  },
  {
    name: 'judged-is-counted',
    removes: 'the wait for what is durable: a judgement counts as a payment',
    file: 'switch/fraud/fraud-watch.ts',
    find: 'this.#pending.set(transaction, { facts, isAsked: false, isDecided: false });',
    put: "this.#pending.set(transaction, { facts, isAsked: false, isDecided: false });\n      this.#memory.note('asked', facts, at);",
    test: TEST,
  },
  {
    name: 'entry-counted-twice',
    removes: 'the look whether an intention was counted: a node that reads it again counts it again',
    file: 'switch/fraud/fraud-watch.ts',
    find: '    if (known?.isAsked) return;\n',
    put: '',
    test: TEST,
  },
  {
    name: 'away-counts-against-the-card',
    removes: 'the difference between a proof that failed and a consensus that is away',
    file: 'switch/fraud/events.ts',
    find: "  unreachable: undefined,\n  unknown: undefined,\n  'not-applicable': undefined,",
    put: "  unreachable: 'proof-failed',\n  unknown: undefined,\n  'not-applicable': undefined,",
    test: TEST,
  },
  {
    name: 'check-digit-of-a-refund',
    removes: 'the exemption of refunds and of what recurs from check digit and expiry',
    file: 'switch/fraud/checks.ts',
    find: "return facts.kind !== 'refund' && !facts.isRecurring && ",
    put: 'return ',
    test: TEST,
  },
  {
    name: 'window-without-its-last-step',
    removes: 'the thirteenth step of a window: the end of it is forgotten early',
    file: 'switch/fraud/window-counts.ts',
    find: 'const KEPT = STEPS + 1;',
    put: 'const KEPT = STEPS;',
    test: 'switch/fraud/window-counts.test.ts',
  },
];
