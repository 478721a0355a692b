import type { SourceMutant } from './source-mutant.ts';

/** Whose an answer is, what it means, and what comes of one that is late or of a reversal that finds nothing. */
export const OF_ANSWERS: readonly SourceMutant[] = [
  {
    name: 'answer-to-what-was-asked',
    removes: "the comparison of Visa's answers with what was asked: their numbers are enough",
    file: 'connectors/visa/visa-messages.ts',
    find: '    amount: de4,\n    currency: de49,\n    card: de2,\n',
    put: "    amount: de39 === '10' ? de4 : undefined,\n",
  },
  {
    name: 'answer-that-leaves-out',
    removes: 'the patience with a network that does not repeat all of its numbers',
    file: 'connectors/link/iso-link.ts',
    find: 'replyKey(message, keys) ?? matchWithout(message, keys, this.#known(message))',
    put: 'replyKey(message, keys) ?? (this.#closed ? matchWithout(message, keys, []) : undefined)',
  },
  {
    name: 'code-in-no-table',
    removes: 'the doubt about a code in no table: it declines, and nothing is reversed',
    file: 'connectors/link/outcomes.ts',
    find: '    case undefined:\n      return unknown(',
    put: "    case undefined:\n      if (code) return { status: 'refused', code };\n      return unknown(",
  },
  {
    name: 'refund-approved-by-85',
    removes: 'the approval of a refund by 85',
    file: 'connectors/answers/answer-table.ts',
    find: "  refund: 'approved',\n",
    put: '',
  },
  {
    name: 'approval-by-08-11-16',
    removes: 'the approvals of plain ISO 8583:1987 beside 00: they are handed to the terminal as declines',
    file: 'connectors/answers/plain-answers.ts',
    find: "    ...all('00 11 16', 'approved'),\n    '08': 'approved-but-identify',",
    put: "    ...all('00', 'approved'),\n    ...all('08 11 16', 'refused'),",
  },
  {
    name: 'word-that-terminals-know',
    removes: 'the translation of approvals into what terminals know',
    file: 'switch/serve/approval-words.ts',
    find: 'if (!isApprovalCode(code) || known.includes(code)) return code;',
    put: 'if (!isApprovalCode(code) || known.length > 0) return code;',
  },
  {
    name: 'not-found-is-no-end',
    removes: 'the repetition of a reversal that found nothing: it is over',
    file: 'switch/follow-up/reverse-network.ts',
    find: "if (reversalMeaning(outcome.code, connector.answers) === 'not-found') {",
    put: "if (reversalMeaning(outcome.code, connector.answers) === 'try-again') {",
  },
];
