import type { SourceMutant } from './source-mutant.ts';

/** What keeps one thing that went wrong from blocking another, or from being forgotten. */
export const OF_BLOCKED: readonly SourceMutant[] = [
  {
    name: 'unsettled-forgets',
    removes: 'the memory of decisions that the journal could not take',
    file: 'switch/journal/unsettled.ts',
    find: '    this.#waiting.set(entry.transaction, { entry, intention, superseded, looks: 0 });\n',
    put: '    if (this.#waiting.size < 1) this.#waiting.set(entry.transaction, { entry, intention, superseded, looks: 0 });\n',
  },
  {
    name: 'refused-reversal-blocks',
    removes: 'the next attempt at a reversal after the network refused one of the same payment',
    file: 'switch/follow-up/reverse-network.ts',
    find: 'if (!transaction.opening) return { done: true };\n\n    const tooMuch',
    put: "if (!transaction.opening || transaction.network === 'reversal-refused') return { done: true };\n\n    const tooMuch",
  },
  {
    name: 'rest-forgotten',
    removes: 'the wait for what is held beyond a completion: given up, it is told, and the rest forgotten',
    file: 'switch/follow-up/advise-network.ts',
    find: "if ('retryAfterMs' in rest || 'park' in rest) return rest;",
    put: "if ('retryAfterMs' in rest) return rest;",
    test: 'switch/follow-up/advise-network.test.ts',
  },
  {
    name: 'refunds-at-once',
    removes: 'the sum of refunds that came while the others were looked at',
    file: 'switch/serve/reserve-refund.ts',
    find: 'const left = original.standingMinorUnits - refunded.minorUnits - unseen;',
    put: 'const left = original.standingMinorUnits - refunded.minorUnits - unseen * 0;',
  },
  {
    name: 'refund-that-names-nothing-known',
    removes:
      'the refusal of a refund whose approval code or DE90 leads to no sale: it is paid beside all of them',
    file: 'switch/serve/reserve-refund.ts',
    find: "finding.status === 'unknown' && isTold && ",
    put: "finding.status === 'unknown' && ",
    test: 'test/money/told-with-a-code-alone.test.ts',
  },
  {
    name: 'refund-of-a-hold',
    removes: 'the look at whether anything was taken: what is only held is refunded',
    file: 'switch/serve/reserve-refund.ts',
    find: "return kind !== 'refund' && (kind !== 'pre-authorisation' || state === 'captured');",
    put: "return kind !== 'refund' && state !== 'none';",
  },
  {
    name: 'refunded-and-taken-back',
    removes: 'the care for what was refunded: a void or a reversal gives it back once more',
    file: 'switch/serve/take-back.ts',
    find: '  if (refunded <= remaining) return undefined;\n',
    put: '  if (refunded >= remaining) return undefined;\n',
  },
  {
    name: 'undecidable-declined',
    removes: 'the silence about a decision that may be stored: the terminal is told that it is declined',
    file: 'switch/serve/authorise.ts',
    find: "return error.committed === 'no' ? reply : undefined;",
    put: 'return error.committed ? reply : undefined;',
  },
  {
    name: 'take-over-left-out',
    removes: 'the closing of what a dead node intended and never decided',
    file: 'switch/node/recover.ts',
    find: "if (found?.state !== 'intended' || !found.opening) return false;",
    put: "if (found?.state !== 'intended' || found.opening) return false;",
  },
  {
    name: 'unknown-refund-frees',
    removes: 'what a refund may have paid: one whose outcome nobody knows frees its money',
    file: 'switch/serve/reserve-refund.ts',
    find: 'return isUndone ? standingMinorUnits : Math.max(standingMinorUnits, networkMinorUnits);',
    put: 'return isUndone ? networkMinorUnits * 0 + standingMinorUnits : standingMinorUnits;',
    test: 'test/money/blocked-and-forgotten.test.ts',
  },
  {
    name: 'conflict-in-the-flush',
    removes: 'the care for entries that exclude each other: they go into one flush',
    file: 'switch/journal/compatible.ts',
    find: '    if (excluded) {',
    put: '    if (excluded && aside.length < 0) {',
    test: 'switch/journal/compatible.test.ts',
  },
];
