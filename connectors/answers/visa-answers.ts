// The codes of Visa. UNVERIFIED: compiled from public lists, its specification is confidential. Replace what differs
// by your licensed one (settings: `networks[].answers`). Neither 08 nor 16 is Visa's: an answer with one of them is an
// answer in no table.

import { type AnswerTable, all, NO_REASON_TO_DECLINE } from './answer-table.ts';

export const VISA_ANSWERS: AnswerTable = {
  authorisation: {
    ...all('00 11', 'approved'),
    '10': 'approved-in-part',
    '85': NO_REASON_TO_DECLINE,
    ...all('01 02 03 04 05 06 07 12 13 14 15 19 21 25 28 30 39 41 43 46 51 52 53 54 55 57', 'refused'),
    ...all('58 59 61 62 63 64 65 70 75 76 77 78 79 80 81 82 86 89 91 92 93 94 96', 'refused'),
    ...all('6P B1 B2 N0 N3 N4 N5 N7 N8 P5 P6 Q1 R0 R1 R2 R3 Z1 Z3', 'refused'),
    '1A': 'soft-decline',
  },
  reversal: {
    '00': 'reversed',
    ...all('21 25 76 77', 'not-found'),
    '94': 'repeat-known',
    ...all('19 91 92 96', 'try-again'),
  },
  adviceTryAgain: ['19', '91', '92', '96'],
  notFound: { timeOutMs: 60_000, repeats: 3, repeatsOfSeen: 1 },
};
