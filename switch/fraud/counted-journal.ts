import type { Clock } from '../../runtime/index.ts';
import type { Journal } from '../journal/journal.ts';
import type { FraudWatch } from './fraud-watch.ts';

/** A journal whose entries count for rules of fraud as soon as they are durable. */
export function countedJournal(
  journal: Journal,
  watch: Pick<FraudWatch, 'note'>,
  clock: Pick<Clock, 'wall'>,
): Journal {
  return {
    async append(entry, deadline) {
      const result = await journal.append(entry, deadline);
      if (result.status === 'appended') watch.note(entry, clock.wall());
      return result;
    },
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
  };
}
