import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock, systemRandom } from '../../runtime/index.ts';
import { temporaryFolder } from '../testing.ts';
import { openNetworkBook } from './book.ts';
import type { AdviceRequest, AuthorisationRequest, ReversalRequest, Service } from './rows.ts';

const card = { masked: '424242******4242', reference: '0011223344556677' };
const identity = { terminal: 'TERM0001', rrn: '632810000001', stan: '000001', time: '1123100000' };
const money = { amount: 5_000, currency: '978', card };
const request = (service: Service, change: Partial<AuthorisationRequest> = {}): AuthorisationRequest => ({
  ...identity,
  ...money,
  service,
  processingCode: '000000',
  ...change,
});
const advice = (change: Partial<AdviceRequest> = {}): AdviceRequest => ({
  ...identity,
  ...money,
  stan: '000002',
  time: '1123110000',
  processingCode: '000000',
  holds: false,
  ...change,
});
const reversal = (change: Partial<ReversalRequest> = {}): ReversalRequest => ({
  ...identity,
  ...money,
  stan: '000003',
  time: '1123120000',
  original: { stan: identity.stan, time: identity.time },
  ...change,
});
const approve = () => ({ code: '00' });

async function opened(
  cardFunds?: number,
  file = join(temporaryFolder(), 'ledger.jsonl'),
  overCompletionPercent: Record<string, number> = {},
) {
  const book = await openNetworkBook({
    file,
    clock: systemClock,
    random: systemRandom,
    overCompletionPercent,
    onBroken: () => {},
    ...(cardFunds === undefined ? {} : { cardFunds }),
  });
  onTestFinished(() => book.ledger.close().catch(() => {}));
  return { book, file };
}
type Opened = Awaited<ReturnType<typeof opened>>['book'];

const standing = (book: Opened) => book.positions()['978'] ?? { held: 0, captured: 0, refunded: 0 };
const lastKind = async (book: Opened) => (await book.ledger.rows()).at(-1)?.kind;

describe('what an approval does', () => {
  test.each([
    ['debit', 'authorised', { held: 0, captured: 5_000, refunded: 0 }],
    ['hold', 'held', { held: 5_000, captured: 0, refunded: 0 }],
    ['credit', 'refunded', { held: 0, captured: 0, refunded: 5_000 }],
    ['verification', 'verified', { held: 0, captured: 0, refunded: 0 }],
    ['balance', 'inquired', { held: 0, captured: 0, refunded: 0 }],
  ] as const)('%s is noted as %s', async (service, kind, expected) => {
    const { book } = await opened();
    expect(book.authorise(request(service), approve).code).toBe('00');
    expect(await lastKind(book)).toBe(kind);
    expect(standing(book)).toEqual(expected);
  });

  test('a partial approval takes the part, and its repeat and its reversal know both amounts', async () => {
    const { book } = await opened();
    const first = book.authorise(request('debit'), () => ({ code: '10', amount: 2_000 }));
    expect(first.partial).toEqual({ approved: 2_000, requested: 5_000 });
    expect(book.authorise(request('debit'), approve)).toMatchObject({ code: '10', partial: first.partial });
    expect(standing(book).captured).toBe(2_000);
    expect(book.reverse(reversal()).code).toBe('00');
    expect(standing(book).captured).toBe(0);
  });
});

describe('an advice', () => {
  test('of a completion turns the hold into what was captured, once, also after a restart', async () => {
    const { book, file } = await opened();
    book.authorise(request('hold'), approve);
    expect(book.advise(advice({ amount: 4_000 })).code).toBe('00');
    expect(standing(book)).toEqual({ held: 0, captured: 4_000, refunded: 0 });
    await book.ledger.close();
    const { book: again } = await opened(undefined, file);
    expect(again.advise(advice({ amount: 4_000 })).code).toBe('00');
    expect(await lastKind(again)).toBe('advice-repeated');
    expect(standing(again)).toEqual({ held: 0, captured: 4_000, refunded: 0 });
  });

  test('finds its hold by our identifier from another terminal, or by its own identity', async () => {
    const { book } = await opened();
    const { transactionId = '' } = book.authorise(request('hold'), approve);
    book.advise(advice({ terminal: 'TERM0002', rrn: '999999999999', transactionId }));
    expect(standing(book)).toMatchObject({ held: 0, captured: 5_000 });
    const other = { rrn: '632810000009', stan: '000009' };
    book.authorise(request('hold', other), approve);
    book.advise(advice({ ...other, time: identity.time }));
    expect(standing(book)).toMatchObject({ held: 0, captured: 10_000 });
  });

  test.each([
    ['more than was held', { amount: 5_001 }, '13'],
    ['another card', { card: { masked: '400000******0002', reference: 'other' } }, '12'],
    ['another currency', { currency: '840' }, '12'],
  ])('of %s is refused and moves nothing', async (_, change, code) => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    expect(book.advise(advice(change)).code).toBe(code);
    expect(standing(book)).toEqual({ held: 5_000, captured: 0, refunded: 0 });
  });

  test('a second completion, or one of a reversed hold, is refused', async () => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    book.advise(advice({ amount: 4_000 }));
    expect(book.advise(advice({ stan: '000007', amount: 1_000 })).code).toBe('12');
    const other = { rrn: '632810000009', stan: '000009' };
    book.authorise(request('hold', other), approve);
    book.reverse(reversal({ rrn: other.rrn, original: { stan: other.stan, time: identity.time } }));
    expect(book.advise(advice({ rrn: other.rrn })).code).toBe('12');
    expect(standing(book)).toEqual({ held: 0, captured: 4_000, refunded: 0 });
  });

  test('that belongs to nothing takes the money, or holds it; its repeat does not', async () => {
    const { book } = await opened();
    expect(book.advise(advice()).code).toBe('00');
    expect(book.advise(advice()).code).toBe('00');
    expect(book.advise(advice({ amount: 4_999 })).code).toBe('94');
    expect(standing(book)).toMatchObject({ captured: 5_000 });
    book.advise(advice({ rrn: '632810000002', stan: '000008', holds: true }));
    expect(standing(book)).toEqual({ held: 5_000, captured: 5_000, refunded: 0 });
  });

  test('of a purchase that was authorised after all takes nothing twice', async () => {
    const { book } = await opened();
    book.authorise(request('debit'), approve);
    expect(book.advise(advice(identity)).code).toBe('00');
    expect(await lastKind(book)).toBe('advice-repeated');
    expect(standing(book).captured).toBe(5_000);
  });

  test('that comes after its reversal is refused', async () => {
    const { book } = await opened();
    book.reverse(reversal());
    expect(book.advise(advice(identity)).code).toBe('12');
    expect(standing(book).captured).toBe(0);
  });
});

describe('an increment', () => {
  const increment = (stan: string, change: Partial<AuthorisationRequest> = {}) =>
    request('increment', {
      stan,
      time: '1123103000',
      amount: 2_000,
      addsTo: { original: { stan: identity.stan, time: identity.time } },
      ...change,
    });

  test('adds to its hold, in its name; a repeat adds nothing; both are rebuilt', async () => {
    const { book, file } = await opened();
    const { transactionId } = book.authorise(request('hold'), approve);
    const first = book.authorise(increment('000021'), approve);
    expect(first).toMatchObject({ code: '00', transactionId });
    expect(book.authorise(increment('000021'), approve)).toMatchObject({ code: '00', transactionId });
    expect(standing(book).held).toBe(7_000);
    await book.ledger.close();
    const { book: again } = await opened(undefined, file);
    expect(again.advise(advice({ amount: 7_001 })).code).toBe('13');
    expect(again.advise(advice({ amount: 7_000 })).code).toBe('00');
    expect(standing(again)).toEqual({ held: 0, captured: 7_000, refunded: 0 });
    const rows = (await again.ledger.rows()).filter(({ moves }) => moves !== undefined);
    expect(rows.map(({ kind, stan }) => [kind, stan])).toEqual([
      ['held', identity.stan],
      ['incremented', identity.stan],
      ['captured', '000002'],
    ]);
  });

  test('is reversed by itself, in full or in part, and the hold without it', async () => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    book.authorise(increment('000021'), approve);
    book.authorise(increment('000022'), approve);
    const undo = (stan: string, remaining?: number) =>
      reversal({
        stan,
        amount: 2_000,
        original: { stan, time: '1123103000' },
        ...(remaining !== undefined && { remaining }),
      });
    expect(book.reverse(undo('000021', 500)).code).toBe('00');
    expect(book.reverse(undo('000022')).code).toBe('00');
    expect(standing(book).held).toBe(5_500);
    expect(book.reverse(reversal()).code).toBe('00');
    expect(standing(book).held).toBe(500);
    expect(book.reverse(undo('000021')).code).toBe('00');
    expect(standing(book).held).toBe(0);
    const ofHold = (await book.ledger.rows()).filter(
      ({ kind, stan }) => kind === 'reversed' && stan === '000001',
    );
    expect(ofHold.map(({ message }) => message?.stan)).toEqual(['000021', '000022', '000021']);
  });

  test.each([
    ['nothing', { addsTo: { original: { stan: '009999', time: identity.time } } }],
    ['another card', { card: { masked: '400000******0002', reference: 'other' } }],
    ['another currency', { currency: '840' }],
  ])('to %s is declined', async (_, change) => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    expect(book.authorise(increment('000021', change), approve).code).toBe('12');
    expect(standing(book).held).toBe(5_000);
  });

  test('to what is completed, reversed or was taken at once is declined', async () => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    book.advise(advice({ amount: 4_000 }));
    expect(book.authorise(increment('000021'), approve).code).toBe('12');
    const other = { rrn: '632810000009', stan: '000009' };
    book.authorise(request('debit', other), approve);
    const addsTo = { original: { stan: other.stan, time: identity.time } };
    expect(book.authorise(increment('000022', { rrn: other.rrn, addsTo }), approve).code).toBe('12');
  });

  test('is declined where the card has no more to spend', async () => {
    const { book } = await opened(6_000);
    book.authorise(request('hold'), approve);
    expect(book.authorise(increment('000021'), approve).code).toBe('51');
    expect(standing(book).held).toBe(5_000);
  });
});

test('a completion may exceed its hold by what the category of the merchant allows', async () => {
  const { book } = await opened(undefined, undefined, { '5812': 20 });
  for (const stan of ['000001', '000002']) {
    book.authorise(request('hold', { stan, rrn: `632810${stan}` }), approve);
  }
  const completion = (stan: string, change: Partial<AdviceRequest>) =>
    book.advise(advice({ stan: '000099', rrn: `632810${stan}`, ...change })).code;
  expect(completion('000001', { amount: 5_001, merchantCategory: '5411' })).toBe('13');
  expect(completion('000001', { amount: 6_001, merchantCategory: '5812' })).toBe('13');
  expect(completion('000001', { amount: 6_000, merchantCategory: '5812' })).toBe('00');
  expect(standing(book)).toEqual({ held: 5_000, captured: 6_000, refunded: 0 });
});

describe('a reversal', () => {
  test.each(['debit', 'hold', 'credit'] as const)('undoes a %s once', async (service) => {
    const { book } = await opened();
    book.authorise(request(service), approve);
    book.reverse(reversal());
    book.reverse(reversal());
    expect(standing(book)).toEqual({ held: 0, captured: 0, refunded: 0 });
    expect(book.totals()['978']).toMatchObject({
      reversed: { count: 1, amount: 5_000 },
      'reversal-repeated': { count: 1 },
    });
  });

  test('of a verification moves nothing', async () => {
    const { book } = await opened();
    book.authorise(request('verification', { amount: 5_000 }), approve);
    expect(book.reverse(reversal()).code).toBe('00');
    expect(await lastKind(book)).toBe('reversal-ineffective');
  });

  test('that is partial leaves what it says, however often it comes; a full one after it takes the rest', async () => {
    const { book } = await opened();
    book.authorise(request('debit'), approve);
    book.reverse(reversal({ remaining: 2_000 }));
    book.reverse(reversal({ remaining: 2_000 }));
    expect(standing(book).captured).toBe(2_000);
    book.reverse(reversal());
    expect(standing(book).captured).toBe(0);
  });

  test('of a part of a hold lowers what may be captured', async () => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    book.reverse(reversal({ remaining: 3_000 }));
    expect(standing(book).held).toBe(3_000);
    expect(book.advise(advice({ amount: 3_001 })).code).toBe('13');
    expect(book.advise(advice({ amount: 3_000 })).code).toBe('00');
    expect(standing(book)).toEqual({ held: 0, captured: 3_000, refunded: 0 });
  });

  test.each([
    ['its pre-authorisation', {}],
    ['the completion itself', { amount: 4_000, original: { stan: '000002', time: '1123110000' } }],
  ])('of a completed transaction names %s', async (_, change) => {
    const { book } = await opened();
    book.authorise(request('hold'), approve);
    book.advise(advice({ amount: 4_000 }));
    expect(book.reverse(reversal(change)).code).toBe('00');
    expect(standing(book)).toEqual({ held: 0, captured: 0, refunded: 0 });
  });
});

test.each([
  ['a request', '0100', true],
  ['an advice', '0120', false],
] as const)('a reversal of what began by %s names its type', async (_, mti, isRequest) => {
  const { book } = await opened();
  if (isRequest) book.authorise(request('debit', { mti }), approve);
  else book.advise(advice({ ...identity, mti }));
  const original = { stan: identity.stan, time: identity.time };
  const wrong = mti === '0100' ? '0120' : '0100';
  expect(book.reverse(reversal({ original: { ...original, mti: wrong } })).code).toBe('12');
  expect(standing(book).captured).toBe(5_000);
  expect(book.reverse(reversal({ original: { ...original, mti } })).code).toBe('00');
  expect(standing(book).captured).toBe(0);
});

test('a reversal may name the advice of what was authorised after all', async () => {
  const { book } = await opened();
  book.authorise(request('debit', { mti: '0100' }), approve);
  book.advise(advice({ ...identity, mti: '0120' }));
  const original = { stan: identity.stan, time: identity.time, mti: '0120' };
  expect(book.reverse(reversal({ original })).code).toBe('00');
});

describe('the funds of a card', () => {
  test('are spent by holds and captures, and come back with refunds and reversals', async () => {
    const { book } = await opened(6_000);
    const of = (stan: string, service: Service, amount = 5_000) =>
      book.authorise(request(service, { stan, rrn: `632810${stan}`, amount }), approve).code;
    expect(of('000001', 'hold')).toBe('00');
    expect(of('000002', 'debit', 1_001)).toBe('51');
    expect(book.balance({ card, currency: '978' })).toEqual({ ledger: 6_000, available: 1_000 });
    expect(of('000003', 'credit', 1)).toBe('00');
    expect(of('000004', 'debit', 1_001)).toBe('00');
    expect(book.balance({ card, currency: '978' })).toEqual({ ledger: 5_000, available: 0 });
    book.reverse(reversal());
    expect(book.balance({ card, currency: '978' })).toEqual({ ledger: 5_000, available: 5_000 });
  });

  test('without a limit cover everything', async () => {
    const { book } = await opened();
    expect(book.authorise(request('debit', { amount: 999_999_999_999 }), approve).code).toBe('00');
  });
});

test('what stands is the sum of the moves of all rows, and is rebuilt from them', async () => {
  const { book, file } = await opened();
  for (const [index, service] of (['debit', 'hold', 'credit', 'balance'] as const).entries()) {
    book.authorise(request(service, { stan: `00010${index}`, rrn: `63281000010${index}` }), approve);
  }
  book.advise(advice({ rrn: '632810000101', amount: 4_500 }));
  book.reverse(
    reversal({ rrn: '632810000100', original: { stan: '000100', time: identity.time }, remaining: 1_000 }),
  );
  const sums = { held: 0, captured: 0, refunded: 0 };
  for (const { moves = {} } of await book.ledger.rows()) {
    sums.held += moves.held ?? 0;
    sums.captured += moves.captured ?? 0;
    sums.refunded += moves.refunded ?? 0;
  }
  expect(sums).toEqual({ held: 0, captured: 5_500, refunded: 5_000 });
  expect(book.positions()).toEqual({ '978': sums });
  await book.ledger.close();
  const { book: again } = await opened(undefined, file);
  expect(again.positions()).toEqual({ '978': sums });
});

test('a reversal that was remembered is repeated without harm, by the message that it named', async () => {
  const { book } = await opened();
  const named = reversal({
    mti: '0400',
    original: { mti: '0100', stan: identity.stan, time: identity.time },
  });
  for (const kind of ['reversal-remembered', 'reversal-repeated', 'reversal-repeated']) {
    expect(book.reverse(named).code).toBe('00');
    expect(await lastKind(book)).toBe(kind);
  }
});
