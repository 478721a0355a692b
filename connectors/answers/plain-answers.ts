// The codes of a network that speaks plain ISO 8583:1987, with what is in common use beside them: such a network is
// anybody's, and hands on what others answered. UNVERIFIED: compiled from public lists. Replace what differs by your
// network's own specification (settings: `networks[].answers`).

import { type AnswerTable, all, NO_REASON_TO_DECLINE } from './answer-table.ts';

export const PLAIN_ANSWERS: AnswerTable = {
  authorisation: {
    ...all('00 11 16', 'approved'),
    '08': 'approved-but-identify',
    '09': 'wait',
    '10': 'approved-in-part',
    '85': NO_REASON_TO_DECLINE,
    '87': { cashback: 'approved-without-cash' },
    ...all('01 02 03 04 05 06 07 12 13 14 15 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31', 'refused'),
    ...all('33 34 35 36 37 38 39 40 41 42 43 44 46 51 52 53 54 55 56 57 58 59 60 61 62 63', 'refused'),
    ...all('64 65 66 67 68 70 71 72 75 76 77 78 79 80 81 82 83 84 86 88 89 90 91 92 93 94', 'refused'),
    ...all('95 96 6P B1 B2 N0 N3 N4 N5 N7 N8 P5 P6 Q1 R0 R1 R2 R3 Z1 Z3', 'refused'),
    ...all('1A A1', 'soft-decline'),
  },
  reversal: {
    '00': 'reversed',
    ...all('21 25 76 77', 'not-found'),
    '94': 'repeat-known',
    ...all('09 19 91 92 96', 'try-again'),
  },
  adviceTryAgain: ['09', '19', '91', '92', '96'],
  notFound: { timeOutMs: 60_000, repeats: 3, repeatsOfSeen: 1 },
};
