import type { SourceMutant } from './source-mutant.ts';

/** What people and merchants are told, and what a node itself knows of what it answered. */
export const OF_TOLD: readonly SourceMutant[] = [
  {
    name: 'told-at-most-once',
    removes: 'the second attempt to tell a merchant',
    file: 'switch/follow-up/notify-merchant.ts',
    find: "if (outcome.status === 'unreachable') return retry.again(job.attempt, outcome.reason);",
    put: "if (outcome.status === 'unreachable') return undefined;",
  },
  {
    name: 'case-without-alert',
    removes: 'the alert of a case',
    file: 'switch/fallback/notices/outbox.ts',
    find: "    ...(hasCase ? (['raise-alert'] as const) : []),\n",
    put: "    ...(hasCase && !isAnybodyListening ? (['raise-alert'] as const) : []),\n",
  },
  {
    name: 'tip-upon-tip',
    removes: 'what stood before the first tip: the second is a share of the first as well',
    file: 'switch/serve/adjust.ts',
    find: 'Math.min(untippedMinorUnits ?? standingMinorUnits, authorisedMinorUnits(found));',
    put: 'standingMinorUnits;',
    with: ['tips-on-tips'],
  },
  {
    name: 'repeats-without-end',
    removes: 'the end of what is refused again and again',
    file: 'switch/serve/acknowledge-repeats.ts',
    find: 'ports.inFlight.recent.refusedAgain(repeated.key) > maxRefusals',
    put: 'maxRefusals < 0',
    test: 'test/money/repeats-without-end.test.ts',
  },
  {
    name: 'attempts-apart',
    removes: 'the count of attempts that name one message under numbers of their own',
    file: 'switch/serve/take-back.ts',
    find: 'key: attemptsKey(inbound) ?? notice.key',
    put: 'key: attemptsKey(inbound) ? notice.key : notice.key',
    test: 'test/money/repeats-without-end.test.ts',
  },
  {
    name: 'lost-data-unseen',
    removes:
      'the comparison of the database with what its node had committed: a fail-over that lost it goes unseen',
    file: 'switch/own-copy/own-copy.ts',
    find: 'if (!(await compared.holds(newest))) await',
    put: 'if (newest.last < 0) await',
    test: 'switch/own-copy/own-copy.test.ts',
  },
  {
    name: 'lost-data-left-out',
    removes: 'what is written again of what a fail-over lost',
    file: 'switch/own-copy/own-copy.ts',
    find: 'const { written, conflicts } = await compared.writeAgain(flush);',
    put: 'const { written, conflicts } = { written: 1, conflicts: 0 };',
    test: 'switch/own-copy/own-copy.test.ts',
  },
];
