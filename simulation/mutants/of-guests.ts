import type { SourceMutant } from './source-mutant.ts';

/** What guests found, and what they look after. */
export const OF_GUESTS: readonly SourceMutant[] = [
  {
    name: 'late-answers-tell',
    removes: 'the outbox of late answers: their cases tell nobody',
    file: 'switch/node/late-answers.ts',
    find: 'journal: withOutbox(given.journal, isAnybodyListening)',
    put: 'journal: [given.journal, withOutbox, isAnybodyListening][0] as never',
  },
];
