import { describe, expect, it } from 'vitest';
import { type Log, silentLog, systemRandom, timeOrderedUuid } from '../../runtime/index.ts';
import { MemoryJournal } from '../../test/support/memory-journal.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { type Journal, JournalError, type NewEntry } from './journal.ts';
import { Unsettled } from './unsettled.ts';

function bench(limit = 10, log: Log = silentLog) {
  const clock = new VirtualClock();
  const journal = new MemoryJournal(clock);
  const port: Pick<Journal, 'append' | 'history'> = {
    append: (entry) => journal.append(entry),
    history: (transaction) => journal.history(transaction),
  };
  const unsettled = new Unsettled(port, clock, log, limit);
  const intention = (): NewEntry => {
    return { transaction: timeOrderedUuid(clock, systemRandom), version: 1, kind: 'note', body: {} };
  };
  const decision = ({ transaction }: NewEntry): NewEntry => {
    return { transaction, version: 2, kind: 'other-note', body: {} };
  };
  return { clock, journal, port, unsettled, intention, decision };
}

describe('decisions that the journal cannot take', () => {
  it('are all kept beyond the limit, which says only that no payment may begin', async () => {
    const { clock, journal, unsettled, intention, decision } = bench(2);
    const opened = [intention(), intention(), intention(), intention()];
    for (const entry of opened) {
      await journal.append(entry);
      unsettled.add(decision(entry));
    }
    expect([unsettled.size, unsettled.full]).toEqual([4, true]);
    await clock.advance(1_000);
    expect([unsettled.size, unsettled.full]).toEqual([0, false]);
    for (const { transaction } of opened) expect(journal.kinds(transaction)).toEqual(['note', 'other-note']);
  });

  it('are told of where another stands in their place, and only there', async () => {
    const { clock, journal, unsettled, intention, decision } = bench();
    const [overtaken, taken] = [intention(), intention()];
    const told: string[] = [];
    for (const entry of [overtaken, taken]) {
      await journal.append(entry);
      unsettled.add(decision(entry), undefined, () => told.push(entry.transaction));
    }
    await journal.append({ ...decision(overtaken), kind: 'note' });
    await clock.advance(1_000);
    expect(told).toEqual([overtaken.transaction]);
    expect(unsettled.size).toBe(0);
  });

  it('do not wait behind one that cannot be read', async () => {
    const { clock, journal, port, unsettled, intention, decision } = bench();
    const [bad, good] = [intention(), intention()];
    for (const entry of [bad, good]) {
      await journal.append(entry);
      unsettled.add(decision(entry));
    }
    port.history = async (transaction) => {
      if (transaction === bad.transaction) throw new JournalError('SW_JOURNAL_ENTRY', 'no');
      return journal.history(transaction);
    };
    await clock.advance(1_000);
    expect(journal.kinds(good.transaction)).toEqual(['note', 'other-note']);
    expect(unsettled.size).toBe(1);
    unsettled.close();
  });

  it('of an intention that is seen late are taken then, however late', async () => {
    const { clock, journal, port, unsettled, intention, decision } = bench();
    const entry = intention();
    let isHung = true;
    port.append = async (each) => {
      if (isHung) throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'unknown');
      return journal.append(each);
    };
    unsettled.add(decision(entry), entry);
    await clock.advance(3_600_000);
    expect(unsettled.size).toBe(1);

    isHung = false;
    await journal.append(entry); // its commit comes through
    await clock.advance(1_000);
    expect(journal.kinds(entry.transaction)).toEqual(['note', 'other-note']);
    expect(unsettled.size).toBe(0);
  });

  it('of an intention that was never stored end too: it is stored, and decided', async () => {
    const { clock, journal, unsettled, intention, decision } = bench();
    const entry = intention();
    unsettled.add(decision(entry), entry);
    await clock.advance(20_000);
    expect(journal.kinds(entry.transaction)).toEqual([]);
    await clock.advance(20_000);
    expect(journal.kinds(entry.transaction)).toEqual(['note', 'other-note']);
    expect(unsettled.size).toBe(0);
  });

  it('of an intention that another transaction came before end without an entry', async () => {
    const { clock, journal, unsettled, intention, decision } = bench();
    const claims = [{ key: 'a key', fingerprint: 'same', role: 'unique' as const }];
    const [first, repeat] = [
      { ...intention(), claims },
      { ...intention(), claims },
    ];
    await journal.append(first);
    unsettled.add(decision(repeat), repeat);
    await clock.advance(40_000);
    expect(journal.entries.map(({ transaction }) => transaction)).toEqual([first.transaction]);
    expect(unsettled.size).toBe(0);
  });

  it('of an intention that is stored while it is offered again are taken all the same', async () => {
    const { clock, journal, port, unsettled, intention, decision } = bench();
    const entry: NewEntry = {
      ...intention(),
      claims: [{ key: 'a key', fingerprint: 'same', role: 'unique' }],
    };
    port.append = async (offered) => {
      if (offered === entry) await journal.append(entry); // its commit comes through just before
      return journal.append(offered);
    };
    unsettled.add(decision(entry), entry);
    await clock.advance(40_000);
    expect(journal.kinds(entry.transaction)).toEqual(['note', 'other-note']);
    expect(unsettled.size).toBe(0);
  });

  it('are told of anew where the journal is away once more, though a moment after it was back', async () => {
    const told: unknown[] = [];
    const warn = (line: object) => void ('err' in line && told.push(line));
    const { clock, journal, port, unsettled, intention, decision } = bench(10, { ...silentLog, warn });
    const { history } = port;
    for (const _ of ['an outage', 'another']) {
      const entry = intention();
      await journal.append(entry);
      unsettled.add(decision(entry));
      port.history = async () => {
        throw new JournalError('SW_JOURNAL_UNAVAILABLE', 'no');
      };
      await clock.advance(1_000);
      port.history = history;
      await clock.advance(1_000);
      expect(unsettled.size).toBe(0);
    }
    expect(told).toHaveLength(2);
  });
});
