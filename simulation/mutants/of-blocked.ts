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
];
