import { expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { JournalError } from '../journal/journal.ts';
import { HoldKeeper } from './hold-keeper.ts';

// What a keeper does with a hold that cannot be read, on virtual time: it holds up none of the others.

const JOURNAL = {
  append: () => Promise.reject(new Error('nothing is to be appended')),
  transactionOf: async () => undefined,
  undecided: async () => [],
};
const entry = (transaction: string) => ({
  transaction,
  version: 1,
  kind: 'remembered',
  body: { key: 'k', reply: { code: '00' } },
  at: 0,
  node: 'n',
  epoch: 1,
});

it('goes on with those that can be read, and looks again as soon as ever', async () => {
  const clock = new VirtualClock();
  const forgotten: string[] = [];
  let looks = 0;
  const keeper = new HoldKeeper({
    clock,
    log: silentLog,
    journal: {
      ...JOURNAL,
      history: async (transaction) => {
        if (transaction === 'bad') throw new JournalError('SW_JOURNAL_ENTRY', 'no');
        return [entry(transaction)];
      },
    },
    holds: {
      claim: async () => {
        looks += 1;
        return ['bad', `over-${looks}`];
      },
      forget: async (transactions) => {
        forgotten.push(...transactions);
      },
      watch: async () => {},
    },
  });
  await clock.advance(12_000);
  await keeper.stop();
  expect(forgotten).toEqual(['over-1', 'over-2', 'over-3']);
});
