import { describe, expect, it } from 'vitest';
import { iso87Dialect } from '../../connectors/iso87/iso87-connector.ts';
import { requestKey } from '../../connectors/link/match-keys.ts';
import { authorisationOutcome } from '../../connectors/link/outcomes.ts';
import { factsOf } from '../../connectors/link/testing.ts';
import { visaDialect } from '../../connectors/visa/visa-connector.ts';

// An answer belongs to the request whose numbers it repeats, the time among them; else the late approval of one payment
// approves another. What it says of amount or card must agree with what was asked.

const DIALECTS = {
  visa: {
    keys: visaDialect({ source: '123456', destination: '000000' }).matchKeys,
    mti: '0100',
    reply: '0110',
  },
  iso87: { keys: iso87Dialect.matchKeys, mti: '0200', reply: '0210' },
};

/** Under which key a request waits that was sent at this time; its other numbers are always the same. */
function waitsUnder({ keys, mti, reply }: (typeof DIALECTS)['visa'], de7: string): string | undefined {
  const numbers = { de11: '000042', de37: '632810000042', de41: 'TERM0001', de42: 'MERCHANT0000001' };
  return requestKey({ mti, de7, ...numbers }, reply, keys);
}

describe('two requests that differ in their time alone', () => {
  it('wait apart at plain ISO 8583', () => {
    expect(waitsUnder(DIALECTS.iso87, '1123120000')).toBeDefined();
    expect(waitsUnder(DIALECTS.iso87, '1123120000')).not.toBe(waitsUnder(DIALECTS.iso87, '1123130000'));
  });

  it('wait apart at Visa', () => {
    expect(waitsUnder(DIALECTS.visa, '1123120000')).not.toBe(waitsUnder(DIALECTS.visa, '1123130000'));
  });

  it('wait at Visa at all', () => {
    expect(waitsUnder(DIALECTS.visa, '1123120000')).toBeDefined();
  });
});

describe('an approval', () => {
  it('of what was asked is one', () => {
    const outcome = authorisationOutcome({ code: '00', amount: '000000002500' }, factsOf());
    expect(outcome).toMatchObject({ status: 'approved' });
  });

  it('that repeats no amount is one too', () => {
    expect(authorisationOutcome({ code: '00' }, factsOf())).toMatchObject({ status: 'approved' });
  });

  it.each(['000000009900', '000000000100'])('of another amount, %s, counts for nobody', (amount) => {
    const outcome = authorisationOutcome({ code: '00', amount }, factsOf());
    expect(outcome).toMatchObject({ status: 'unknown' });
  });
});
