import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTerminal, openRecords, type Terminal, type TerminalRecords } from '../simulators/index.ts';
import { rowsOf } from '../switch/projection/testing.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, purchase } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

let house: House;
let records: TerminalRecords;
const folder = mkdtempSync(join(tmpdir(), 'etika-settlement-'));
const open: Terminal[] = [];

beforeAll(async () => {
  house = await startHouse();
  records = await openRecords(folder);
});
afterAll(async () => {
  for (const terminal of open) terminal.close();
  await records?.ledger.close();
  await house?.close();
  rmSync(folder, { recursive: true, force: true });
});

function terminalOf(dialect: 'iso87-ascii' | 'pos-bcd', terminal: string): Terminal {
  const { iso87, pos } = house.ports();
  const address = { host: '127.0.0.1', port: dialect === 'iso87-ascii' ? iso87 : pos };
  const created = createTerminal({ dialect, address, records, terminal });
  open.push(created);
  return created;
}

const order = { card: '4242424242424242', pin: '1234', amount: 2_500, currency: '978' };

describe.each([
  ['iso87-ascii', 'TERM0005'],
  ['pos-bcd', 'TERM0006'],
] as const)('a terminal that speaks %s', (dialect, name) => {
  it('settles what it did since its last settlement', async () => {
    const terminal = terminalOf(dialect, name);
    await terminal.purchase(order);
    await terminal.request('cash', { ...order, amount: 4_000 });
    await terminal.request('refund', { ...order, amount: 300 });
    await terminal.request('offline', { ...order, amount: 700 });
    const [first] = await terminal.transactions();
    if (!first) throw new Error('the terminal recorded nothing');
    await terminal.void(first);
    expect(await terminal.settle('978')).toMatchObject({
      settled: true,
      uploaded: 0,
      totals: { sales: { count: 2, amount: 4_700 }, refunds: { count: 1, amount: 300 } },
    });
    expect(await terminal.settle('978')).toMatchObject({ settled: true, totals: { sales: { count: 0 } } });
  });
});

it('a batch of which the terminal lost a sale is uploaded, closed, and a case names the sale', async () => {
  const terminal = terminalOf('iso87-ascii', 'TERM0007');
  await terminal.purchase(order);
  const lost = purchase({ de41: 'TERM0007' });
  expect(await ask(house.ports().iso87, lost)).toMatchObject({ de39: '00' });
  const settlement = await terminal.settle('978');
  expect(settlement).toMatchObject({ settled: true, uploaded: 1 });
  expect(settlement.exchanges.map(({ code }) => code)).toEqual(['95', '00', '00']);
  const cases = () =>
    rowsOf(
      house.databaseUrl,
      "select state, amount, evidence from switch.recon_case where kind = 'batch-out-of-balance'",
    );
  await waitUntil(async () => (await cases()).length > 0);
  expect(await cases()).toMatchObject([
    {
      state: 'open',
      amount: 2_500,
      evidence: { differences: [{ kind: 'not-uploaded', stan: lost.de11, switchMinorUnits: 2_500 }] },
    },
  ]);
  expect(await terminal.settle('978')).toMatchObject({ settled: true, uploaded: 0 });
});
