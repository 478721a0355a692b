import type { SourceMutant } from './source-mutant.ts';

/** What a reversal says of its payment, beside the numbers that it is found by. */
export const OF_REVERSALS: readonly SourceMutant[] = [
  {
    name: 'reversal-without-its-code',
    removes: 'the approval code in a reversal',
    file: 'connectors/visa/visa-messages.ts',
    find: `...(approvalCode !== undefined && { de38: approvalCode }),
    ...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON`,
    put: `...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON`,
  },
  {
    name: 'reversal-without-its-identifier',
    removes: "the network's own identifier in a reversal",
    file: 'connectors/visa/visa-messages.ts',
    find: `...(networkReference !== undefined && { de62: { sf2: networkReference } }),
    de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON`,
    put: 'de63: { sf1: VISA_NETWORK_ID, sf3: REVERSAL_REASON',
  },
  {
    name: 'late-names-forgotten',
    removes: 'the names that a late approval brings: its reversal goes by numbers alone',
    file: 'switch/transaction/leg-traces.ts',
    find: '    ...(isApproval && approvalCode !== undefined && { approvalCode }),\n',
    put: '',
  },
  {
    name: 'part-named-by-what-is-left',
    removes: 'the first amount of what was reversed in part: the next reversal names what is left',
    file: 'connectors/reversal-words.ts',
    find: "'partial-reversal': { amount: 'approved', ...FIRST },",
    put: "'partial-reversal': { amount: 'held', ...FIRST },",
  },
  {
    name: 'repeated-unmarked',
    removes: 'the repeat MTI of a reversal that may have been heard before',
    file: 'switch/follow-up/reversal-numbers.ts',
    find: 'repeat: mayRepeat(job) || isAskedAgain };',
    put: 'repeat: isAskedAgain };',
  },
  {
    name: 'stray-approval',
    removes: 'the search for whose an approval is that comes on another session',
    file: 'switch/node/late-answers.ts',
    find: '    await strayApproval(answer, stray, ports);\n    return;\n',
    put: '    return;\n',
  },
];
