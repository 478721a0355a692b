// The table of one network: that of its profile, or another by name, with what its operator knows better.

import type { AnswerTable, CodeMeaning, NotFoundRules, ReversalMeaning } from './answer-table.ts';
import { MASTERCARD_ANSWERS } from './mastercard-answers.ts';
import { PLAIN_ANSWERS } from './plain-answers.ts';
import { VISA_ANSWERS } from './visa-answers.ts';

const TABLES = { plain: PLAIN_ANSWERS, visa: VISA_ANSWERS, mastercard: MASTERCARD_ANSWERS } as const;

export interface OwnAnswers {
  readonly codes?: keyof typeof TABLES;
  readonly authorisation?: Readonly<Record<string, CodeMeaning>>;
  readonly reversal?: Readonly<Record<string, ReversalMeaning>>;
  readonly timeOutMs?: number;
  readonly notFoundRepeats?: number;
  readonly notFoundRepeatsOfSeen?: number;
}

export function answersOf(profile: keyof typeof TABLES, own: OwnAnswers = {}): AnswerTable {
  const table = TABLES[own.codes ?? profile];
  const { notFound } = table;
  const rules: NotFoundRules = {
    timeOutMs: own.timeOutMs ?? notFound.timeOutMs,
    repeats: own.notFoundRepeats ?? notFound.repeats,
    repeatsOfSeen: own.notFoundRepeatsOfSeen ?? notFound.repeatsOfSeen,
  };
  return {
    ...table,
    authorisation: { ...table.authorisation, ...own.authorisation },
    reversal: { ...table.reversal, ...own.reversal },
    notFound: rules,
  };
}
