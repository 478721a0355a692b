import { describe, expect, test } from 'vitest';
import { answersNothing, codec, linked, purchase, reversalOf, signedOn, started } from './testing.ts';

describe('scenarios', () => {
  test('decline answers any code, for the next few, for one card, or for all', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ scenario: { action: 'decline', code: '51' } });
    await control.script({ card: '4111111111111111', scenario: { action: 'approve' } });
    await control.script({ next: 1, scenario: { action: 'decline', code: '14' } });
    const codes = [];
    for (const [index, card] of ['4242424242424242', '4242424242424242', '4111111111111111'].entries()) {
      codes.push((await acquirer.exchange(purchase(card, `00001${index}`))).de39);
    }
    expect(codes).toEqual(['14', '51', '00']);
    await control.reset();
    expect((await acquirer.exchange(purchase(undefined, '000020'))).de39).toBe('00');
  });

  test('amount-decides takes the cents as the code', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ scenario: { action: 'amount-decides' } });
    expect((await acquirer.exchange(purchase(undefined, undefined, { de4: '000000002551' }))).de39).toBe(
      '51',
    );
    expect((await acquirer.exchange(purchase(undefined, '000002'))).de39).toBe('00');
  });

  test('late: the ledger has the approval at once, the answer comes after the time', async () => {
    const { acquirer, address, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'late', ms: 500 } });
    const began = performance.now();
    acquirer.send(purchase());
    expect(await answersNothing({ acquirer, control, address })).toBe(true);
    expect((await control.ledger()).rows).toHaveLength(1);
    expect((await acquirer.next()).de39).toBe('00');
    expect(performance.now() - began).toBeGreaterThan(495);
  });

  test('delay: the ledger has nothing before the time, so a reversal meanwhile wins', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'delay', ms: 400 } });
    acquirer.send(purchase());
    expect(await acquirer.exchange(reversalOf(purchase()))).toMatchObject({ mti: '0410', de39: '00' });
    expect(await acquirer.next()).toMatchObject({ mti: '0110', de39: '12' });
    const { rows } = await control.ledger();
    expect(rows.map((row) => row.kind)).toEqual(['reversal-remembered', 'late-original-refused']);
  });

  test.each([
    ['answer', 1],
    ['request', 0],
  ] as const)('silence that loses the %s leaves %i rows', async (lost, rows) => {
    const { acquirer, address, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'silence', lost } });
    acquirer.send(purchase());
    expect(await answersNothing({ acquirer, control, address })).toBe(true);
    expect((await control.ledger()).rows).toHaveLength(rows);
  });

  test.each([
    ['answer', 1],
    ['request', 0],
  ] as const)('drop that loses the %s breaks the link and leaves %i rows', async (lost, rows) => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'drop', lost } });
    acquirer.send(purchase());
    await acquirer.closed;
    expect((await control.ledger()).rows).toHaveLength(rows);
  });

  test('duplicate answers twice', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'duplicate' } });
    const first = await acquirer.exchange(purchase());
    expect(await acquirer.next()).toEqual(first);
  });

  test('wrong-stan answers with another STAN', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 2, scenario: { action: 'wrong-stan' } });
    expect((await acquirer.exchange(purchase())).de11).toBe('000002');
    expect((await acquirer.exchange(purchase(undefined, '999999'))).de11).toBe('000001');
  });

  test('garbage is a frame that holds no message', async () => {
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'garbage' } });
    acquirer.send(purchase());
    const frame = await acquirer.nextFrame();
    expect(() => codec.parse(frame)).toThrow();
    expect((await acquirer.exchange(purchase(undefined, '000002'))).de39).toBe('00');
  });

  test('reversals and sign-ons can be refused or lost as well', async () => {
    const { acquirer, address, control } = await signedOn();
    await acquirer.exchange(purchase());
    await control.script({ on: 'reversal', next: 1, scenario: { action: 'decline', code: '91' } });
    expect((await acquirer.exchange(reversalOf(purchase()))).de39).toBe('91');
    await control.script({ on: 'reversal', next: 1, scenario: { action: 'silence' } });
    acquirer.send(reversalOf(purchase()));
    expect(await answersNothing({ acquirer, control, address })).toBe(true);
    expect((await acquirer.exchange(reversalOf(purchase()))).de39).toBe('00');
    await control.script({ on: 'network', next: 1, scenario: { action: 'decline', code: '91' } });
    expect((await acquirer.signOn()).de39).toBe('91');
    expect((await control.ledger()).totals['978']).toMatchObject({ reversed: { count: 1, amount: 2_500 } });
  });

  test('links can be broken, and the host taken down and up on the same port', async () => {
    const { address, acquirer, control } = await signedOn();
    await control.dropLinks();
    await acquirer.closed;
    await control.down();
    await expect(linked(address).signOn()).rejects.toThrow('link closed');
    expect((await control.health()).listening).toBe(false);
    await control.up();
    expect((await linked(address).signOn()).de39).toBe('00');
  });

  test('a rule shows its card masked', async () => {
    const { control } = await started();
    const rules = await control.script({ card: '4111111111111111', scenario: { action: 'silence' } });
    expect(JSON.stringify(rules)).toContain('411111******1111');
    expect(JSON.stringify(rules)).not.toContain('4111111111111111');
  });
});
