import type { SourceMutant } from './source-mutant.ts';

/** Where money was lost to unkind peers in ways that no seed draws: a test notices each. */
export const OF_MONEY: readonly SourceMutant[] = [
  {
    name: 'unmatched-unseen',
    removes: 'the look for a payment that a reversal may well mean which matches nothing: nobody is told',
    file: 'switch/serve/unmatched-reversal.ts',
    find: 'mayMean ?? (await paymentsMeant(inbound, original.meant, ports))',
    put: 'mayMean ?? (await paymentsMeant(inbound, original.meant, ports)).slice(0, 0)',
    test: 'test/money/finding-the-original.test.ts',
  },
  {
    name: 'any-amount',
    removes: 'the comparison of amounts: a reversal or void takes back a payment of another amount',
    file: 'switch/requests/meant.ts',
    find: "return isAmountOf(found, meant) ? undefined : 'DE4';",
    put: "return isAmountOf(found, meant) || meant.minorUnits !== undefined ? undefined : 'DE4';",
    test: 'test/money/who-is-asking.test.ts',
  },
  {
    name: 'refund-of-nothing-named',
    removes: 'the permission of the merchant for refunds that name no sale',
    file: 'switch/serve/authorise.ts',
    find: "const isRefused = inbound.party.merchant.unlinkedRefunds === 'refuse';",
    put: 'const isRefused = inbound.party.merchant === undefined;',
    test: 'test/money/told-with-a-code-alone.test.ts',
  },
  {
    name: 'tip-by-what-remains',
    removes: 'the whole of a tip, where its reversal says what remains without it: it is refused',
    file: 'switch/serve/reverse-tip.ts',
    find: ' || remainingMinorUnits === tip.beforeMinorUnits',
    put: '',
    test: 'test/money/named-before-its-repeat.test.ts',
  },
  {
    name: 'answer-that-has-no-route',
    removes: 'the answer of before, where the route of its card has left the settings',
    file: 'switch/serve/begin-payment.ts',
    find: 'if (route instanceof Refusal) return answeredBefore(asked, route, ports);',
    put: 'if (route instanceof Refusal) throw await answeredBefore(asked, route, ports).then(() => route);',
    test: 'test/money/blocked-and-forgotten.test.ts',
  },
  {
    name: 'proof-of-what-was-refunded',
    removes: 'the case of a refund whose purchase stays proven',
    file: 'switch/serve/authorise.ts',
    find: '...(approved && refund.leavesProof && { leavesProof: true }),',
    put: '',
    test: 'test/money/blocked-and-forgotten.test.ts',
  },
  {
    name: 'parked-by-an-outage',
    removes: 'the patience with what of our own is away: what waits for it is parked as it comes back',
    file: 'switch/follow-up/queue-throws.ts',
    find: 'isOutage(error) ? MAX_OUTAGES : MAX_DEFECTS',
    put: 'isOutage(error) ? MAX_DEFECTS : MAX_DEFECTS',
    test: 'switch/follow-up/queue-throws.test.ts',
  },
  {
    name: 'silent-issuer-cuts-off-all',
    removes: 'the difference between a silent issuer and a silent network',
    file: 'switch/fallback/silent-issuers.ts',
    find: 'return failures >= SILENT_FAILURES && failures >= samples * SILENT_SHARE;',
    put: 'return failures >= SILENT_FAILURES && failures > samples;',
    test: 'switch/fallback/guards.test.ts',
  },
];
