import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { developmentKey } from '../hsm/index.ts';
import { Bytes, type Codec, compile, framing, iso87AsciiHex, Pan, posBcd } from '../messages/index.ts';
import { retailMac } from '../simulators/index.ts';
import { rowsOf } from '../switch/projection/testing.ts';
import type { TerminalMessage } from '../switch/requests/terminal-message.ts';
import { type House, startHouse } from './support/house.ts';
import { ask as askAscii, connectRaw, frame, purchase, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

// What users of payment switches report, sent over TCP to the listeners as they are: who is told what, and what the
// network holds afterwards. The same on the bare core, case by case: test/money/.

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house?.close());

const OTHER_CARD = Pan.of('4111111111111111');
const NO_TIME = '0000000000';

/** DE90 that names this message, as far as it is not said otherwise. */
function names(
  { mti, de11 = '', de7 = '' }: TerminalMessage,
  change: { mti?: string; stan?: string; transmission?: string } = {},
) {
  const own = { mti, stan: de11, transmission: de7 };
  return { de90: { ...own, acquirer: '00000123456', forwarder: '00000000000', ...change } };
}

const ask = (message: TerminalMessage) => askAscii(house.ports().iso87, message);

/** The second address of a terminal: other bytes, another frame, the same keys. */
const askSecond = (message: TerminalMessage) =>
  exchange(house.ports().pos, { codec: compile(posBcd), frames: framing('length-2-tpdu') }, message);

const askForAcquirer = (message: TerminalMessage) =>
  exchange(
    house.ports().acquirer,
    { codec: compile(iso87AsciiHex), frames: framing('length-4-ascii') },
    message,
    'unsealed',
  );

interface Line {
  readonly codec: Codec<TerminalMessage>;
  readonly frames: ReturnType<typeof framing>;
}

const TPDU = Buffer.from('6000560000', 'hex');

async function exchange(
  port: number,
  { codec, frames }: Line,
  message: TerminalMessage,
  seal: 'sealed' | 'unsealed' = 'sealed',
  before: Uint8Array = Buffer.alloc(0),
): Promise<TerminalMessage> {
  const element = message.de90 || message.de70 ? 'de128' : 'de64';
  const packed = codec.pack(
    seal === 'sealed' ? { ...message, [element]: Bytes.of(Buffer.alloc(8)) } : message,
  );
  const slot = codec.macSlot(packed);
  if (slot && seal === 'sealed') {
    codec.setMac(packed, retailMac(developmentKey(`TAK/${message.de41}`))(slot.covered));
  }

  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const reader = frames.reader({ maxFrameBytes: 4_096 });
  try {
    return await new Promise<TerminalMessage>((resolve, reject) => {
      socket.on('error', reject).on('close', () => reject(new Error('closed without an answer')));
      socket.on('data', (chunk) => reader.push(chunk, (body) => resolve(codec.parse(Buffer.from(body)))));
      socket.write(before);
      socket.write(frames.encode(packed, frames.name === 'length-2-tpdu' ? TPDU : undefined));
    });
  } finally {
    socket.destroy();
  }
}

/** A reversal a minute later, under numbers of its own, that names nothing yet. */
const reversal = (change: Partial<TerminalMessage>) =>
  purchase({ mti: '0400', de7: '1123120100', de12: '130100', ...change });

async function kindsOf({ de11 = '' }: TerminalMessage): Promise<string[]> {
  const { rows } = await house.visa.ledger({ stan: de11 });
  return rows.map(({ kind }) => kind);
}

const isReversed = (sale: TerminalMessage) =>
  waitUntil(async () => (await kindsOf(sale)).includes('reversed'));

async function sold(change: Partial<TerminalMessage> = {}) {
  const sale = purchase(change);
  const answer = await ask(sale);
  expect(answer).toMatchObject({ de39: '00' });
  return { sale, answer };
}

describe('who names another card, currency, amount or approval code', () => {
  it.each<[what: string, change: Partial<TerminalMessage>]>([
    ['DE2', { de2: OTHER_CARD }],
    ['DE49', { de49: '840' }],
    ['DE4, less', { de4: '000000000500' }],
    ['DE4, more', { de4: '000000009900' }],
    ['DE38', { de38: '000000' }],
  ])('reverses nothing (%s)', async (_, change) => {
    const { sale } = await sold();
    expect(await ask(reversal({ ...names(sale), ...change }))).toMatchObject({ de39: '25' });
    expect(await kindsOf(sale)).not.toContain('reversed');
  });

  it.each<[what: string, change: Partial<TerminalMessage>]>([
    ['DE2', { de2: OTHER_CARD }],
    ['DE49', { de49: '840' }],
  ])('voids nothing (%s)', async (_, change) => {
    const { sale, answer } = await sold();
    const voided = purchase({ mti: '0200', de3: '020000', de37: answer.de37, ...change });
    expect(await ask(voided)).toMatchObject({ de39: '25' });
    expect(await kindsOf(sale)).not.toContain('reversed');
  });
});

describe('a terminal that calls its second address', () => {
  it('hears the answer of its first request, and is charged once', async () => {
    const { sale, answer } = await sold();
    const { de37, de38, de39 } = answer;
    expect(await askSecond({ ...sale, mti: '0101' })).toMatchObject({ mti: '0110', de37, de38, de39 });
    expect(await kindsOf(sale)).toEqual(['authorised']);
  });

  it('has its sale reversed', async () => {
    const { sale, answer } = await sold();
    expect(await askSecond(reversal({ ...names(sale), de37: answer.de37 }))).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });
});

describe('a reversal finds its sale', () => {
  it('by DE37 where DE90 has zeros', async () => {
    const { sale, answer } = await sold();
    const nothing = names(sale, { stan: '000000', transmission: NO_TIME });
    expect(await ask(reversal({ ...nothing, de37: answer.de37 }))).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });

  it('by the numbers that it repeats where DE90 has zeros', async () => {
    const { sale } = await sold();
    const nothing = names(sale, { stan: '000000', transmission: NO_TIME });
    expect(await ask({ ...sale, ...nothing, mti: '0400' })).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });

  it('by the STAN of DE90 and DE37 where DE90 has no time', async () => {
    const { sale, answer } = await sold();
    const timeless = names(sale, { transmission: NO_TIME });
    expect(await ask(reversal({ ...timeless, de37: answer.de37 }))).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });

  it.each(['0100', '0101', '0110'])('by the DE7 of its repeat, called %s', async (mti) => {
    const { sale, answer } = await sold();
    const repeat = { ...sale, mti: '0101', de7: '1123120030' };
    expect(await ask(repeat)).toMatchObject({ de39: '00', de38: answer.de38 });
    expect(await ask(reversal(names(repeat, { mti })))).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });

  it('by the local time of the sale', async () => {
    const { sale } = await sold({ de12: '140000' });
    const local = names(sale, { transmission: '1123140000' });
    expect(await ask(reversal({ ...local, de12: '140100' }))).toMatchObject({ de39: '00' });
    await isReversed(sale);
  });

  it('of an acquirer that names no terminal, by its reference', async () => {
    const of = { de32: '654321', de37: '633400000777' };
    const sale = purchase(of);
    expect(await askForAcquirer(sale)).toMatchObject({ de39: '00' });
    const { de41: _, de42: __, ...advice } = reversal({ ...of, ...names(sale), mti: '0420' });
    expect(await askForAcquirer(advice)).toMatchObject({ mti: '0430', de39: '00' });
    await isReversed(sale);
  });

  it('or is told of: in the log, and to people where the terminal has a payment like it', async () => {
    const { sale } = await sold({ de4: '000000007531' });
    const nothing = names(sale, { stan: '000000', transmission: NO_TIME });
    expect(await ask(reversal({ ...nothing, de4: sale.de4 }))).toMatchObject({ de39: '00' });
    expect(await kindsOf(sale)).not.toContain('reversed');
    expect(house.switchLog()).toContain('"event":"reversal.unmatched"');
    const cases = () =>
      rowsOf<{ cases: string[] }>(
        house.databaseUrl,
        `select cases from switch.projected_transaction where 'reversal-unmatched' = any(cases)`,
      );
    await waitUntil(async () => (await cases()).length > 0);
  });
});

it('a void of what is settled is refused', async () => {
  const own = { de41: 'TERM0010' };
  const { answer } = await sold(own);
  const totals = { de60: '000001', de63: `001000000002500${'0'.repeat(15)}` };
  const { de2: _, de4: __, ...settlement } = purchase({ ...own, ...totals, mti: '0500', de3: '920000' });
  await waitUntil(async () => (await ask({ ...settlement, ...numbers() })).de39 === '00');
  const { de37, de38 } = answer;
  const voided = purchase({ ...own, mti: '0200', de3: '020000', de37, de38 });
  expect(await ask(voided)).toMatchObject({ mti: '0210', de39: '12' });

  /** Asked anew each time: until the projection has the sale, the totals are out of balance. */
  function numbers() {
    return { de11: purchase().de11 };
  }
});

describe('a terminal hears 00', () => {
  it.each(['566', '710', '784', '360', '050', '398', '986', '702', '484'])(
    'for a purchase in the currency %s',
    async (de49) => {
      expect(await ask(purchase({ de49 }))).toMatchObject({ de39: '00' });
    },
  );

  it('for a verification that asks for an amount of zero', async () => {
    expect(await ask(purchase({ de4: '000000000000' }))).toMatchObject({ de39: '00' });
  });

  it('for a purchase with additional amounts (DE54) of twelve digits', async () => {
    const tip = [{ accountType: '00', amountType: '44', currency: '978', sign: 'D', amount: '000000000321' }];
    const short = await shortened({ ...purchase(), de54: tip }, '0200044978D000000000321', '012000000000321');
    expect(short).toMatchObject({ de39: '00' });
  });

  it('or 95 for totals (DE63) of ninety digits, which are read', async () => {
    const totals = '001000000002500'.padEnd(90, '0');
    const settlement = { mti: '0500', de3: '920000', de41: 'TERM0009', de60: '000001', de63: totals };
    const { de2: _, de4: __, ...message } = purchase(settlement);
    expect(await ask(message)).toMatchObject({ mti: '0510', de39: '95' });
  });

  /** A purchase with an element of another length, its MAC made anew. */
  async function shortened(message: TerminalMessage, long: string, short: string): Promise<TerminalMessage> {
    const body = sealed(message);
    const at = body.indexOf(long);
    const changed = Buffer.concat([
      body.subarray(0, at),
      Buffer.from(short),
      body.subarray(at + long.length),
    ]);
    const covered = changed.subarray(0, -8);
    retailMac(developmentKey('TAK/TERM0001'))(covered).copy(changed, covered.length);
    const raw = await connectRaw(house.ports().iso87);
    raw.send(frame(changed));
    const answer = await raw.receive();
    raw.close();
    return answer;
  }
});

it.each(['0000', '00056000010000'])('a frame without a message (%s) costs no connection', async (empty) => {
  const line = { codec: compile(posBcd), frames: framing('length-2-tpdu') };
  const echo: TerminalMessage = { mti: '0800', de7: '1123120000', de11: '000301', de70: '301' };
  const answer = await exchange(house.ports().pos, line, echo, 'unsealed', Buffer.from(empty, 'hex'));
  expect(answer).toMatchObject({ mti: '0810', de39: '00' });
});
