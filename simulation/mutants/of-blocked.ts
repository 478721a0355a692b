import type { SourceMutant } from './source-mutant.ts';

/** What keeps one thing that went wrong from blocking another, or from being forgotten. */
export const OF_BLOCKED: readonly SourceMutant[] = [
  {
    name: 'unsettled-forgets',
    removes: 'the memory of decisions that the journal could not take',
    file: 'switch/journal/unsettled.ts',
    find: '    this.#waiting.set(entry.transaction, { entry, intention, looks: 0 });\n',
    put: '    if (this.#waiting.size < 1) this.#waiting.set(entry.transaction, { entry, intention, looks: 0 });\n',
  },
  {
    name: 'number-of-what-is-set-aside',
    removes: 'the new number of an entry that was set aside: numbers are no longer in the order of commits',
    file: 'switch/journal/group-commit.ts',
    find: '      pending.sequence = this.#nextSequence++;\n',
    put: '',
  },
];
