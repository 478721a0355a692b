import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { type NetworkBook, openNetworkBook } from './book.ts';
import type { AuthorisationRequest, ReversalRequest } from './rows.ts';

const card = { masked: '424242******4242', reference: '0011223344556677' };
const purchase: AuthorisationRequest = {
  service: 'debit',
  terminal: 'TERM0001',
  rrn: '632810000001',
  stan: '000001',
  time: '1123100000',
  processingCode: '000000',
  amount: 2_500,
  currency: '978',
  card,
};
const reversal: ReversalRequest = {
  terminal: 'TERM0001',
  rrn: '632810000001',
  stan: '000002',
  time: '1123100003',
  original: { stan: '000001', time: '1123100000' },
  amount: 2_500,
  currency: '978',
  card,
};
const approve = () => ({ code: '00' });
const decline = (code: string) => () => ({ code });

async function opened(file = join(temporaryFolder(), 'ledger.jsonl')) {
  const book = await openNetworkBook({
    file,
    clock: systemClock,
    random: systemRandom,
    onBroken: () => {},
  });
  onTestFinished(() => book.ledger.close().catch(() => {}));
  return { book, file };
}
const kinds = async (book: NetworkBook) => (await book.ledger.rows()).map((row) => row.kind);

describe('authorisations', () => {
  test('an approval has a code, a transaction identifier of 15 digits, and one row', async () => {
    const { book } = await opened();
    const decision = book.authorise(purchase, approve);
    await decision.written;
    expect(decision).toMatchObject({
      code: '00',
      approvalCode: expect.stringMatching(/^\d{6}$/),
      transactionId: expect.stringMatching(/^\d{15}$/),
    });
    expect(await book.ledger.rows()).toMatchObject([
      { ...purchase, kind: 'authorised', code: '00', approvalCode: decision.approvalCode },
    ]);
  });

  test('a repeat gets the same answer without a second effect, also after a restart', async () => {
    const { book, file } = await opened();
    const { written: _, ...first } = book.authorise(purchase, approve);
    expect(book.authorise(purchase, decline('05'))).toMatchObject(first);
    await book.ledger.close();
    const { book: again } = await opened(file);
    expect(again.authorise(purchase, decline('05'))).toMatchObject(first);
    expect(again.totals()['978']).toMatchObject({ authorised: { count: 1 }, duplicate: { count: 2 } });
  });

  test('a repeat of a declined one is declined the same', async () => {
    const { book } = await opened();
    book.authorise(purchase, decline('05'));
    expect(book.authorise(purchase, approve).code).toBe('05');
    expect(await kinds(book)).toEqual(['declined', 'duplicate']);
  });

  test.each([
    ['amount', { amount: 2_501 }],
    ['currency', { currency: '840' }],
    ['processing code', { processingCode: '010000' }],
    ['card', { card: { masked: '400000******0002', reference: 'other' } }],
  ])('the same identity with another %s is refused', async (_, change) => {
    const { book } = await opened();
    book.authorise(purchase, approve);
    expect(book.authorise({ ...purchase, ...change }, approve).code).toBe('94');
    expect(await kinds(book)).toEqual(['authorised', 'duplicate-refused']);
  });

  test('transaction identifiers go on after a restart', async () => {
    const { book, file } = await opened();
    const first = book.authorise(purchase, approve);
    await book.ledger.close();
    const { book: again } = await opened(file);
    const second = again.authorise({ ...purchase, stan: '000009' }, approve);
    expect(Number(second.transactionId)).toBe(Number(first.transactionId) + 1);
  });
});

describe('reversals', () => {
  test('a reversal gives the amount back once, however often it is repeated and restarted', async () => {
    const { book, file } = await opened();
    book.authorise(purchase, approve);
    expect(book.reverse(reversal).code).toBe('00');
    expect(book.reverse({ ...reversal, stan: '000003' }).code).toBe('00');
    await book.ledger.close();
    const { book: again } = await opened(file);
    expect(again.reverse(reversal).code).toBe('00');
    expect(await kinds(again)).toEqual(['authorised', 'reversed', 'reversal-repeated', 'reversal-repeated']);
    expect(again.totals()['978']).toMatchObject({ reversed: { count: 1, amount: 2_500 } });
  });

  test('a reversal of an unknown original is accepted, and the late original refused, also after a restart', async () => {
    const { book, file } = await opened();
    expect(book.reverse(reversal).code).toBe('00');
    await book.ledger.close();
    const { book: again } = await opened(file);
    expect(again.authorise(purchase, approve).code).toBe('12');
    expect(again.reverse(reversal).code).toBe('00');
    expect(await kinds(again)).toEqual(['reversal-remembered', 'late-original-refused', 'reversal-repeated']);
  });

  test('a reversal of a declined purchase is accepted and moves nothing', async () => {
    const { book } = await opened();
    book.authorise(purchase, decline('51'));
    expect(book.reverse(reversal).code).toBe('00');
    expect((await book.ledger.rows()).at(-1)).toMatchObject({ kind: 'reversal-ineffective', amount: 0 });
  });

  test('a partial reversal gives back the difference', async () => {
    const { book } = await opened();
    book.authorise(purchase, approve);
    book.reverse({ ...reversal, remaining: 1_000 });
    expect(book.totals()['978']).toMatchObject({ reversed: { count: 1, amount: 1_500 } });
  });

  test('a purchase that was reversed is not approved again by its repeat', async () => {
    const { book } = await opened();
    book.authorise(purchase, approve);
    book.reverse(reversal);
    expect(book.authorise(purchase, approve).code).toBe('94');
  });

  test.each([
    ['another amount', { amount: 2_499 }],
    ['another card', { card: { masked: '400000******0002', reference: 'other' } }],
    ['more remaining than there was', { remaining: 2_500 }],
  ])('a reversal with %s is refused and moves nothing', async (_, change) => {
    const { book } = await opened();
    book.authorise(purchase, approve);
    expect(book.reverse({ ...reversal, ...change }).code).toBe('12');
    expect(await kinds(book)).toEqual(['authorised', 'reversal-refused']);
  });
});
