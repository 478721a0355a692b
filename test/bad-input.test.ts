import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, iso87Ascii, Pan } from '../messages/index.ts';
import { type House, startHouse } from './support/house.ts';
import { ask, connectRaw, frame, pinBlock, purchase, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.close());

const port = () => house.ports().iso87;

/** The log says why, somewhere; what was refused is never a card number. */
async function logged(...words: string[]): Promise<void> {
  await waitUntil(async () =>
    house
      .switchLog()
      .split('\n')
      .some((line) => words.every((word) => line.includes(word))),
  );
  expect(house.switchLog()).not.toMatch(/4242424242424242|4000000000000002/);
}

describe('bytes that are no message', () => {
  it('a frame longer than the limit closes the connection before it is read', async () => {
    const raw = await connectRaw(port());
    raw.send(Buffer.from('ffff', 'hex'));
    await raw.closed;
    await logged('listener.bad-frame', 'ISO_FRAME_TOO_LONG');
  });

  it('a truncated frame costs only its own connection, and the log tells', async () => {
    const raw = await connectRaw(port());
    raw.send(frame(sealed(purchase())).subarray(0, 40));
    raw.close();
    await logged('listener.truncated');
  });

  it('a frame that comes byte by byte has ten seconds', { timeout: 30_000 }, async () => {
    const raw = await connectRaw(port());
    const bytes = [...frame(sealed(purchase()))].map((byte) => Buffer.of(byte));
    const trickle = setInterval(() => raw.send(bytes.shift() ?? Buffer.of(0)), 250);
    await raw.closed;
    clearInterval(trickle);
    expect(bytes).not.toEqual([]);
    await logged('listener.frame-timeout');
  });

  it('bytes without a readable MTI close the connection', async () => {
    const raw = await connectRaw(port());
    raw.send(frame(Buffer.from('XYZ!garbage')));
    await raw.closed;
    await logged('listener.unreadable', 'ISO_MTI');
  });

  it('a bitmap that names fields which are not there is a format error', async () => {
    const raw = await connectRaw(port());
    const body = compile(iso87Ascii).pack(purchase());
    body.writeUInt8(body.readUInt8(11) ^ 0x01, 11);
    raw.send(frame(body));
    expect(await raw.receive()).toMatchObject({ mti: '0110', de39: '30' });
    raw.close();
    await logged('serve.refused', '"responseCode":"30"');
  });

  it('a message cut short inside its frame is a format error', async () => {
    const raw = await connectRaw(port());
    raw.send(frame(sealed(purchase()).subarray(0, 60)));
    expect(await raw.receive()).toMatchObject({ mti: '0110', de39: '30' });
    raw.close();
  });

  it('disturbs nobody else: a purchase in flight on another connection is approved', async () => {
    await house.visa.script({ next: 1, scenario: { action: 'delay', ms: 300 } });
    const bystander = ask(port(), purchase());
    for (const bytes of ['ffff', '0004', '000b58595a2167617262616765', '00']) {
      const raw = await connectRaw(port());
      raw.send(Buffer.from(bytes, 'hex'));
      raw.close();
    }
    expect(await bystander).toMatchObject({ de39: '00' });
  });
});

describe('a letter that nobody needs', () => {
  it.each([
    ['an accent in DE43', { de43: 'CAF\u00c9 DE LA GARE'.padEnd(40) }],
    ['UTF-8 in DE48', { de48: Buffer.from('M\u00dcLLER', 'utf8').toString('latin1') }],
    ['separators in DE60', { de60: '01\u001c02\u001c\u0000' }],
  ])('costs no sale: %s', async (_, change) => {
    const raw = await connectRaw(port());
    raw.send(
      frame(sealed({ ...purchase(), ...change }, 'TERM0001', compile(iso87Ascii, { content: 'accept' }))),
    );
    expect(await raw.receive()).toMatchObject({ mti: '0110', de39: '00' });
    expect(raw.lastMacVerified()).toBe(true);
    raw.close();
  });
});

describe('messages that are refused', () => {
  it.each([
    ['a wrong MAC', '63', () => ask(port(), purchase(), 'TERM0002'), 'SW_MAC_WRONG'],
    [
      'an unknown terminal',
      '58',
      () => ask(port(), purchase({ de41: 'TERM9999' }), 'TERM0001'),
      'SW_UNKNOWN_TERMINAL',
    ],
    [
      'an unknown merchant',
      '03',
      () => ask(port(), purchase({ de42: 'MERCHANT9999999' })),
      'SW_UNKNOWN_MERCHANT',
    ],
    ['an unknown IIN', '92', () => ask(port(), purchase({ de2: Pan.of('6011111111111117') })), 'SW_NO_ROUTE'],
    ['an unserved message', '12', () => ask(port(), purchase({ mti: '0500' })), 'SW_UNSUPPORTED_MESSAGE'],
  ] as const)('%s is answered %s, with the reason in the log', async (_, code, exchange, reason) => {
    expect(await exchange()).toMatchObject({ de39: code });
    await logged('serve.refused', reason);
  });

  it('a message without MAC is answered 63', async () => {
    const raw = await connectRaw(port());
    raw.send(frame(compile(iso87Ascii).pack(purchase())));
    expect(await raw.receive()).toMatchObject({ mti: '0110', de39: '63' });
    raw.close();
    await logged('serve.refused', 'SW_MAC_MISSING');
  });

  it('one bit changed on the way is a wrong MAC', async () => {
    const raw = await connectRaw(port());
    const body = sealed(purchase());
    const amountAt = body.indexOf('000000002500');
    body.write('9', amountAt + 8, 'latin1');
    raw.send(frame(body));
    expect(await raw.receive()).toMatchObject({ de39: '63' });
    raw.close();
  });

  it('a PIN block of the wrong length is a format error', async () => {
    const raw = await connectRaw(port());
    const body = sealed(purchase({ de52: pinBlock('1234', '4242424242424242') }));
    const shorter = Buffer.concat([body.subarray(0, body.length - 17), body.subarray(body.length - 16)]);
    raw.send(frame(shorter));
    expect(await raw.receive()).toMatchObject({ mti: '0110', de39: '30' });
    raw.close();
  });

  it('a PIN block under another key is answered 88 and opens no leg', async () => {
    const before = (await house.visa.ledger()).rows.length;
    const foreign = pinBlock('1234', '4242424242424242', 'TERM0002');
    expect(await ask(port(), purchase({ de52: foreign }))).toMatchObject({ de39: '88' });
    expect((await house.visa.ledger()).rows).toHaveLength(before);
  });

  it('a wrong PIN is the issuer’s to refuse', async () => {
    expect(await ask(port(), purchase({ de52: pinBlock('9999', '4242424242424242') }))).toMatchObject({
      de39: '55',
    });
    expect(await ask(port(), purchase({ de52: pinBlock('1234', '4242424242424242') }))).toMatchObject({
      de39: '00',
    });
  });
});

describe('the same request again', () => {
  it('gets the same answer, with the repeat MTI too, and the network saw it once', async () => {
    const message = purchase();
    const first = await ask(port(), message);
    const again = await ask(port(), message);
    const repeat = await ask(port(), { ...message, mti: '0101' });
    expect(first).toMatchObject({ mti: '0110', de39: '00' });
    for (const answer of [again, repeat]) {
      expect(answer).toMatchObject({ mti: '0110', de38: first.de38, de39: first.de39, de37: first.de37 });
    }
    expect((await house.visa.ledger({ stan: message.de11 ?? '' })).rows).toHaveLength(1);
  });

  it('gets the same answer after a restart of the switch', async () => {
    const message = purchase();
    const first = await ask(port(), message);
    await house.killSwitch();
    await house.startSwitch();
    const again = await ask(port(), message);
    expect(again).toMatchObject({ de38: first.de38, de39: '00', de37: first.de37 });
    expect((await house.visa.ledger({ stan: message.de11 ?? '' })).rows).toHaveLength(1);
  });

  it('with another amount is refused 94', async () => {
    const message = purchase();
    await ask(port(), message);
    expect(await ask(port(), { ...message, de4: '000000002600' })).toMatchObject({ de39: '94' });
    expect((await house.visa.ledger({ stan: message.de11 ?? '' })).rows).toHaveLength(1);
  });
});

describe('network management', () => {
  it('an echo is answered with a MAC that verifies', async () => {
    const raw = await connectRaw(port());
    raw.send(frame(sealed(purchase({ mti: '0800', de70: '301' }))));
    const answer = await raw.receive();
    expect(answer).toMatchObject({ mti: '0810', de39: '00', de70: '301' });
    expect(answer.de128?.length).toBe(8);
    expect(raw.lastMacVerified()).toBe(true);
    raw.close();
  });
});
