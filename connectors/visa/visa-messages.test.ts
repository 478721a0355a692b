import { describe, expect, it } from 'vitest';
import type { TransactionKind } from '../authorisation.ts';
import { card, factsOf } from '../link/testing.ts';
import { visaDialect } from './visa-connector.ts';
import type { VisaMessage } from './visa-messages.ts';

const dialect = visaDialect({ source: '123456', destination: '000000' });

/** What the network reads. */
function overTheWire(message: VisaMessage | undefined): VisaMessage {
  if (!message) throw new Error('no message');
  return dialect.codec.parse(dialect.codec.pack(message));
}
const request = (kind: TransactionKind, change = {}) =>
  overTheWire(dialect.authorisation(factsOf({ kind, ...change }), card));

describe('an authorisation request', () => {
  it.each([
    ['purchase', '002000', '002000', '00'],
    ['cash', '012000', '012000', '00'],
    ['cashback', '092000', '002000', '00'],
    ['refund', '200000', '200000', '00'],
    ['pre-authorisation', '003000', '003000', '06'],
    ['account-verification', '000000', '000000', '51'],
    ['balance', '311000', '301000', '00'],
  ] as const)('for %s (%s at the terminal) has F3 %s and F25 %s', (kind, processingCode, de3, de25) => {
    expect(request(kind, { processingCode })).toMatchObject({ mti: '0100', de3, de25 });
  });

  it('has four digits of F22, the zone format of the PIN block, and the stations', () => {
    const message = request('purchase');
    expect(message.de2?.reveal()).toBe('4242424242424242');
    expect(message.de52?.reveal().toString('hex')).toBe('0011223344556677');
    expect(message).toMatchObject({
      header: { source: '123456', destination: '000000' },
      de22: '0510',
      de53: '2001010100000000',
      de63: { sf1: '0002' },
    });
  });

  it('for an increment names the network’s own reference, and why it comes', () => {
    const numbers = { stan: '000041', transmittedAt: '1123095900' };
    const addsTo = { ...numbers, networkReference: '300000000000001', approvalCode: '123456' };
    expect(request('increment', { addsTo })).toMatchObject({
      mti: '0100',
      de25: '06',
      de11: '000042',
      de38: '123456',
      de62: { sf2: '300000000000001' },
      de63: { sf1: '0002', sf3: '3900' },
    });
  });

  it('for cashback names the cash in F61', () => {
    expect(request('cashback', { cashbackMinorUnits: 500 })).toMatchObject({
      de4: '000000002500',
      de61: '000000000500',
    });
  });
});

describe('a reversal', () => {
  const reversal = { facts: factsOf(), pan: card.pan, original: 'request', repeat: false } as const;

  it.each([
    ['no-confirmation', '2503'],
    ['customer', '2501'],
    ['partial', '2504'],
  ] as const)('for %s has reason %s', (reason, sf3) => {
    expect(overTheWire(dialect.reversal({ ...reversal, reason }))).toMatchObject({
      mti: '0400',
      de63: { sf1: '0002', sf3 },
      de90: { mti: '0100', stan: '000042', transmission: '1123100000', acquirer: '00000400001' },
    });
  });

  it('of what the network was told by advice names a 0120', () => {
    const told = { ...reversal, original: 'advice', reason: 'customer' } as const;
    expect(overTheWire(dialect.reversal(told)).de90).toMatchObject({ mti: '0120', stan: '000042' });
  });

  it('is repeated as 0401, leaves an amount by F95, and names the network’s own reference', () => {
    const partial = { ...reversal, reason: 'partial', remainingMinorUnits: 1_000, repeat: true } as const;
    expect(overTheWire(dialect.reversal({ ...partial, networkReference: '300000000000001' }))).toMatchObject({
      mti: '0401',
      de62: { sf2: '300000000000001' },
      de95: { transaction: '000000001000' },
    });
  });
});

describe('an advice', () => {
  it('of what was stood in for asks after all where the network wants it so, and says that it was deferred', () => {
    const advice = { facts: factsOf(), pan: card.pan, reason: 'stand-in', minorUnits: 2_500 } as const;
    const deferred = dialect.advice({ ...advice, approvalCode: 'SABCDE', asDeferred: true, repeat: true });
    const message = overTheWire(deferred);
    expect(message).toMatchObject({ mti: '0101', de4: '000000002500', de63: { sf1: '0002', sf3: '5206' } });
    expect(message.de38 ?? message.de39).toBeUndefined();
  });

  it('tells the final amount under the network’s own reference', () => {
    const advice = { facts: factsOf(), pan: card.pan, reason: 'completion', minorUnits: 1_999 } as const;
    const message = dialect.advice({
      ...advice,
      networkReference: '300000000000001',
      approvalCode: '123456',
      repeat: true,
    });
    expect(overTheWire(message)).toMatchObject({
      mti: '0121',
      de4: '000000001999',
      de38: '123456',
      de62: { sf2: '300000000000001' },
      de63: { sf1: '0002', sf3: '2104' },
    });
  });

  it('of another amount, or of one of several completions, has numbers of its own', () => {
    const own = { stan: '000777', transmittedAt: '1123130000' };
    const advice = { facts: factsOf(), pan: card.pan, minorUnits: 1_999, own, repeat: false } as const;
    const named = { ...advice, networkReference: '300000000000001' };
    expect(overTheWire(dialect.advice({ ...named, reason: 'adjustment' }))).toMatchObject({
      mti: '0120',
      de3: `02${factsOf().processingCode.slice(2)}`,
      de7: '1123130000',
      de11: '000777',
      de62: { sf2: '300000000000001' },
    });
    const part = { sequence: 2, count: 3 };
    expect(overTheWire(dialect.advice({ ...named, reason: 'completion', part }))).toMatchObject({
      de3: factsOf().processingCode,
      de11: '000777',
      de62: { sf2: '300000000000001', sf11: '02', sf12: '03' },
    });
  });
});
