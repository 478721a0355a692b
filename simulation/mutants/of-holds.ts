import type { SourceMutant } from './source-mutant.ts';

/** What is added to a hold, billed of it in parts, and what ends it. */
export const OF_HOLDS: readonly SourceMutant[] = [
  {
    name: 'unknown-increment-forgotten',
    removes: 'the reversal of an increment whose outcome nobody knows',
    file: 'switch/transaction/increments.ts',
    find: "  if (network.status === 'unknown') hold(whole, increment, asked);\n",
    put: '',
  },
  {
    name: 'increments-left-held',
    removes: 'what was added to a hold, when it is given back: it stays held',
    file: 'switch/transaction/increments.ts',
    find: '  for (const increment of whole.increments) increment.standingMinorUnits = 0;\n',
    put: '',
  },
  {
    name: 'increment-left-open',
    removes: 'the closing of an increment that its node did not decide',
    file: 'switch/serve/increment.ts',
    find: 'followUps: [closing],',
    put: 'followUps: [closing].slice(1),',
    test: 'switch/serve/increment.test.ts',
  },
  {
    name: 'increment-of-what-is-over',
    removes: 'the refusal to add to a hold that is over',
    file: 'switch/serve/increment.ts',
    find: "|| !stateAfter(state, 'increment-intended')) {",
    put: "|| state === 'none') {",
  },
  {
    name: 'parts-given-back-early',
    removes: 'the wait for the last of several completions: the first gives back what is held',
    file: 'switch/follow-up/advise-network.ts',
    find: 'const isWhole = telling?.part === undefined || isLast(telling.part);',
    put: 'const isWhole = isLast !== undefined;',
  },
  {
    name: 'no-last-part',
    removes: 'the end of several completions: what is left is never given back',
    file: 'switch/transaction/several-completions.ts',
    find: 'return sequence === count;',
    put: 'return sequence === count && count < 0;',
  },
  {
    name: 'parts-in-any-order',
    removes: 'the order of several completions, and their number',
    file: 'switch/transaction/several-completions.ts',
    find: 'return isInBounds && sequence === before.length + 1 && (!known || known.count === count);',
    put: 'return isInBounds && known !== null;',
  },
  {
    name: 'hold-without-end',
    removes: 'the end of a hold',
    file: 'switch/follow-up/hold-keeper.ts',
    find: '  if (now >= until) {',
    put: '  if (now < 0) {',
    test: 'test/money/holds.test.ts',
  },
];
