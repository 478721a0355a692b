import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTerminal,
  type Exchange,
  openRecords,
  type Terminal,
  type TerminalRecords,
} from '../simulators/index.ts';
import { type House, startHouse } from './support/house.ts';
import { waitUntil } from './support/wait-until.ts';

let house: House;
let records: TerminalRecords;
const folder = mkdtempSync(join(tmpdir(), 'etika-terminal-'));
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

const NETWORKS = [
  ['the Visa profile', '4242424242424242', 'iso87-ascii', 'visa'],
  ['plain ISO 8583:1987', '5555555555554444', 'pos-bcd', 'iso87'],
] as const;

describe.each(NETWORKS)('a terminal of %s', (_, card, dialect, network) => {
  let terminal: Terminal;
  beforeAll(() => {
    const ports = house.ports();
    const port = dialect === 'iso87-ascii' ? ports.iso87 : ports.pos;
    const name = network === 'visa' ? 'TERM0003' : 'TERM0004';
    terminal = createTerminal({ dialect, address: { host: '127.0.0.1', port }, records, terminal: name });
    open.push(terminal);
  });

  const order = (amount: number) => ({ card, pin: '1234', amount, currency: '978' });
  const position = async () => (await house[network].ledger()).positions['978'];
  const change = async (work: () => Promise<void>, expected: Partial<Record<string, number>>) => {
    const before = await position();
    await work();
    await waitUntil(async () => {
      const now = await position();
      return Object.entries(expected).every(
        ([what, moved]) => amountOf(now, what) - amountOf(before, what) === moved,
      );
    });
  };

  /** The transaction as the terminal wrote it down: what a later message refers to. */
  const recorded = async ({ stan }: Exchange) => {
    const found = (await terminal.transactions()).find((transaction) => transaction.stan === stan);
    if (!found) throw new Error(`the terminal has no record of ${stan}`);
    return found;
  };

  it('buys, and takes it back by a void', async () => {
    await change(
      async () => {
        const bought = approved(await terminal.purchase(order(2_500)));
        approved(await terminal.void(await recorded(bought)));
      },
      { held: 0, captured: 0 },
    );
  });

  it('takes cash, cash with a purchase, and asks for a balance', async () => {
    approved(await terminal.request('cash', order(4_000)));
    approved(await terminal.request('cashback', { ...order(5_000), cashback: 2_000 }));
    expect(approved(await terminal.request('balance', order(0))).reply?.de54).toHaveLength(2);
  });

  it('pre-authorises, and completes for less', async () => {
    const before = await position();
    const held = approved(await terminal.request('preauth', order(10_000)));
    approved(await terminal.complete(await recorded(held), order(7_500)));
    await waitUntil(
      async () => amountOf(await position(), 'captured') - amountOf(before, 'captured') === 7_500,
    );
    expect(amountOf(await position(), 'held')).toBe(amountOf(before, 'held'));
  });

  it('tells of an offline purchase', async () => {
    await change(async () => void approved(await terminal.request('offline', order(1_200))), {
      captured: 1_200,
    });
  });

  it('reverses in part, and then in full', async () => {
    const before = await position();
    const bought = await recorded(approved(await terminal.purchase(order(3_000))));
    approved(await terminal.reverse(bought, 1_000));
    approved(await terminal.reverse(bought));
    await waitUntil(async () => {
      const now = await position();
      return ['held', 'captured'].every((what) => amountOf(now, what) === amountOf(before, what));
    });
  });

  it('verifies an account', async () => {
    const exchange = await terminal.request('verify', order(0));
    expect(exchange.code).toMatch(/^(00|85)$/);
  });
});

function approved(exchange: Exchange): Exchange {
  expect(exchange).toMatchObject({ outcome: 'answered', code: '00', macVerified: true });
  return exchange;
}

function amountOf(position: object | undefined, what: string): number {
  return Number((position as Record<string, number> | undefined)?.[what] ?? 0);
}
