import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../runtime/index.ts';
import {
  createTerminal,
  type Exchange,
  type Original,
  openRecords,
  type Terminal,
  type TerminalRecords,
} from '../simulators/index.ts';
import { ReconciliationDesk } from '../switch/reconciliation/desk.ts';
import { fetchNetworkLedger, fetchProofLedger } from '../switch/reconciliation/ledgers/control-api.ts';
import { type House, startHouse } from './support/house.ts';
import { inOrder } from './support/in-order.ts';
import { waitUntil } from './support/wait-until.ts';

/** Of the restaurant, which is outside the EEA: a scheme may let it complete for more than was authorised. */
const RESTAURANT = 'MERCHANT0000002';

let house: House;
let records: TerminalRecords;
const folder = mkdtempSync(join(tmpdir(), 'etika-life-'));
const open: (Terminal & { readonly name: string })[] = [];
const closing: (() => Promise<unknown>)[] = [];

beforeAll(inOrder);
beforeAll(async () => {
  // Proofs become final long after: what is cancelled is cancelled in time.
  house = await startHouse({
    popBlockMs: 60_000,
    settings: (settings) => ({
      ...settings,
      merchants: [
        ...settings.merchants,
        { id: RESTAURANT, category: '5812', pop: 'optional', region: 'other' },
      ],
      terminals: settings.terminals.map((terminal) => {
        if (terminal.id === 'TERM0008' || terminal.id === 'TERM0009') {
          return { ...terminal, merchant: RESTAURANT };
        }
        return terminal.id === 'TERM0010' ? { ...terminal, partialApproval: false } : terminal;
      }),
    }),
  });
  records = await openRecords(folder);
});
afterAll(async () => {
  for (const close of closing) await close();
  for (const terminal of open) terminal.close();
  await records?.ledger.close();
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

const LINES = [
  ['a terminal of the Visa profile', 'iso87-ascii', 'visa', 'TERM0005', '4242424242424242'],
  ['a terminal of plain ISO 8583:1987', 'pos-bcd', 'iso87', 'TERM0006', '5555555555554444'],
  ["an acquirer's host of the Visa profile", 'iso87-ascii-hex', 'visa', 'ACQ00001', '4000056655665556'],
  ["an acquirer's host of plain ISO 8583:1987", 'iso87-ascii-hex', 'iso87', 'ACQ00002', '5200828282828210'],
] as const;

function terminalOf(dialect: (typeof LINES)[number][1], id: string, merchant = 'MERCHANT0000001'): Terminal {
  const { iso87, pos, acquirer } = house.ports();
  const port = { 'iso87-ascii': iso87, 'pos-bcd': pos, 'iso87-ascii-hex': acquirer }[dialect];
  const address = { host: '127.0.0.1', port };
  const terminal = createTerminal({ dialect, address, records, terminal: id, merchant });
  open.push(Object.assign(terminal, { name: id }));
  return terminal;
}

// All at once: several dialects, two networks, one switch.
describe.concurrent.each(LINES)('%s', (_, dialect, network, id, card) => {
  let terminal: Terminal;
  beforeAll(() => {
    terminal = terminalOf(dialect, id);
  });

  const order = (amount: number, rest = {}) => ({ card, amount, currency: '978', ...rest });

  /** What the network holds of a transaction, by its own book. */
  async function standing({ rrn = '' }: { rrn?: string | undefined }) {
    const { rows } = await house[network].ledger({ terminal: id, rrn });
    const sum = { held: 0, captured: 0, refunded: 0 };
    for (const { moves = {} } of rows) {
      sum.held += moves.held ?? 0;
      sum.captured += moves.captured ?? 0;
      sum.refunded += moves.refunded ?? 0;
    }
    return sum;
  }
  const comesTo = (exchange: Exchange, wanted: Partial<Awaited<ReturnType<typeof standing>>>) =>
    waitUntil(async () => {
      const now: Record<string, number> = await standing(exchange);
      return Object.entries({ held: 0, captured: 0, refunded: 0, ...wanted }).every(
        ([what, amount]) => now[what] === amount,
      );
    });
  const recorded = (exchange: Exchange) => recordOf(terminal, exchange);

  it('adds to a pre-authorisation twice, completes it for all, and takes the completion back', async () => {
    const held = approved(await terminal.request('preauth', order(10_000)));
    approved(await terminal.increment(await recorded(held), order(5_000)));
    approved(await terminal.increment(await recorded(held), order(2_500)));
    await comesTo(held, { held: 17_500 });
    expect(await terminal.complete(await recorded(held), order(17_501))).toMatchObject({ code: '13' });
    approved(await terminal.complete(await recorded(held), order(17_500)));
    await comesTo(held, { captured: 17_500 });
    expect(await terminal.complete(await recorded(held), order(1_000))).toMatchObject({ code: '12' });
    expect(await terminal.increment(await recorded(held), order(1_000))).toMatchObject({ code: '12' });
    approved(await terminal.reverse(await recorded(held)));
    await comesTo(held, {});
  });

  it('takes an increment back by itself, and the rest by a void, which works once', async () => {
    const held = approved(await terminal.request('preauth', order(10_000)));
    const added = approved(await terminal.increment(await recorded(held), order(5_000)));
    approved(await terminal.reverse({ ...(await recorded(added)), rrn: held.rrn ?? '' }));
    await comesTo(held, { held: 10_000 });
    approved(await terminal.increment(await recorded(held), order(3_000)));
    await comesTo(held, { held: 13_000 });
    approved(await terminal.void(await recorded(held)));
    await comesTo(held, {});
    expect(await terminal.void(await recorded(held))).toMatchObject({ code: '12' });
    expect(await terminal.complete(await recorded(held), order(1_000))).toMatchObject({ code: '12' });
  });

  it('refunds what was captured, and no more; what was refunded is not given back again', async () => {
    const bought = approved(await terminal.purchase(order(5_000)));
    const refund = (amount: number) => terminal.request('refund', order(amount, { rrn: bought.rrn }));
    expect(await refund(5_001)).toMatchObject({ code: '13' });
    const refunded = approved(await refund(3_000));
    await comesTo(refunded, { refunded: 3_000 });
    expect(await refund(2_001)).toMatchObject({ code: '13' });
    expect(await terminal.void(await recorded(bought))).toMatchObject({ code: '12' });
    expect(await terminal.reverse(await recorded(bought), 2_999)).toMatchObject({ code: '12' });
    approved(await terminal.reverse(await recorded(bought), 3_000));
    await comesTo(bought, { captured: 3_000 });
    expect(await terminal.request('refund', order(100, { rrn: bought.rrn, currency: '840' }))).toMatchObject({
      code: '13',
    });
  });

  it('reverses what never came: accepted each time, and nothing of it reaches the network', async () => {
    const never: Original = {
      mti: '0100',
      stan: '777777',
      time: '1123120000',
      processingCode: '000000',
      amount: 1_000,
      currency: '978',
    };
    const { stan } = approved(await terminal.reverse(never));
    approved(await terminal.reverse(never, undefined, { stan }));
    approved(await terminal.reverse(never));
    expect((await house[network].ledger({ terminal: id, stan: never.stan })).rows).toEqual([]);
  });
});

describe('a completion above what was authorised', () => {
  it('is what the scheme allows the category of the merchant, and no more', async () => {
    const [visa, iso87] = [
      terminalOf('iso87-ascii', 'TERM0009', RESTAURANT),
      terminalOf('pos-bcd', 'TERM0008', RESTAURANT),
    ];
    const order = (card: string, amount: number) => ({ card, amount, currency: '978' });
    const held = approved(await visa.request('preauth', order('4242424242424242', 10_000)));
    const record = await recordOf(visa, held);
    expect(await visa.complete(record, order('4242424242424242', 12_001))).toMatchObject({ code: '13' });
    approved(await visa.complete(record, order('4242424242424242', 12_000)));
    await waitUntil(async () => {
      const { rows } = await house.visa.ledger({ kind: 'captured', terminal: 'TERM0009' });
      return rows.some(({ amount }) => amount === 12_000);
    });
    const plain = approved(await iso87.request('preauth', order('5555555555554444', 10_000)));
    const other = await recordOf(iso87, plain);
    expect(await iso87.complete(other, order('5555555555554444', 10_001))).toMatchObject({ code: '13' });
    expect(house.workerLog()).not.toContain('follow-up.parked');
  });
});

describe('a partial approval', () => {
  const order = (amount: number) => ({ card: '4242424242424242', amount, currency: '978' });
  const partly = () => house.visa.script({ next: 1, scenario: { action: 'partial' } });

  it('tells what was approved in DE4, and what was asked for in DE54', async () => {
    const terminal = terminalOf('iso87-ascii', 'TERM0001');
    await partly();
    const bought = await terminal.purchase(order(4_000));
    expect(bought).toMatchObject({ code: '10', amount: 2_000 });
    expect(bought.reply?.de54).toMatchObject([{ amountType: '57', amount: '000000004000', currency: '978' }]);
    expect(await terminal.repeat()).toMatchObject({ code: '10', amount: 2_000 });
    approved(await terminal.void(await recordOf(terminal, bought)));
  });

  it.each([
    ['a terminal that cannot ask for the rest', 'TERM0010', 'purchase'],
    ['cash with a purchase, which is one amount', 'TERM0001', 'cashback'],
    ['cash', 'TERM0001', 'cash'],
  ] as const)('of %s is declined 51, and reversed', async (_, id, service) => {
    const terminal = terminalOf('iso87-ascii', id);
    await partly();
    const asked = await terminal.request(service, {
      ...order(4_000),
      ...(service === 'cashback' && { cashback: 1_000 }),
    });
    expect(asked).toMatchObject({ code: '51' });
    await waitUntil(async () => {
      const { rows } = await house.visa.ledger({ terminal: id, stan: asked.stan });
      return rows.some(({ kind }) => kind === 'reversed');
    });
  });
});

describe('when all is done', () => {
  it('every terminal and every acquirer settles what it counts, and it is what the switch counts', async () => {
    const byName = new Map(open.map((terminal) => [terminal.name, terminal]));
    expect(byName.size).toBe(8);
    for (const [name, terminal] of byName) {
      expect(await terminal.settle('978'), name).toMatchObject({ settled: true, uploaded: 0 });
    }
  });

  it('three ledgers agree; proofs are there, and not final yet', async () => {
    const { visa, iso87, pop } = house.controlUrls;
    const desk = new ReconciliationDesk({ databaseUrl: house.databaseUrl, name: 'test', log: silentLog });
    closing.push(() => desk.close());
    const report = async () => {
      const ledgers = await Promise.all([
        fetchNetworkLedger(visa, 'visa'),
        fetchNetworkLedger(iso87, 'iso87'),
      ]);
      return desk.run({
        date: null,
        networkLedger: ledgers.flat(),
        networks: new Set(['visa', 'iso87']),
        graceMs: 60_000,
        withoutHolds: new Set(),
        proofLedger: await fetchProofLedger(pop),
      });
    };
    const isPending = ({ kind, isUnderWay }: { kind: string; isUnderWay: boolean }) =>
      kind === 'proof-not-final' && isUnderWay;
    await waitUntil(async () => (await report()).differences.every(isPending), 15_000);
  });
});

async function recordOf(terminal: Terminal, { stan }: Exchange) {
  const found = (await terminal.transactions()).find((transaction) => transaction.stan === stan);
  if (!found) throw new Error(`the terminal has no record of ${stan}`);
  return found;
}

function approved(exchange: Exchange): Exchange {
  expect(exchange).toMatchObject({ outcome: 'answered', code: '00', approved: true });
  return exchange;
}
