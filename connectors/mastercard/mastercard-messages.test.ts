import { describe, expect, it } from 'vitest';
import type { TransactionKind } from '../authorisation.ts';
import { card, factsOf } from '../link/testing.ts';
import { mastercardDialect } from './mastercard-connector.ts';
import type { MastercardMessage } from './mastercard-messages.ts';

const dialect = mastercardDialect({ institution: '400001' });

/** What the network reads. */
function overTheWire(message: MastercardMessage | undefined): MastercardMessage {
  if (!message) throw new Error('no message');
  return dialect.codec.parse(dialect.codec.pack(message));
}
const request = (kind: TransactionKind, change = {}) =>
  overTheWire(dialect.authorisation(factsOf({ kind, ...change }), card));

const TLID = 'AbCdEfGhIjKlMnOp_-0123';
const networkReference = `MCC0A1B2C1123:${TLID}`;
const NAMED = { de48: { se63: 'MCC0A1B2C1123  ' }, de105: `001022${TLID}` };

describe('an authorisation request', () => {
  it.each([
    ['purchase', '002000', '002000', '0', 'R'],
    ['cash', '012000', '012000', '0', 'C'],
    ['cashback', '092000', '092000', '0', 'R'],
    ['refund', '200000', '200000', '0', 'R'],
    ['pre-authorisation', '003000', '003000', '4', 'R'],
    ['account-verification', '000000', '000000', '8', 'R'],
    ['balance', '311000', '301000', '0', 'R'],
  ] as const)(
    'for %s (%s at the terminal) has DE3 %s, status %s and category %s',
    (kind, processingCode, de3, status, tcc) => {
      expect(request(kind, { processingCode })).toMatchObject({
        mti: '0100',
        de3,
        de48: { tcc },
        de61: { status },
      });
    },
  );

  it('says who, what and where, and has no condition code', () => {
    const message = request('purchase');
    expect(message.de2?.reveal()).toBe('4242424242424242');
    expect(message.de52?.reveal().toString('hex')).toBe('0011223344556677');
    expect(message).toMatchObject({
      de7: '1123100000',
      de11: '000042',
      de22: '051',
      de32: '400001',
      de33: '400001',
      de37: '632810000042',
      de41: 'TERM0001',
      de49: '978',
    });
    expect(message.de25).toBeUndefined();
    expect(message.de48?.se63).toBeUndefined();
  });

  it.each(['01', '05', '08', '59'])('of whom the card is not there (DE25 %s) says so', (posConditionCode) => {
    expect(request('purchase', { posConditionCode })).toMatchObject({
      de48: { tcc: 'T' },
      de61: { cardholderPresence: '1', cardPresence: '1' },
    });
  });

  it('for an increment names the pre-authorisation by both identifiers', () => {
    const addsTo = { stan: '000041', transmittedAt: '1123095900', networkReference, approvalCode: '123456' };
    expect(request('increment', { addsTo })).toMatchObject({ ...NAMED, de38: '123456', de11: '000042' });
  });

  it('for cashback names the cash in DE54', () => {
    expect(request('cashback', { cashbackMinorUnits: 500 })).toMatchObject({
      de4: '000000002500',
      de54: [{ amountType: '40', amount: '000000000500' }],
    });
  });

  it('does not exist for an offline purchase', () => {
    expect(dialect.authorisation(factsOf({ kind: 'offline-purchase' }), card)).toBeUndefined();
  });
});

describe('a reversal', () => {
  const reversal = { facts: factsOf(), pan: card.pan, original: 'request', repeat: false } as const;

  it.each([
    ['no-confirmation', '68'],
    ['customer', '17'],
    ['partial', '32'],
  ] as const)('for %s has reason %s', (reason, de39) => {
    expect(overTheWire(dialect.reversal({ ...reversal, reason }))).toMatchObject({
      mti: '0400',
      de39,
      de90: {
        mti: '0100',
        stan: '000042',
        transmission: '1123100000',
        acquirer: '00000400001',
        forwarder: '00000400001',
      },
    });
  });

  it('names the network’s own identifiers beside the numbers, and repeats them as 0401', () => {
    const request = { ...reversal, reason: 'customer', networkReference, approvalCode: 'A12345' } as const;
    for (const repeat of [false, true]) {
      expect(overTheWire(dialect.reversal({ ...request, repeat }))).toMatchObject({
        ...NAMED,
        mti: repeat ? '0401' : '0400',
        de38: 'A12345',
        de90: { stan: '000042' },
      });
    }
  });

  it('leaves an amount by DE95 where it is partial', () => {
    const partial = { ...reversal, reason: 'partial', remainingMinorUnits: 1_000 } as const;
    expect(overTheWire(dialect.reversal(partial)).de95).toEqual({
      transaction: '000000001000',
      settlement: '000000000000',
      billing: '000000000000',
      zeros: '000000',
    });
  });

  it('of what the network was told by advice names a 0120', () => {
    const told = { ...reversal, original: 'advice', reason: 'customer' } as const;
    expect(overTheWire(dialect.reversal(told)).de90).toMatchObject({ mti: '0120' });
  });
});

describe('an advice', () => {
  it.each([
    ['completion', '1910000'],
    ['offline', '1900000'],
    ['stand-in', '1900000'],
  ] as const)('of %s has reason %s, the final amount and the identifiers', (reason, de60) => {
    const advice = {
      facts: factsOf(),
      pan: card.pan,
      reason,
      minorUnits: 2_000,
      repeat: true,
      networkReference,
    };
    expect(overTheWire(dialect.advice(advice))).toMatchObject({
      ...NAMED,
      mti: '0121',
      de4: '000000002000',
      de39: '00',
      de60,
    });
  });
});
