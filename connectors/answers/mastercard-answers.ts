// The codes of Mastercard, for a network in front of it that speaks another dialect and hands its codes on (settings:
// `networks[].answers.codes`). UNVERIFIED: compiled from public lists, its specification is confidential. Replace what
// differs by your licensed one. Neither 11 nor 16 is Mastercard's, and no reversal is answered 25.

import { type AnswerTable, all, NO_REASON_TO_DECLINE } from './answer-table.ts';

export const MASTERCARD_ANSWERS: AnswerTable = {
  authorisation: {
    '00': 'approved',
    '08': 'approved-but-identify',
    '10': 'approved-in-part',
    '85': NO_REASON_TO_DECLINE,
    '87': { cashback: 'approved-without-cash' },
    ...all('01 03 04 05 12 13 14 15 30 41 43 46 51 54 55 57 58 61 62 63 68 70 71 72 75 76', 'refused'),
    ...all('77 78 79 80 81 82 83 84 86 88 89 91 92 94 96', 'refused'),
    '65': 'soft-decline',
  },
  reversal: {
    '00': 'reversed',
    '94': 'repeat-known',
    ...all('91 92 96', 'try-again'),
  },
  adviceTryAgain: ['91', '92', '96'],
  notFound: { timeOutMs: 60_000, repeats: 3, repeatsOfSeen: 1 },
};
