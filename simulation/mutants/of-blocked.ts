import type { SourceMutant } from './source-mutant.ts';

/** What keeps one thing that went wrong from blocking another, or from being forgotten. */
export const OF_BLOCKED: readonly SourceMutant[] = [
  {
    name: 'refused-reversal-blocks',
    removes: 'the next attempt at a reversal after the network refused one of the same payment',
    file: 'switch/follow-up/reverse-network.ts',
    find: 'if (!transaction.opening) return { done: true };\n\n    const tooMuch',
    put: "if (!transaction.opening || transaction.network === 'reversal-refused') return { done: true };\n\n    const tooMuch",
  },
  {
    name: 'unknown-refund-is-free',
    removes: 'the reservation of a refund that was declined and may have been paid',
    file: 'switch/serve/reserve-refund.ts',
    find: 'return isUndone ? standingMinorUnits : Math.max(standingMinorUnits, networkMinorUnits);',
    put: 'return isUndone || networkMinorUnits > 0 ? standingMinorUnits : 0;',
  },
  {
    name: 'unsettled-forgets',
    removes: 'the memory of decisions that the journal could not take',
    file: 'switch/journal/unsettled.ts',
    find: '    this.#waiting.set(entry.transaction, { entry, intention, looks: 0 });\n',
    put: '    if (this.#waiting.size < 1) this.#waiting.set(entry.transaction, { entry, intention, looks: 0 });\n',
  },
  {
    name: 'counters-without-limit',
    removes: 'the limits of the counters that stand-in takes of',
    file: 'switch/stand-in/allowances.ts',
    find: 'allowances.map(({ key, limit }) => ({ key, limit, minorUnits }));',
    put: `allowances.map(({ key }) => {
      const limit = { count: Number.MAX_SAFE_INTEGER, minorUnits: Number.MAX_SAFE_INTEGER };
      return { key, limit, minorUnits };
    });`,
  },
  {
    name: 'conflict-ends-flush',
    removes: 'the numbers in the order of commits, where an entry was set aside',
    file: 'switch/journal/group-commit.ts',
    find: '      pending.sequence = this.#nextSequence++;\n',
    put: '',
  },
];
