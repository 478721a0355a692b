import { describe, expect, it } from 'vitest';
import { Bytes, Track2 } from '../../messages/index.ts';
import type { TransactionKind } from '../authorisation.ts';
import { card, factsOf } from '../link/testing.ts';
import { iso87Dialect } from './iso87-connector.ts';
import { adviceRequest, authorisationRequest, type Iso87Message, reversalRequest } from './iso87-messages.ts';

const { codec } = iso87Dialect;

/** What the network reads. */
function overTheWire(message: Iso87Message | undefined): Iso87Message {
  if (!message) throw new Error('no message');
  return codec.parse(codec.pack(message));
}
const request = (kind: TransactionKind, change = {}) =>
  overTheWire(authorisationRequest(factsOf({ kind, ...change }), card));

describe('an authorisation request', () => {
  it.each([
    ['purchase', '0200', '00'],
    ['cash', '0200', '00'],
    ['cashback', '0200', '00'],
    ['refund', '0200', '00'],
    ['pre-authorisation', '0100', '06'],
    ['account-verification', '0100', '51'],
    ['balance', '0100', '00'],
  ] as const)('for %s is a %s under condition %s', (kind, mti, de25) => {
    expect(request(kind)).toMatchObject({ mti, de25 });
  });

  it('has the track, where there is one', () => {
    const track2 = Track2.of('4242424242424242=3012201112340789');
    const asked = overTheWire(authorisationRequest(factsOf(), { ...card, track2 }));
    expect(asked.de35?.reveal()).toBe(track2.reveal());
    expect(request('purchase').de35).toBeUndefined();
  });

  it('has what the chip says, where there is one', () => {
    const emv = Bytes.fromHex('9F2608AABBCCDDEEFF0011');
    const asked = overTheWire(authorisationRequest(factsOf(), { ...card, emv }));
    expect(asked.de55?.hex()).toBe(emv.hex());
    expect(request('purchase').de55).toBeUndefined();
  });

  it('says who, what, where and when', () => {
    const message = request('purchase');
    expect(message.de2?.reveal()).toBe('4242424242424242');
    expect(message.de52?.reveal().toString('hex')).toBe('0011223344556677');
    expect(message).toMatchObject({
      de3: '002000',
      de4: '000000002500',
      de7: '1123100000',
      de11: '000042',
      de12: '110000',
      de13: '1123',
      de14: '3012',
      de18: '5999',
      de22: '051',
      de32: '400001',
      de37: '632810000042',
      de41: 'TERM0001',
      de42: 'MERCHANT0000001',
      de49: '978',
    });
  });

  it('for cashback names the cash in DE54', () => {
    const message = request('cashback', { processingCode: '092000', cashbackMinorUnits: 500 });
    expect(message.de54).toEqual([
      { accountType: '20', amountType: '40', currency: '978', sign: 'D', amount: '000000000500' },
    ]);
    expect(message.de3).toBe('092000');
  });

  it('for an increment names the pre-authorisation in DE90 and DE38', () => {
    const addsTo = { stan: '000041', transmittedAt: '1123095900', approvalCode: 'A12345' };
    expect(request('increment', { addsTo })).toMatchObject({
      mti: '0100',
      de25: '06',
      de11: '000042',
      de38: 'A12345',
      de90: { mti: '0100', stan: '000041', transmission: '1123095900', acquirer: '00000400001' },
    });
  });

  it('does not exist for an offline purchase', () => {
    expect(authorisationRequest(factsOf({ kind: 'offline-purchase' }), card)).toBeUndefined();
  });
});

describe('a reversal', () => {
  const reversal = { facts: factsOf(), pan: card.pan, original: 'request', repeat: false } as const;

  it.each([
    ['no-confirmation', false, '0420'],
    ['no-confirmation', true, '0421'],
    ['customer', false, '0400'],
    ['customer', true, '0401'],
    ['partial', false, '0400'],
  ] as const)('for %s (repeat %s) is a %s', (reason, repeat, mti) => {
    expect(overTheWire(reversalRequest({ ...reversal, reason, repeat })).mti).toBe(mti);
  });

  it.each([
    ['purchase', 'request', '0200'],
    ['pre-authorisation', 'request', '0100'],
    ['offline-purchase', 'advice', '0220'],
    ['purchase', 'advice', '0220'],
    ['pre-authorisation', 'advice', '0120'],
  ] as const)('of %s known by %s names a %s in DE90', (kind, original, mti) => {
    const request = { ...reversal, facts: factsOf({ kind }), original, reason: 'customer' } as const;
    expect(overTheWire(reversalRequest(request)).de90).toEqual({
      mti,
      stan: '000042',
      transmission: '1123100000',
      acquirer: '00000400001',
      forwarder: '00000000000',
    });
  });

  it('leaves an amount by DE95 where it is partial', () => {
    const partial = { ...reversal, reason: 'partial', remainingMinorUnits: 1_000 } as const;
    expect(overTheWire(reversalRequest(partial)).de95?.transaction).toBe('000000001000');
    expect(overTheWire(reversalRequest({ ...reversal, reason: 'customer' })).de95).toBeUndefined();
  });
});

describe('an advice', () => {
  const advice = { facts: factsOf(), pan: card.pan, minorUnits: 1_999, repeat: false };

  it.each([
    ['completion', 'pre-authorisation', '0220'],
    ['offline', 'offline-purchase', '0220'],
    ['stand-in', 'purchase', '0220'],
    ['stand-in', 'pre-authorisation', '0120'],
  ] as const)('of %s for %s is a %s', (reason, kind, mti) => {
    expect(overTheWire(adviceRequest({ ...advice, reason, facts: factsOf({ kind }) })).mti).toBe(mti);
  });

  it('tells the final amount and the approval', () => {
    const message = adviceRequest({ ...advice, reason: 'completion', approvalCode: 'A12345', repeat: true });
    expect(overTheWire(message)).toMatchObject({
      mti: '0221',
      de4: '000000001999',
      de38: 'A12345',
      de39: '00',
    });
  });

  it('of another amount, or of one of several completions, has numbers of its own and names its original', () => {
    const own = { stan: '000777', transmittedAt: '1123130000' };
    const adjustment = { ...advice, own, reason: 'adjustment' } as const;
    const { stan, transmittedAt } = advice.facts;
    expect(overTheWire(adviceRequest(adjustment))).toMatchObject({
      mti: '0220',
      de3: `02${advice.facts.processingCode.slice(2)}`,
      de11: '000777',
      de90: { mti: '0200', stan, transmission: transmittedAt },
    });
    const part = { sequence: 2, count: 0 };
    expect(overTheWire(adviceRequest({ ...adjustment, reason: 'completion', part })).de60).toBe('0200');
  });
});

describe('the management of a line', () => {
  it('knows what a host may ask for: sign-on, sign-off, key and date changes are acknowledged', () => {
    const { managementCodes } = iso87Dialect;
    expect(managementCodes).toMatchObject({ signOn: '001', signOff: '002', echo: '301', keyExchange: '161' });
    expect(managementCodes.acknowledged).toEqual(['001', '002', '061', '062', '201', '202', '270']);
  });
});
