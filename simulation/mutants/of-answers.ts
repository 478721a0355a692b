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
  {
    name: 'approval-without-cash',
    removes: 'the approval of a purchase without its cash (87): it is a decline',
    file: 'connectors/answers/plain-answers.ts',
    find: "    '87': { cashback: 'approved-without-cash' },\n",
    put: "    '87': 'refused',\n",
  },
  {
    name: 'answer-that-follows',
    removes: 'the wait for the answer that 09 announces',
    file: 'connectors/link/network-connector.ts',
    find: "meaning === 'wait' ? 'follows'",
    put: "meaning === 'wait' ? 'counts'",
  },
  {
    name: 'less-than-a-terminal-can-take',
    removes: 'the decline of a partial approval where the terminal cannot ask for the rest',
    file: 'switch/transaction/outcome-table.ts',
    find: 'return policy.partialApproval ? undefined : INSUFFICIENT_FUNDS;',
    put: 'return policy ? undefined : INSUFFICIENT_FUNDS;',
  },
  {
    name: 'unknown-is-no-approval',
    removes: 'the reversal of a leg whose outcome nobody knows',
    file: 'switch/transaction/outcome-table.ts',
    find: "followUps: [...(policy.movesMoney ? (['reverse-network'] as const) : []), ...undoPop(pop)],",
    put: 'followUps: undoPop(pop),',
  },
  {
    name: 'late-approval-reversed-again',
    removes: 'the reversal that a late approval asks for, once more',
    file: 'switch/transaction/late-approvals.ts',
    find: 'const followUps = isQueued ? [] : reversal(now, body);',
    put: 'const followUps = isQueued ? [] : reversal(now, body).slice(1);',
  },
  {
    name: 'known-to-be-reversed',
    removes: 'the acknowledgement that 94 is to a reversal which was repeated',
    file: 'connectors/link/outcomes.ts',
    find: "return { status: isRepeat ? 'acknowledged' : 'refused', code };",
    put: "return { status: 'refused', code };",
  },
  {
    name: 'reversal-of-what-was-asked',
    removes:
      'the words of a network for the amount of a reversal: what was approved in part is named by what was asked',
    file: 'switch/follow-up/reversal-facts.ts',
    find: "    case 'approved':\n      // What",
    put: "    case 'approved':\n      return asked;\n    case undefined:\n      // What",
  },
  {
    name: 'decline-with-an-approvals-code',
    removes:
      'the word for a decline whose code is that of an approval (85 of a purchase): it leaves as it came',
    file: 'switch/transaction/outcome-table.ts',
    find: 'const code = isApprovalCode(network.code) ? DO_NOT_HONOUR : network.code;',
    put: 'const { code } = network;',
  },
];
