import type { SourceMutant } from './source-mutant.ts';

/** Reversals that come before what they name, or beside one another. */
export const OF_NAMED_REVERSALS: readonly SourceMutant[] = [
  {
    name: 'advice-behind-its-reversal',
    removes: 'the refusal of an advice whose reversal, without DE90, came before it',
    file: 'switch/requests/originals.ts',
    find: 'late: mtis,',
    put: "late: pair ?? ['0100', '0200'],",
  },
  {
    name: 'reversals-of-one-key',
    removes: 'the place of its own for another reversal that has the same STAN and time',
    file: 'switch/serve/answer-notice.ts',
    find: 'if (!first.owner || !mayShareKey) return first;',
    put: 'if (!mayShareKey || first) return first;',
    test: 'test/money/reversals-of-one-number.test.ts',
  },
  {
    name: 'part-beside-a-void',
    removes: 'what a partial reversal leaves of a sale whose void is reversed later',
    file: 'switch/serve/undo.ts',
    find: 'if (remainingMinorUnits > 0 && isVoided(found)) {',
    put: 'if (remainingMinorUnits < 0 && isVoided(found)) {',
  },
  {
    name: 'part-named-by-a-late-repeat',
    removes: 'what a reversal in part leaves of a payment whose repeat it named before that came: all goes',
    file: 'switch/serve/name-again.ts',
    find: 'if (reversal.isPart) {',
    put: 'if (reversal.isPart && reversal.leaves === undefined) {',
    test: 'test/money/parts-named-by-a-repeat.test.ts',
  },
  {
    name: 'stan-counted-anew',
    removes: 'the doubt about a payment of one DE37 and STAN, and another card, than a reversal has',
    file: 'switch/serve/find-original.ts',
    find: '(isOtherStan || WHOSE.has(element))',
    put: 'isOtherStan',
    test: 'test/money/reversals-of-one-number.test.ts',
  },
  {
    name: 'few-claims',
    removes: 'room for all that a reversal may name',
    file: 'switch/journal/entry.ts',
    find: 'const MAX_CLAIMS = 16;',
    put: 'const MAX_CLAIMS = 8;',
  },
  {
    name: 'no-more-patience',
    removes: 'the patience with a network that answers just after each attempt',
    file: 'switch/follow-up/patience.ts',
    find: 'Math.min(attempt * attemptTimeoutMs, MOST_MS)',
    put: 'Math.min(attemptTimeoutMs, MOST_MS)',
  },
  {
    name: 'late-under-another-time',
    removes:
      'what a reversal learns of the late request that it had refused: its repeat with another DE7 is approved',
    file: 'switch/serve/begin-payment.ts',
    find: 'if (isRemembered(known.fingerprint)) {',
    put: 'if (!known.fingerprint) {',
    test: 'test/money/late-behind-its-reversal.test.ts',
  },
  {
    name: 'late-notice-under-another-time',
    removes: 'the same of a late void, tip or completion',
    file: 'switch/serve/answer-notice.ts',
    find: 'if (error instanceof Refusal) await nameIfReversed(error, notice, taken, ports);',
    put: 'if (error === undefined) await nameIfReversed(error, notice, taken, ports);',
    test: 'test/money/late-behind-its-reversal.test.ts',
  },
];
