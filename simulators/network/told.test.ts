import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { openNetworkBook } from './book.ts';
import type { AdviceRequest, AuthorisationRequest } from './rows.ts';

const card = { masked: '424242******4242', reference: '0011223344556677' };
const names = { terminal: 'TERM0001', rrn: '632810000001', currency: '978', card };
const asked: AuthorisationRequest = {
  ...names,
  service: 'debit',
  stan: '000001',
  time: '1123100000',
  processingCode: '000000',
  amount: 10_000,
};
const told: AdviceRequest = {
  ...names,
  mti: '0220',
  stan: '000002',
  time: '1123100100',
  processingCode: '000000',
  amount: 10_000,
  holds: false,
};

async function opened() {
  const file = join(temporaryFolder(), 'ledger.jsonl');
  const book = await openNetworkBook({ file, clock: systemClock, random: systemRandom, onBroken: () => {} });
  onTestFinished(() => book.ledger.close().catch(() => {}));
  return book;
}

describe('another amount', () => {
  test('replaces that of its sale, by identifier or by DE90, and counts once', async () => {
    const book = await opened();
    const { transactionId = '' } = book.authorise(asked, () => ({ code: '00' }));
    const tip = { ...told, adjusts: true, amount: 12_000, transactionId } as const;
    expect(book.advise(tip).code).toBe('00');
    expect(book.advise(tip).code).toBe('00');
    expect(book.positions()['978']).toMatchObject({ captured: 12_000 });

    const { transactionId: _, ...unnamed } = tip;
    const less = {
      ...unnamed,
      stan: '000003',
      original: { stan: '000001', time: '1123100000' },
      amount: 11_000,
    };
    expect(book.advise(less).code).toBe('00');
    expect(book.positions()['978']).toMatchObject({ captured: 11_000 });
  });

  test('of what is not known, or only held, is refused', async () => {
    const book = await opened();
    expect(book.advise({ ...told, adjusts: true }).code).toBe('12');
    const { transactionId = '' } = book.authorise({ ...asked, service: 'hold' }, () => ({ code: '00' }));
    expect(book.advise({ ...told, stan: '000003', adjusts: true, transactionId }).code).toBe('12');
  });
});

test('a refund that is told gives', async () => {
  const book = await opened();
  expect(book.advise({ ...told, processingCode: '200000' }).code).toBe('00');
  expect(book.positions()['978']).toMatchObject({ captured: 0, refunded: 10_000 });
});

test('of several completions each takes its part, and the last leaves nothing held', async () => {
  const book = await opened();
  const { transactionId = '' } = book.authorise({ ...asked, service: 'hold' }, () => ({ code: '00' }));
  const part = (sequence: number, amount: number, count = 2): AdviceRequest => ({
    ...told,
    stan: `00001${sequence}`,
    amount,
    transactionId,
    part: { sequence, count },
  });
  expect(book.advise(part(1, 3_000)).code).toBe('00');
  expect(book.positions()['978']).toMatchObject({ held: 7_000, captured: 3_000 });
  expect(book.advise(part(2, 4_000)).code).toBe('00');
  expect(book.positions()['978']).toMatchObject({ held: 0, captured: 7_000 });
  expect(book.advise(part(3, 1_000, 3)).code).toBe('12');
});
