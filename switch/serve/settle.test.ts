import { describe, expect, it } from 'vitest';
import { createTestCore, inbound, purchaseMessage, served, type TestCore } from '../../test/support/core.ts';
import { type BatchRow, projectBatch, type UploadRow } from '../projection/batch-rows.ts';
import type { BatchName, OpenBatch } from '../projection/projection-reader.ts';
import { projectTransaction, type StoredTransaction } from '../projection/transaction-row.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import { authorise } from './authorise.ts';
import { settle, upload } from './settle.ts';
import { voidPayment } from './take-back.ts';

/** The projection of a journal in memory, as of now: what the projector would have written. */
function openBatchOf({ journal }: TestCore, { terminal, currency, number }: BatchName): OpenBatch {
  const rows = new Map<string, StoredTransaction>();
  const batches: BatchRow[] = [];
  const uploads: UploadRow[] = [];
  for (const id of new Set(journal.entries.map(({ transaction }) => transaction))) {
    const entries = journal.entries.filter(({ transaction }) => transaction === id);
    const row = projectTransaction(entries, 0)?.row;
    if (row) rows.set(id, { ...row, refunded: 0, batch: null });
  }
  for (const entry of journal.entries) {
    const { batch, members = [], upload: uploaded } = projectBatch(entry, 0);
    for (const id of members) rows.set(id, { ...found(rows, id), batch: batch?.batch ?? null });
    if (batch?.ordinal != null) batches.push(batch);
    if (uploaded) uploads.push(uploaded);
  }
  const last = batches.filter((batch) => batch.terminal === terminal).at(-1);
  return {
    last,
    members: [...rows.values()].filter(
      (row) =>
        row.terminal === terminal && row.currency === currency && row.batch_side !== null && !row.batch,
    ),
    uploads: uploads
      .filter((each) => each.number === number && each.uploaded_at > (last?.settled_at ?? ''))
      .map((each) => ({ ...each, known: rows.get(each.original ?? '') ?? null })),
    countedTo: { 1: journal.entries.length },
  };
}

function found(rows: Map<string, StoredTransaction>, id: string): StoredTransaction {
  const row = rows.get(id);
  if (!row) throw new Error(`a batch holds ${id}, which is no transaction`);
  return row;
}

function createCore() {
  const core = createTestCore();
  const batches = {
    isReached: true,
    reach: async () => batches.isReached,
    openBatch: async (name: BatchName) => openBatchOf(core, name),
  };
  const ports = { ...core.ports, batches };
  let stan = 0;
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const settled = work.catch(() => {});
    await core.clock.advance(2_000);
    await settled;
    return work;
  };
  const next = () => String(++stan).padStart(6, '0');
  const bought = (overrides: Partial<TerminalMessage> = {}) =>
    run(served(authorise, inbound(core, purchaseMessage({ de11: next(), ...overrides })), ports));
  const voided = (rrn: string) =>
    run(
      served(voidPayment, inbound(core, message('0200', { de3: '020000', de37: rrn, de11: next() })), ports),
    );
  const settled = (totals: string, overrides: Partial<TerminalMessage> = {}) =>
    run(served(settle, inbound(core, settlement(totals, { de11: next(), ...overrides })), ports));
  const uploaded = (overrides: Partial<TerminalMessage>) =>
    run(
      served(upload, inbound(core, message('0320', { de11: next(), de60: '000001', ...overrides })), ports),
    );
  const closed = () =>
    core.journal.entries
      .filter(({ kind }) => kind === 'batch-closed')
      .map(({ body }) => body as EntryBodies['batch-closed']);
  return { core, ports, batches, run, bought, voided, settled, uploaded, closed };
}

function message(mti: string, overrides: Partial<TerminalMessage>): TerminalMessage {
  const { de7, de12, de13, de41, de42, de49 } = purchaseMessage();
  return { mti, de3: '000000', de7, de12, de13, de41, de42, de49, ...overrides } as TerminalMessage;
}

function settlement(totals: string, overrides: Partial<TerminalMessage>): TerminalMessage {
  return message('0500', { de3: '920000', de60: '000001', de63: totals, ...overrides });
}

/** DE63. */
function totals(sales: number, salesAmount: number, refunds = 0, refundsAmount = 0): string {
  const digits = (value: number, width: number) => String(value).padStart(width, '0');
  return digits(sales, 3) + digits(salesAmount, 12) + digits(refunds, 3) + digits(refundsAmount, 12);
}

describe('a settlement (0500)', () => {
  it('closes a batch whose totals are equal, and what was voided is not in it', async () => {
    const { bought, voided, settled, closed } = createCore();
    await bought();
    await bought({ de3: '010000', mti: '0200' });
    const third = await bought();
    await voided(third?.rrn ?? '');
    await bought({ de3: '200000', mti: '0200', de4: '000000000300' });
    expect(await settled(totals(2, 5_000, 1, 300))).toMatchObject({ code: '00' });
    expect(closed()).toMatchObject([{ ordinal: 1, number: '000001', differences: [] }]);
    expect(closed()[0]?.members).toHaveLength(3);
    expect(await settled(totals(0, 0), { de60: '000002' })).toMatchObject({ code: '00' });
    expect(closed()).toMatchObject([{ ordinal: 1 }, { ordinal: 2, members: [] }]);
  });

  it.each([
    ['one more sale', totals(2, 2_500)],
    ['another amount', totals(1, 2_501)],
    ['a refund', totals(1, 2_500, 1, 0)],
  ])('with %s is told 95, and the batch stays open', async (_, told) => {
    const { bought, settled, closed, core } = createCore();
    await bought();
    expect(await settled(told)).toMatchObject({ code: '95' });
    expect(closed()).toEqual([]);
    expect(core.journal.entries.at(-1)).toMatchObject({ kind: 'batch-compared' });
    expect(await settled(totals(1, 2_500))).toMatchObject({ code: '00' });
  });

  it('that is repeated gets the stored answer, and with other totals 94', async () => {
    const { bought, settled, closed } = createCore();
    await bought();
    const same = { de11: '000900' };
    expect(await settled(totals(1, 2_500), same)).toMatchObject({ code: '00' });
    expect(await settled(totals(1, 2_500), { ...same, mti: '0501' })).toMatchObject({ code: '00' });
    await expect(settled(totals(1, 2_501), same)).rejects.toMatchObject({ code: 'SW_KEY_REUSED' });
    expect(closed()).toHaveLength(1);
  });

  it('that is asked again under a new STAN, because its answer was lost, is not a second batch', async () => {
    const { bought, settled, closed } = createCore();
    await bought();
    await settled(totals(1, 2_500));
    expect(await settled(totals(1, 2_500))).toMatchObject({ code: '00' });
    expect(closed()).toHaveLength(1);
  });

  it('is one of two that close the same batch at once: the other counts again', async () => {
    const { core, ports, bought, run, closed } = createCore();
    await bought();
    const both = ['000901', '000902'].map((de11) =>
      served(settle, inbound(core, settlement(totals(1, 2_500), { de11 })), ports),
    );
    const replies = await run(Promise.all(both));
    expect(replies).toMatchObject([{ code: '00' }, { code: '00' }]);
    expect(closed()).toHaveLength(1);
  });

  it('is refused with 96 while the projection is behind: nothing is settled', async () => {
    const { bought, settled, closed, batches } = createCore();
    await bought();
    batches.isReached = false;
    await expect(settled(totals(1, 2_500))).rejects.toMatchObject({
      code: 'SW_PROJECTION',
      responseCode: '96',
    });
    expect(closed()).toEqual([]);
  });

  it.each([
    ['DE63', { de63: '00300000000000' }],
    ['DE60', { de60: '7' }],
  ])('without a proper %s is a format error', async (_, wrong) => {
    const { settled } = createCore();
    await expect(settled(totals(0, 0), wrong)).rejects.toMatchObject({ code: 'SW_FORMAT' });
  });

  it('without a right MAC is refused', async () => {
    const { core, settled } = createCore();
    core.hsm.mac = false;
    await expect(settled(totals(0, 0))).rejects.toMatchObject({ code: 'SW_MAC_WRONG' });
  });

  it('is refused where nobody projects the journal', async () => {
    const { core, run } = createCore();
    const work = served(settle, inbound(core, settlement(totals(0, 0), { de11: '000001' })), core.ports);
    await expect(run(work)).rejects.toMatchObject({ code: 'SW_UNSUPPORTED_MESSAGE' });
  });
});

describe('a batch out of balance', () => {
  it('is uploaded, and closed in any case with every difference named', async () => {
    const { bought, voided, settled, uploaded, closed } = createCore();
    const right = await bought();
    const other = await bought();
    const gone = await bought();
    const kept = await bought();
    await voided(gone?.rrn ?? '');
    const told = totals(4, 10_100);
    expect(await settled(told)).toMatchObject({ code: '95' });
    for (const [rrn, de4] of [
      [right?.rrn, '000000002500'],
      [other?.rrn, '000000002600'],
      [gone?.rrn, '000000002500'],
      ['999999999999', '000000002500'],
    ] as const) {
      expect(await uploaded({ de37: rrn ?? '', de4 })).toEqual({ code: '00' });
    }
    expect(await settled(told, { de3: '960000' })).toMatchObject({ code: '00' });
    expect(closed()).toHaveLength(1);
    expect(closed()[0]?.differences).toMatchObject([
      { kind: 'other-amount', rrn: other?.rrn, terminalMinorUnits: 2_600, switchMinorUnits: 2_500 },
      { kind: 'does-not-stand', rrn: gone?.rrn, terminalMinorUnits: 2_500, switchMinorUnits: 0 },
      { kind: 'unknown-here', rrn: '999999999999', terminalMinorUnits: 2_500 },
      { kind: 'not-uploaded', rrn: kept?.rrn, switchMinorUnits: 2_500 },
    ]);
  });

  it('whose upload is repeated is written down once', async () => {
    const { bought, uploaded, core } = createCore();
    const { rrn = '' } = (await bought()) ?? {};
    const same = { de11: '000900', de37: rrn, de4: '000000002500' };
    expect(await uploaded(same)).toEqual({ code: '00' });
    expect(await uploaded({ ...same, mti: '0321' })).toEqual({ code: '00' });
    expect(core.journal.entries.filter(({ kind }) => kind === 'uploaded')).toMatchObject([
      { body: { original: core.journal.entries[0]?.transaction } },
    ]);
    await expect(uploaded({ ...same, de4: '000000002600' })).rejects.toMatchObject({ code: 'SW_KEY_REUSED' });
  });

  it('whose totals come right meanwhile is closed without a difference', async () => {
    const { bought, settled, closed } = createCore();
    await bought();
    await settled(totals(2, 5_000));
    await bought();
    expect(await settled(totals(2, 5_000), { de3: '960000' })).toMatchObject({ code: '00' });
    expect(closed()).toMatchObject([{ differences: [] }]);
  });
});
