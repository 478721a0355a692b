import { describe, expect, test, vi } from 'vitest';
import type { VisaMessage } from './dialect.ts';
import { purchase, reversalOf, signedOn } from './testing.ts';

/** The advice (0120) to a request, under our transaction identifier. */
function adviceTo(request: VisaMessage, de62: VisaMessage['de62'], de4: string): VisaMessage {
  return { ...request, mti: '0120', de4, de39: '00', de62, de63: { sf1: '0002', sf3: '2104' } };
}

describe('requests', () => {
  test.each([
    ['cash', { de3: '010000' }, { captured: 2_500 }],
    ['cashback', { de61: '000000001000' }, { captured: 2_500 }],
    ['refund', { de3: '200000' }, { refunded: 2_500 }],
    ['pre-authorisation', { de25: '06' }, { held: 2_500 }],
  ])('%s', async (_, change, moved) => {
    const { acquirer, control } = await signedOn();
    const reply = await acquirer.exchange(purchase(undefined, undefined, change));
    expect(reply).toMatchObject({ mti: '0110', de39: '00', de44: '5' });
    const { positions } = await control.ledger();
    expect(positions['978']).toEqual({ held: 0, captured: 0, refunded: 0, ...moved });
  });

  test('a balance comes in F54, a verification moves nothing', async () => {
    const { acquirer, control } = await signedOn();
    const nothing = { de4: '000000000000' };
    await acquirer.exchange(purchase(undefined, '000001', { ...nothing, de25: '51' }));
    const reply = await acquirer.exchange(purchase(undefined, '000002', { ...nothing, de3: '301000' }));
    expect(reply.de54).toEqual([
      { accountType: '10', amountType: '01', currency: '978', sign: 'C', amount: '000001000000' },
      { accountType: '10', amountType: '02', currency: '978', sign: 'C', amount: '000001000000' },
    ]);
    const { positions, rows } = await control.ledger();
    expect(positions).toEqual({});
    expect(rows.map(({ kind }) => kind)).toEqual(['verified', 'inquired']);
  });

  test('a part of the amount is approved with 10', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'partial' } });
    expect(await acquirer.exchange(purchase())).toMatchObject({ de39: '10', de4: '000000001250' });
  });
});

describe('advices', () => {
  test('a completion under F62.2 captures what it says of the hold; its repeat nothing more', async () => {
    const { acquirer, control } = await signedOn();
    const request = purchase(undefined, undefined, { de25: '06' });
    const { de62 } = await acquirer.exchange(request);
    const advice = adviceTo(request, de62, '000000002000');
    expect(await acquirer.exchange(advice)).toMatchObject({ mti: '0130', de39: '00', de62 });
    expect((await acquirer.exchange({ ...advice, mti: '0121' })).de39).toBe('00');
    const { positions } = await control.ledger();
    expect(positions['978']).toEqual({ held: 0, captured: 2_000, refunded: 0 });
  });

  test('an offline purchase is taken, and can be reversed', async () => {
    const { acquirer, control } = await signedOn();
    const advice = adviceTo(purchase(), undefined, '000000002500');
    await acquirer.exchange(advice);
    expect((await control.ledger()).positions['978']?.captured).toBe(2_500);
    await acquirer.exchange(reversalOf({ ...purchase(), mti: advice.mti }));
    expect((await control.ledger()).positions['978']?.captured).toBe(0);
  });
});

test('echoes of the host are counted when they are answered', async () => {
  const { acquirer, control } = await signedOn();
  await control.echo();
  const echo = await acquirer.next();
  expect(echo).toMatchObject({ mti: '0800', de70: '301' });
  acquirer.send({ ...echo, mti: '0810', de39: '00' });
  await vi.waitFor(async () => expect((await control.health()).echoesAnswered).toBe(1));
});
