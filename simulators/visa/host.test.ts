import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { developmentKey } from '../../hsm/index.ts';
import { framing, Pan, PinBlock } from '../../messages/index.ts';
import { type Address, silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { pinCipher } from '../crypto/pin-block.ts';
import { simulatorProcess, temporaryFolder } from '../testing.ts';
import { visaControl } from './client.ts';
import type { VisaMessage } from './exchange.ts';
import { startVisa } from './host.ts';
import { codec, connectAcquirer, header, type TestAcquirer } from './testing.ts';

const anyPort = { host: '127.0.0.1', port: 0 };
const zonePinKey = developmentKey('ZPK/VISA');
const frames = framing('visa');

async function started() {
  const visa = await startVisa({
    iso: anyPort,
    control: anyPort,
    ledgerFile: join(temporaryFolder(), 'ledger.jsonl'),
    zonePinKey,
    pin: '1234',
    sockets: tcpSockets,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    onBroken: (error) => {
      throw error;
    },
  });
  onTestFinished(visa.close);
  return { address: visa.iso, control: visaControl(visa.controlUrl) };
}

function linked(address: Address) {
  const acquirer = connectAcquirer(address);
  onTestFinished(acquirer.close);
  return acquirer;
}

async function signedOn() {
  const visa = await started();
  const acquirer = linked(visa.address);
  await acquirer.signOn();
  return { ...visa, acquirer };
}

function purchase(card = '4242424242424242', stan = '000001', extra: Partial<VisaMessage> = {}): VisaMessage {
  return {
    header,
    mti: '0100',
    de2: Pan.of(card),
    de3: '000000',
    de4: '000000002500',
    de7: '1123100000',
    de11: stan,
    de18: '5999',
    de22: '0510',
    de25: '00',
    de32: '400001',
    de37: `632810${stan}`,
    de41: 'TERM0001',
    de42: 'MERCHANT0000001',
    de49: '978',
    de63: { sf1: '0002' },
    ...extra,
  };
}

function reversalOf(original: VisaMessage, stan = '000500'): VisaMessage {
  const { de11 = '', de7 = '', de60: _, ...rest } = original;
  const de90 = {
    mti: '0100',
    stan: de11,
    transmission: de7,
    acquirer: '00000400001',
    forwarder: '00000000000',
  };
  return { ...rest, mti: '0400', de7: '1123100005', de11: stan, de90 };
}

/** What was sent has had its effect, and an echo sent after that is answered first. */
async function expectSilence(acquirer: TestAcquirer, control: ReturnType<typeof visaControl>) {
  await control.ledger();
  const echo = { header, mti: '0800', de7: '1123100000', de11: '000902', de70: '301' };
  expect((await acquirer.exchange(echo)).mti).toBe('0810');
}

const withPin = (pin: string, card = '4242424242424242', key = zonePinKey) => ({
  de52: PinBlock.of(pinCipher(key).encrypt(pin, card)),
  de53: '2001010100000000',
});

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
    const { acquirer, control } = await signedOn();
    const declined = await acquirer.exchange(purchase('4000000000000002'));
    expect([declined.de39, declined.de38]).toEqual(['05', undefined]);
    acquirer.send(purchase('4000000000000036', '000002'));
    await expectSilence(acquirer, control);
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
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'late', ms: 500 } });
    const began = performance.now();
    acquirer.send(purchase());
    await expectSilence(acquirer, control);
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
    const { acquirer, control } = await signedOn();
    await control.script({ next: 1, scenario: { action: 'silence', lost } });
    acquirer.send(purchase());
    await expectSilence(acquirer, control);
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
    const { acquirer, control } = await signedOn();
    await acquirer.exchange(purchase());
    await control.script({ on: 'reversal', next: 1, scenario: { action: 'decline', code: '91' } });
    expect((await acquirer.exchange(reversalOf(purchase()))).de39).toBe('91');
    await control.script({ on: 'reversal', next: 1, scenario: { action: 'silence' } });
    acquirer.send(reversalOf(purchase()));
    await expectSilence(acquirer, control);
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
  for (const stan of stans)
    expect((await again.exchange(reversalOf(purchase(undefined, stan)))).de39).toBe('00');
  const { totals } = await visaControl(String(after['controlUrl'])).ledger();
  expect(totals['978']).toMatchObject({
    authorised: { count: 200, amount: 500_000 },
    reversed: { count: 200, amount: 500_000 },
    duplicate: { count: 1 },
  });
});
