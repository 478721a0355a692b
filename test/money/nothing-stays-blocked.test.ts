import { describe, expect, it } from 'vitest';
import { silentLog } from '../../runtime/index.ts';
import { Unsettled } from '../../switch/journal/unsettled.ts';
import { Counter, played, purchase, replacement, reversal, SILENT_MS, voidOf } from './core-cases.ts';

// Neighbours of what `blocked-and-forgotten` demonstrates.

describe('a reversal that the network refused', () => {
  const tried = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal());
    counter.core.reversal = { status: 'refused', code: '12' };
    const refused = await counter.follows('reverse-network');
    const before = counter.payment();
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    const replayed = await counter.follows('reverse-network');
    return { refused, before, replayed, after: counter.payment() };
  });

  it('is put before people once, and asked again where they say so', () => {
    expect(tried()).toMatchObject({
      refused: { park: expect.stringContaining('12') },
      before: { network: 'reversal-refused', cases: ['reversal-refused'] },
      replayed: { done: true },
      after: { network: 'reversed', networkMinorUnits: 0 },
    });
  });
});

describe('a partial reversal that is refused, and another that is not', () => {
  const both = played(async () => {
    const counter = new Counter();
    await counter.heard(purchase());
    await counter.heard(reversal({ de95: replacement(2_000) }));
    counter.core.reversal = { status: 'refused', code: '12' };
    await counter.follows('reverse-network');
    counter.core.reversal = { status: 'acknowledged', code: '00' };
    await counter.heard(reversal({ de11: '000004', de7: '1123120700', de95: replacement(1_000) }));
    await counter.follows('reverse-network');
    return counter.payment();
  });

  it('leave the network with what stands, and no payment that seems refused', () => {
    expect(both()).toMatchObject({
      network: 'approved',
      networkMinorUnits: 1_000,
      standingMinorUnits: 1_000,
    });
  });
});

describe('a refund whose answer never came', () => {
  const play = (next: (counter: Counter, rrn: string | undefined) => Promise<unknown>) =>
    played(async () => {
      const counter = new Counter();
      const { rrn } = await counter.heard(purchase());
      counter.core.network.afterMs = SILENT_MS;
      await counter.heard(refund('130001', rrn));
      counter.core.network.afterMs = 20;
      return next(counter, rrn);
    });
  const refund = (stan: string, rrn: string | undefined, de4 = '000000002500') =>
    purchase({ de3: '200000', de4, de11: stan, de7: `1123${stan}`, de12: stan, de37: rrn });

  const undone = play(async (counter, rrn) => {
    await counter.follows('reverse-network', 1);
    return (await counter.heard(refund('130002', rrn))).code;
  });
  const refusedToUndo = play(async (counter, rrn) => {
    counter.core.reversal = { status: 'refused', code: '12' };
    await counter.follows('reverse-network', 1);
    return (await counter.heard(refund('130002', rrn))).code;
  });
  const inPart = play(
    async (counter, rrn) => (await counter.heard(refund('130002', rrn, '000000000001'))).code,
  );
  const voided = play(async (counter, rrn) => (await counter.heard(voidOf({ rrn }))).code);
  const reversed = play(async (counter) => (await counter.heard(reversal())).code);

  it('gives its amount back once the network has acknowledged its reversal', () => {
    expect(undone()).toBe('00');
  });

  it('keeps it where the network refuses the reversal, to the last cent', () => {
    expect([refusedToUndo(), inPart()]).toEqual(['13', '13']);
  });

  it('keeps a void waiting, which can be asked for again, and no reversal, which cannot', () => {
    expect([voided(), reversed()]).toEqual(['12', '00']);
  });
});

describe('a payment whose route has left the settings', () => {
  const asked = played(async () => {
    const counter = new Counter();
    const declining = { ...counter.core.network, outcome: { status: 'refused', code: '51' } as const };
    Object.assign(counter.core.network, declining);
    const declined = await counter.heard(purchase());
    Object.assign(counter.ports, { directory: { ...counter.ports.directory, networkFor: () => undefined } });
    const other = purchase({ mti: '0201', de4: '000000002600' });
    const another = purchase({ de11: '000077', de7: '1123120077', de12: '130077' });
    return {
      declined: declined.code,
      repeat: (await counter.heard(purchase({ mti: '0201' }))).code,
      other: (await counter.heard(other)).code,
      new: (await counter.heard(another)).code,
    };
  });

  it('is answered as before, a decline too; other content under its key is not, and what is new has no route', () => {
    expect(asked()).toMatchObject({ declined: '51', repeat: '51', new: '92' });
    expect(asked().other).not.toBe('51');
  });
});

describe('a node that keeps as many decisions as it may', () => {
  const full = played(async () => {
    const counter = new Counter({}, ({ journal, clock }) => ({
      unsettled: new Unsettled(journal, clock, silentLog, 1),
    }));
    const { ports } = counter;
    counter.core.journal.moods = ['well', 'away'];
    const first = counter.asked(purchase());
    await counter.core.clock.advance(100);
    const isFull = ports.unsettled.full;
    const second = counter.asked(purchase({ de11: '000002', de7: '1123120002', de12: '130002' }));
    await counter.core.clock.advance(5_000);
    const later = await counter.heard(purchase({ de11: '000003', de7: '1123120003', de12: '130003' }));
    const codes = [(await first)?.de39, (await second)?.de39, later.code];
    return { isFull, codes, left: ports.unsettled.size };
  });

  it('begins no payment until the journal has taken one of them', () => {
    expect(full()).toEqual({ isFull: true, codes: ['96', '96', '00'], left: 0 });
  });
});

describe('an increment whose route has left the settings', () => {
  const repeated = played(async () => {
    const counter = new Counter();
    const held = await counter.heard(purchase({ mti: '0100', de25: '06' }));
    const named = { de37: held.rrn, de38: held.approvalCode };
    const more = purchase({ mti: '0100', de25: '06', de11: '000009', de7: '1123120900', ...named });
    const first = await counter.heard(more);
    Object.assign(counter.ports, { directory: { ...counter.ports.directory, networkFor: () => undefined } });
    return { first, repeat: await counter.heard({ ...more, mti: '0101' }) };
  });

  it('is answered as before', () => {
    expect(repeated().first.code).toBe('00');
    expect(repeated().repeat).toEqual(repeated().first);
  });
});
