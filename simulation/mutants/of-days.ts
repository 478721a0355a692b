import type { SourceMutant } from './source-mutant.ts';

/** What keeps settled batches and business days closed. */
export const OF_DAYS: readonly SourceMutant[] = [
  {
    name: 'void-of-the-settled',
    removes: 'the look at closed batches: what is settled is voided all the same',
    file: 'switch/serve/closed-batch.ts',
    find: '  if (isAllowed) return batch;',
    put: '  if (batch) return batch;',
  },
  {
    name: 'batches-closed-since',
    removes: 'the look at batches that were closed since the projection was last read',
    file: 'switch/serve/closed-batch.ts',
    find: 'for (let ordinal = last + 1; ordinal <= last + MAX_BATCHES; ordinal += 1) {',
    put: 'for (let ordinal = last + 1; ordinal <= last; ordinal += 1) {',
  },
  {
    name: 'batch-of-the-till-that-asks',
    removes: 'the till that sold it: the batch that is looked at is of the till that voids',
    file: 'switch/serve/closed-batch.ts',
    find: 'party: partyKey(acquirerOf(party.key), merchant, terminal).terminal, currency };',
    put: 'party: party.key.terminal, currency };',
    with: ['other-till-after-close'],
  },
  {
    name: 'undated-movement',
    removes: 'the business date of what is taken back',
    file: 'switch/transaction/dated-journal.ts',
    find: "  'taken-back': true,",
    put: "  'taken-back': false,",
  },
  {
    name: 'date-of-utc',
    removes: 'the time zone of the business day, which is one of UTC then',
    file: 'switch/config/business-calendar.ts',
    find: "timeZone === 'UTC' ? undefined : clocksOf(timeZone);",
    put: 'undefined;',
  },
  {
    name: 'reversal-of-the-settled',
    removes: 'the difference between a void and a reversal: what is settled is not reversed either',
    file: 'switch/serve/take-back.ts',
    find: '  const remaining = remainingOf(inbound, found);\n  const tip',
    put: '  await voidableBatch(found, inbound, ports);\n  const remaining = remainingOf(inbound, found);\n  const tip',
  },
  {
    name: 'settled-unseen',
    removes: 'the wait for the projection before a batch is counted',
    file: 'switch/serve/settle.ts',
    find: 'if (!(await ports.batches.reach(deadline))) {',
    put: 'if (ports.batches.reach === undefined) {',
  },
];
