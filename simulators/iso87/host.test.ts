import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import { Pan, PinBlock } from '../../messages/index.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { networkControl } from '../network/client.ts';
import { testAcquirer, testHost } from '../network/testing.ts';
import { simulatorProcess, temporaryFolder } from '../testing.ts';
import { type Iso87Message, iso87HostDialect } from './dialect.ts';

const CARD = '4242424242424242';
const zonePinKey = developmentKey('ZPK/ISO87');

function financial(change: Partial<Iso87Message> = {}): Iso87Message {
  return {
    mti: '0200',
    de2: Pan.of(CARD),
    de3: '000000',
    de4: '000000002500',
    de7: '1123100000',
    de11: '000001',
    de18: '5999',
    de22: '051',
    de25: '00',
    de32: '400001',
    de37: '632810000001',
    de41: 'TERM0001',
    de42: 'MERCHANT0000001',
    de49: '978',
    ...change,
  };
}

const original = (mti: string) => ({
  mti,
  stan: '000001',
  transmission: '1123100000',
  acquirer: '00000400001',
  forwarder: '00000000000',
});
const remaining = (amount: string) => ({
  transaction: amount,
  settlement: '000000000000',
  transactionFee: 'C00000000',
  settlementFee: 'C00000000',
});
const signOn: Iso87Message = { mti: '0800', de7: '1123100000', de11: '000900', de70: '001' };

async function signedOn(cardFunds?: number) {
  const host = await testHost(iso87HostDialect, 'ZPK/ISO87', cardFunds);
  const acquirer = testAcquirer(iso87HostDialect, host.address);
  expect(await acquirer.exchange(signOn)).toMatchObject({ mti: '0810', de39: '00', de11: '000900' });
  const positions = async () => (await host.control.ledger()).positions['978'];
  return { ...host, acquirer, positions };
}

describe('the link', () => {
  test('is served after sign-on 001 and until sign-off 002; an echo 301 always', async () => {
    const host = await testHost(iso87HostDialect, 'ZPK/ISO87');
    const acquirer = testAcquirer(iso87HostDialect, host.address);
    const manage = (de70: string) => acquirer.exchange({ ...signOn, de70 });
    expect((await acquirer.exchange(financial())).de39).toBe('91');
    expect((await manage('301')).de39).toBe('00');
    expect((await manage('001')).de39).toBe('00');
    expect(await acquirer.exchange(financial())).toMatchObject({ mti: '0210', de39: '00' });
    expect((await manage('002')).de39).toBe('00');
    expect((await acquirer.exchange(financial({ de11: '000002' }))).de39).toBe('91');
    expect((await manage('071')).de39).toBe('12');
  });

  test('echoes of the host are counted when they are answered', async () => {
    const { acquirer, control } = await signedOn();
    await control.echo();
    const { de7, de11, de70 } = await acquirer.next();
    expect(de70).toBe('301');
    acquirer.send({ mti: '0810', de7, de11, de70, de39: '00' });
    await vi.waitFor(async () => expect((await control.health()).echoesAnswered).toBe(1));
  });

  test('a message that cannot be read closes this link and no other', async () => {
    const { address, acquirer } = await signedOn();
    const other = testAcquirer(iso87HostDialect, address);
    other.sendBytes(Buffer.from('000430323030', 'hex'));
    other.sendBytes(Buffer.from('0004ffffffff', 'hex'));
    await other.closed;
    expect((await acquirer.exchange(financial())).de39).toBe('00');
  });

  test('an unknown request is answered 12, an unknown answer not at all', async () => {
    const { acquirer } = await signedOn();
    acquirer.send({ ...signOn, mti: '0610' });
    expect(await acquirer.exchange({ ...signOn, mti: '0600' })).toMatchObject({ mti: '0610', de39: '12' });
  });
});

describe('requests', () => {
  test.each([
    ['purchase', { de3: '000000' }, '0210', { captured: 2_500 }],
    ['cash', { de3: '010000' }, '0210', { captured: 2_500 }],
    ['cashback', { de3: '090000' }, '0210', { captured: 2_500 }],
    ['refund', { de3: '200000' }, '0210', { refunded: 2_500 }],
    ['pre-authorisation', { mti: '0100', de25: '06' }, '0110', { held: 2_500 }],
  ])('%s', async (_, change, mti, moved) => {
    const { acquirer, positions } = await signedOn();
    const reply = await acquirer.exchange(financial(change));
    expect(reply).toMatchObject({ mti, de39: '00', de38: expect.stringMatching(/^\d{6}$/) });
    expect(await positions()).toEqual({ held: 0, captured: 0, refunded: 0, ...moved });
  });

  test('a verification and a balance move nothing; the balance is in DE54', async () => {
    const { acquirer, positions } = await signedOn(10_000);
    await acquirer.exchange(financial());
    await acquirer.exchange(financial({ mti: '0100', de11: '000002', de25: '06' }));
    const verification = { mti: '0100', de11: '000003', de25: '51', de4: '000000000000' };
    expect((await acquirer.exchange(financial(verification))).de39).toBe('00');
    const balance = { mti: '0100', de11: '000004', de3: '302000', de4: '000000000000' };
    const { de39, de54 } = await acquirer.exchange(financial(balance));
    expect(de39).toBe('00');
    expect(de54).toEqual([
      { accountType: '20', amountType: '01', currency: '978', sign: 'C', amount: '000000007500' },
      { accountType: '20', amountType: '02', currency: '978', sign: 'C', amount: '000000005000' },
    ]);
    expect(await positions()).toEqual({ held: 2_500, captured: 2_500, refunded: 0 });
  });

  test('partial: part of the amount is approved with 10, and DE54 names what was asked', async () => {
    const { acquirer, control, positions } = await signedOn();
    await control.script({ next: 2, scenario: { action: 'partial', percent: 40 } });
    const reply = await acquirer.exchange(financial());
    expect(reply).toMatchObject({ de39: '10', de4: '000000001000' });
    expect(reply.de54).toMatchObject([{ amountType: '57', amount: '000000002500' }]);
    expect((await positions())?.captured).toBe(1_000);
    expect((await acquirer.exchange(financial({ de11: '000002', de3: '200000' }))).de39).toBe('00');
  });

  test('the PIN is read under the zone key of this network', async () => {
    const { acquirer } = await signedOn();
    const pin = (digits: string, key = zonePinKey) => ({
      de52: PinBlock.of(pinCipher(key).encrypt(digits, CARD)),
    });
    expect((await acquirer.exchange(financial(pin('1234')))).de39).toBe('00');
    expect((await acquirer.exchange(financial({ de11: '000002', ...pin('4321') }))).de39).toBe('55');
    const foreign = pin('1234', developmentKey('ZPK/VISA'));
    expect((await acquirer.exchange(financial({ de11: '000003', ...foreign }))).de39).toBe('88');
  });
});

describe('notices', () => {
  test('a completion by DE37 and DE38 turns the hold into the captured amount', async () => {
    const { acquirer, positions } = await signedOn();
    const { de38 } = await acquirer.exchange(financial({ mti: '0100', de25: '06' }));
    const completion = financial({
      mti: '0220',
      de11: '000009',
      de7: '1123110000',
      de4: '000000002000',
      de38,
    });
    expect(await acquirer.exchange(completion)).toMatchObject({ mti: '0230', de39: '00' });
    expect(await acquirer.exchange({ ...completion, mti: '0221' })).toMatchObject({
      mti: '0230',
      de39: '00',
    });
    expect(await positions()).toEqual({ held: 0, captured: 2_000, refunded: 0 });
  });

  test('an offline purchase is taken, a stand-in pre-authorisation held', async () => {
    const { acquirer, positions } = await signedOn();
    expect((await acquirer.exchange(financial({ mti: '0220' }))).de39).toBe('00');
    const standIn = { mti: '0120', de25: '06', de11: '000002', de37: '632810000002' };
    expect(await acquirer.exchange(financial(standIn))).toMatchObject({ mti: '0130', de39: '00' });
    expect(await positions()).toEqual({ held: 2_500, captured: 2_500, refunded: 0 });
  });

  test('reversals by request and advice, in part and whole, with their repeats', async () => {
    const { acquirer, positions } = await signedOn();
    await acquirer.exchange(financial());
    const partial = financial({ mti: '0400', de90: original('0200'), de95: remaining('000000001000') });
    expect(await acquirer.exchange(partial)).toMatchObject({ mti: '0410', de39: '00' });
    expect((await positions())?.captured).toBe(1_000);
    for (const mti of ['0420', '0421', '0401']) {
      expect((await acquirer.exchange(financial({ mti, de90: original('0200') }))).de39).toBe('00');
    }
    expect(await positions()).toEqual({ held: 0, captured: 0, refunded: 0 });
  });

  test('advices have scenarios of their own; a declined one has no effect', async () => {
    const { acquirer, control, positions } = await signedOn();
    await control.script({ on: 'advice', next: 1, scenario: { action: 'decline', code: '91' } });
    expect((await acquirer.exchange(financial({ mti: '0220' }))).de39).toBe('91');
    expect(await positions()).toBeUndefined();
    expect((await acquirer.exchange(financial({ mti: '0221' }))).de39).toBe('00');
    expect((await positions())?.captured).toBe(2_500);
  });
});

test('after kill -9 the process knows what it held, took and gave', async () => {
  const process = simulatorProcess(join(import.meta.dirname, 'main.ts'), {
    ISO87_SIM_PORT: '0',
    ISO87_SIM_CONTROL_PORT: '0',
    ISO87_SIM_LEDGER: join(temporaryFolder(), 'ledger.jsonl'),
  });
  const before = await process.ready();
  const acquirer = testAcquirer(iso87HostDialect, { host: '127.0.0.1', port: Number(before['port']) });
  await acquirer.exchange(signOn);
  await acquirer.exchange(financial());
  await acquirer.exchange(financial({ mti: '0100', de25: '06', de11: '000002' }));
  await acquirer.exchange(financial({ de3: '200000', de11: '000003' }));
  const after = await process.killAndRestart();
  const { positions } = await networkControl(String(after['controlUrl'])).ledger();
  expect(positions['978']).toEqual({ held: 2_500, captured: 2_500, refunded: 2_500 });
});
