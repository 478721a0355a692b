import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import { framing } from '../../messages/index.ts';
import { networkControl } from '../network/client.ts';
import { simulatorProcess, temporaryFolder } from '../testing.ts';
import {
  answersNothing,
  codec,
  header,
  linked,
  purchase,
  reversalOf,
  signedOn,
  started,
  withPin,
} from './testing.ts';

const frames = framing('visa');

describe('the link', () => {
  test('a poll comes back as it is', async () => {
    const { address } = await started();
    const acquirer = linked(address);
    acquirer.sendBytes(Buffer.from('00000000', 'hex'));
    expect(await acquirer.nextFrame()).toHaveLength(0);
  });

  test('before sign-on and after sign-off nothing is authorised; an echo is answered always', async () => {
    const { address, control } = await started();
    const acquirer = linked(address);
    const manage = (de70: string) =>
      acquirer.exchange({ header, mti: '0800', de7: '1123100000', de11: '000901', de70 });
    expect((await acquirer.exchange(purchase())).de39).toBe('91');
    expect(await manage('301')).toMatchObject({ mti: '0810', de39: '00', de70: '301', de11: '000901' });
    expect((await manage('071')).de39).toBe('00');
    expect((await control.health()).signedOn).toBe(1);
    expect((await acquirer.exchange(purchase())).de39).toBe('00');
    expect((await manage('072')).de39).toBe('00');
    expect((await acquirer.exchange(purchase(undefined, '000002'))).de39).toBe('91');
    expect((await manage('999')).de39).toBe('12');
    expect((await control.ledger()).rows).toHaveLength(1);
  });

  test('a sign-on holds for one connection only', async () => {
    const { address } = await signedOn();
    expect((await linked(address).exchange(purchase())).de39).toBe('91');
  });

  test('stations are swapped in the reply and the round-trip bits come back', async () => {
    const { acquirer } = await signedOn();
    expect((await acquirer.exchange(purchase())).header).toMatchObject({
      destination: '000001',
      source: '000002',
      roundTrip: 7,
    });
  });

  test('what cannot be read is returned in a reject message and the link stays', async () => {
    const { acquirer } = await signedOn();
    const damaged = codec.pack(purchase());
    damaged.writeUInt8(0xff, 35);
    acquirer.sendBytes(frames.encode(damaged));
    const rejected = await acquirer.nextFrame();
    expect(rejected.readUInt8(0)).toBe(26);
    expect(rejected.readUInt8(22) & 0x80).toBe(0x80);
    expect(rejected.subarray(26)).toEqual(damaged);
    expect((await acquirer.exchange(purchase())).de39).toBe('00');
  });

  test('an unknown message type is rejected too', async () => {
    const { acquirer } = await signedOn();
    acquirer.send({ ...purchase(), mti: '0620' });
    expect((await acquirer.nextFrame()).readUInt8(0)).toBe(26);
  });

  test('bytes that are no frame close this link and no other', async () => {
    const { address, acquirer } = await signedOn();
    const other = linked(address);
    other.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await other.closed;
    expect((await acquirer.exchange(purchase())).de39).toBe('00');
  });

  test('a frame in pieces and two frames at once are both understood', async () => {
    const { acquirer } = await signedOn();
    const frame = frames.encode(codec.pack(purchase()));
    for (const byte of frame) acquirer.sendBytes(Buffer.of(byte));
    expect((await acquirer.next()).de39).toBe('00');
    const second = frames.encode(codec.pack(purchase(undefined, '000002')));
    const third = frames.encode(codec.pack(purchase(undefined, '000003')));
    acquirer.sendBytes(Buffer.concat([second, third]));
    expect([(await acquirer.next()).de11, (await acquirer.next()).de11]).toEqual(['000002', '000003']);
  });

  test('a missing data element is a format error without effect', async () => {
    const { acquirer, control } = await signedOn();
    const { de4: _, ...withoutAmount } = purchase();
    expect((await acquirer.exchange(withoutAmount)).de39).toBe('30');
    const { de90: __, ...withoutOriginal } = reversalOf(purchase());
    expect((await acquirer.exchange(withoutOriginal)).de39).toBe('30');
    expect((await control.ledger()).rows).toEqual([]);
  });
});

describe('authorisations', () => {
  test('an approval carries approval code, transaction identifier, response source and what identifies it', async () => {
    const { acquirer, control } = await signedOn();
    const reply = await acquirer.exchange(purchase());
    expect(reply).toMatchObject({
      mti: '0110',
      de3: '000000',
      de4: '000000002500',
      de11: '000001',
      de37: '632810000001',
      de38: expect.stringMatching(/^\d{6}$/),
      de39: '00',
      de41: 'TERM0001',
      de44: '5',
      de62: { sf2: expect.stringMatching(/^\d{15}$/) },
      de63: { sf1: '0002' },
    });
    const { rows } = await control.ledger({ rrn: '632810000001' });
    expect(rows).toMatchObject([
      { kind: 'authorised', amount: 2_500, currency: '978', code: '00', approvalCode: reply.de38 },
    ]);
  });

  test('the ledger knows a card by mask and reference, never by its number', async () => {
    const { acquirer, control } = await signedOn();
    await acquirer.exchange(purchase('4242424242424242', '000001', withPin('1234')));
    const { rows } = await control.ledger();
    expect(rows[0]?.card).toEqual({
      masked: '424242******4242',
      reference: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(JSON.stringify(rows)).not.toContain('4242424242424242');
  });

  test('the test card for declines is declined, the one for time-outs is authorised but never answered', async () => {
    const { acquirer, address, control } = await signedOn();
    const declined = await acquirer.exchange(purchase('4000000000000002'));
    expect([declined.de39, declined.de38]).toEqual(['05', undefined]);
    acquirer.send(purchase('4000000000000036', '000002'));
    expect(await answersNothing({ acquirer, control, address })).toBe(true);
    expect((await control.ledger()).rows.map((row) => row.kind)).toEqual(['declined', 'authorised']);
  });

  test.each([
    ['the right PIN', '00', withPin('1234')],
    ['a wrong PIN', '55', withPin('4321')],
    ['a longer PIN', '55', withPin('123456')],
    ['a block under another key', '88', withPin('1234', undefined, developmentKey('TPK/TERM0001'))],
    ['a block of another card', '88', withPin('1234', '4111111111111111')],
  ])('%s is answered %s', async (_, code, pin) => {
    const { acquirer, control } = await signedOn();
    expect((await acquirer.exchange(purchase('4242424242424242', '000001', pin))).de39).toBe(code);
    expect((await control.ledger()).rows).toMatchObject([
      { kind: code === '00' ? 'authorised' : 'declined' },
    ]);
  });

  test('three wrong PINs in a row and every PIN is refused 75; a right one before that begins anew', async () => {
    const { acquirer } = await signedOn();
    const codes: (string | undefined)[] = [];
    for (const [index, pin] of ['4321', '4321', '1234', '4321', '4321', '4321', '1234'].entries()) {
      const stan = String(index + 1).padStart(6, '0');
      codes.push((await acquirer.exchange(purchase('4242424242424242', stan, withPin(pin)))).de39);
    }
    expect(codes).toEqual(['55', '55', '00', '55', '55', '55', '75']);
    const other = purchase('5555555555554444', '000009', withPin('1234', '5555555555554444'));
    expect((await acquirer.exchange(other)).de39).toBe('00');
  });

  test('a repeat gets the same answer and has one effect; with other content it is refused', async () => {
    const { acquirer, control } = await signedOn();
    const first = await acquirer.exchange(purchase());
    expect(await acquirer.exchange(purchase())).toEqual(first);
    expect(await acquirer.exchange({ ...purchase(), mti: '0101' })).toEqual(first);
    expect((await acquirer.exchange(purchase(undefined, undefined, { de4: '000000002501' }))).de39).toBe(
      '94',
    );
    expect((await control.ledger()).totals['978']).toMatchObject({ authorised: { count: 1, amount: 2_500 } });
  });
});

describe('reversals', () => {
  test('a reversal and its repeats are accepted and give the amount back once', async () => {
    const { acquirer, control } = await signedOn();
    await acquirer.exchange(purchase());
    expect(await acquirer.exchange(reversalOf(purchase()))).toMatchObject({ mti: '0410', de39: '00' });
    const repeat = { ...reversalOf(purchase()), mti: '0401' };
    expect(await acquirer.exchange(repeat)).toMatchObject({ mti: '0410', de39: '00' });
    const advice = { ...reversalOf(purchase(), '000501'), mti: '0420' };
    expect(await acquirer.exchange(advice)).toMatchObject({ mti: '0430', de39: '00' });
    expect((await control.ledger()).totals['978']).toMatchObject({ reversed: { count: 1, amount: 2_500 } });
  });

  test('a reversal that comes first is accepted, and the original is then refused', async () => {
    const { acquirer } = await signedOn();
    expect((await acquirer.exchange(reversalOf(purchase()))).de39).toBe('00');
    expect((await acquirer.exchange(purchase())).de39).toBe('12');
  });

  test('the silent card is reversed like any other: the scenario speaks of authorisations only', async () => {
    const { acquirer, control } = await signedOn();
    const original = purchase('4000000000000036');
    acquirer.send(original);
    expect((await acquirer.exchange(reversalOf(original))).de39).toBe('00');
    expect((await control.ledger()).rows.map((row) => row.kind)).toEqual(['authorised', 'reversed']);
  });
});

test('after kill -9 the process knows every effect it told, and reverses each once', async () => {
  const process = simulatorProcess(join(import.meta.dirname, 'main.ts'), {
    VISA_SIM_PORT: '0',
    VISA_SIM_CONTROL_PORT: '0',
    VISA_SIM_LEDGER: join(temporaryFolder(), 'ledger.jsonl'),
  });
  const before = await process.ready();
  const acquirer = linked({ host: '127.0.0.1', port: Number(before['port']) });
  await acquirer.signOn();
  const stans = Array.from({ length: 200 }, (_, i) => String(i + 1).padStart(6, '0'));
  for (const stan of stans) acquirer.send(purchase(undefined, stan));
  const replies = new Map<string, string>();
  for (const _ of stans) {
    const reply = await acquirer.next();
    replies.set(reply.de11 ?? '', reply.de38 ?? '');
  }
  const after = await process.killAndRestart();
  const again = linked({ host: '127.0.0.1', port: Number(after['port']) });
  await again.signOn();
  expect((await again.exchange(purchase(undefined, '000007'))).de38).toBe(replies.get('000007'));
  for (const stan of stans) {
    expect((await again.exchange(reversalOf(purchase(undefined, stan)))).de39).toBe('00');
  }
  const { totals } = await networkControl(String(after['controlUrl'])).ledger();
  expect(totals['978']).toMatchObject({
    authorised: { count: 200, amount: 500_000 },
    reversed: { count: 200, amount: 500_000 },
    duplicate: { count: 1 },
  });
});
