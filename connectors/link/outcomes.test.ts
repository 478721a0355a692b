import { describe, expect, it } from 'vitest';
import { Bytes } from '../../messages/index.ts';
import { adviceOutcome, authorisationOutcome, reversalOutcome } from './outcomes.ts';
import { factsOf } from './testing.ts';

const facts = factsOf();

describe('an answer to an authorisation', () => {
  it('with 00 approves, and carries what later messages need', () => {
    const reply = { code: '00', approvalCode: '123456', networkReference: '300000000000001' };
    expect(authorisationOutcome(reply, facts)).toEqual({ status: 'approved', ...reply });
  });

  it('with 10 approves the amount it names', () => {
    expect(authorisationOutcome({ code: '10', amount: '000000001000' }, facts)).toEqual({
      status: 'approved',
      code: '10',
      approvedMinorUnits: 1_000,
    });
  });

  it.each([
    ['no amount', undefined],
    ['nothing', '000000000000'],
    ['more than was asked', '000000002501'],
  ])('with 10 and %s is unknown: only a reversal makes it certain', (_, amount) => {
    expect(authorisationOutcome({ code: '10', amount }, facts)).toMatchObject({ status: 'unknown' });
  });

  it('without a code is unknown', () => {
    expect(authorisationOutcome({}, facts)).toMatchObject({ status: 'unknown' });
  });

  it.each(['05', '51', '55', '91', '1A', 'N7'])('with %s refuses', (code) => {
    expect(authorisationOutcome({ code }, facts)).toEqual({ status: 'refused', code });
  });

  it('with 85 approves a verification and nothing else', () => {
    const verification = factsOf({ kind: 'account-verification' });
    expect(authorisationOutcome({ code: '85' }, verification)).toMatchObject({ status: 'approved' });
    expect(authorisationOutcome({ code: '85' }, facts)).toMatchObject({ status: 'refused' });
  });

  it('gives the balances of DE54 with their sign, and no other amount', () => {
    const amount = (amountType: string, sign: string) => ({
      accountType: '20',
      amountType,
      currency: '978',
      sign,
      amount: '000000012345',
    });
    const amounts = [amount('01', 'C'), amount('02', 'D'), amount('57', 'C')];
    expect(authorisationOutcome({ code: '00', amounts }, facts)).toMatchObject({
      balances: [
        { accountType: '20', amountType: '01', currency: '978', minorUnits: 12_345 },
        { accountType: '20', amountType: '02', currency: '978', minorUnits: -12_345 },
      ],
    });
  });

  it.each(['00', '05'])('hands the issuer data of the chip on with %s', (code) => {
    const emv = Bytes.of(Buffer.from('910A0102030405060708', 'hex'));
    expect(authorisationOutcome({ code, emv }, facts)).toMatchObject({ emvHex: emv.hex() });
  });
});

describe('an answer to a notice', () => {
  it.each([
    ['00', 'acknowledged', 'acknowledged'],
    ['25', 'acknowledged', 'refused'],
    ['12', 'refused', 'refused'],
    ['91', 'unknown', 'unknown'],
    ['96', 'unknown', 'unknown'],
    [undefined, 'unknown', 'unknown'],
  ] as const)('%s: a reversal is %s, an advice %s', (code, reversal, advice) => {
    expect(reversalOutcome({ code }).status).toBe(reversal);
    expect(adviceOutcome({ code }).status).toBe(advice);
  });
});
