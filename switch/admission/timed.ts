import type { Journal } from '../journal/journal.ts';
import type { Gate } from './gate.ts';

/** What says how the HSM is, and nothing for a request. */
const NO_WORK: ReadonlySet<string> = new Set(['connected', 'whenConnected', 'status', 'close']);

/**
 * The same HSM, whose calls the gate counts as work of the switch's own: all of them, whatever their names, so that a
 * new operation is not forgotten here.
 */
export function timedHsm<H extends object>(hsm: H, gate: Gate): H {
  const members = Object.entries(hsm).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function' || NO_WORK.has(name)) return [name, member] as const;
    return [name, (...args: unknown[]) => counted(gate, () => Reflect.apply(member, hsm, args))] as const;
  });
  return { ...hsm, ...Object.fromEntries(members) };
}

function counted(gate: Gate, call: () => unknown): unknown {
  const end = gate.began('hsm');
  const result = call();
  if (result instanceof Promise) result.then(end, end);
  else end();
  return result;
}

/** The same journal, whose appends the gate counts as work of the switch's own. */
export function timedJournal(journal: Journal, gate: Gate): Journal {
  return {
    append(entry, deadline) {
      const end = gate.began('journal');
      const appended = journal.append(entry, deadline);
      appended.then(end, end);
      return appended;
    },
    history: (transaction) => journal.history(transaction),
    transactionOf: (key) => journal.transactionOf(key),
    undecided: () => journal.undecided(),
  };
}
