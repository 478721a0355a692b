import { describe, expect, it } from 'vitest';
import { compile, IsoError, iso87Ascii, Track2 } from '../../messages/index.ts';
import { silentLog } from '../../runtime/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { listenerCodec } from '../../switch/serve/listener-codec.ts';
import { createService } from '../../switch/serve/serve.ts';
import { inbound } from '../support/core.ts';
import { Counter, purchase, replacement, reversal, voidOf } from './core-cases.ts';

// What takes back or tells of something, byte by byte as it comes: an element of blanks says nothing, and one that
// cannot be read has an end. Its terminal repeats it until it is acknowledged, and sells nothing meanwhile.

const codec = compile(iso87Ascii);
type Packed = Parameters<typeof codec.pack>[0];

/** These bytes, as the first listener reads them. */
async function codeOf(counter: Counter, bytes: Buffer, isSealed = true): Promise<string | undefined> {
  const { core, ports } = counter;
  const { listener, sealed: seal } = inbound(core);
  const sealed = isSealed ? seal : undefined;
  const atTheListener = listenerCodec(listener, { clock: core.clock, log: silentLog });
  const service = createService(listener, atTheListener, ports);
  const receivedAt = core.clock.monotonic();
  const answer = (async () => {
    try {
      const message = atTheListener.parse(bytes);
      return await service.answer({ message, sealed, receivedAt, cameBefore: false });
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      return service.answerGarbled(error, { sealed });
    }
  })();
  await core.clock.advance(10_000);
  const packed = await answer;
  return packed && codec.parse(packed).de39;
}

/** With other bytes in place of what is there. */
function written(message: TerminalMessage, over: string, bytes: string): Buffer {
  const packed = codec.pack(message as Packed);
  const at = packed.lastIndexOf(over);
  if (at < 0 || over.length !== bytes.length) throw new Error('nothing to write over');
  packed.write(bytes, at, 'latin1');
  return packed;
}

const blank = (message: TerminalMessage, over: string) => written(message, over, ' '.repeat(over.length));

const DE90 = '020000000111231200000000012345600000000000';
const AT = { de37: '632812000001' };
const sold = async () => {
  const counter = new Counter();
  await counter.heard(purchase(AT));
  return counter;
};

describe('an element of blanks is no mismatch', () => {
  const REVERSED: [element: string, over: string, change: Partial<TerminalMessage>][] = [
    ['DE4', '000000002500', {}],
    ['DE7', '1123120500', {}],
    ['DE38', 'QWERTZ', { de38: 'QWERTZ' }],
    ['DE49', '978', {}],
    ['DE90', DE90, {}],
  ];

  it.each(REVERSED)('in %s of a reversal', async (_, over, change) => {
    const counter = await sold();
    expect(await codeOf(counter, blank(reversal({ ...AT, ...change }), over))).toBe('00');
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
  });

  it.each(REVERSED.filter(([element]) => element === 'DE4' || element === 'DE49'))(
    'in %s of a void',
    async (_, over) => {
      const counter = await sold();
      expect(await codeOf(counter, blank(voidOf({ rrn: AT.de37 }), over))).toBe('00');
      expect(counter.payment()).toMatchObject({ state: 'taken-back' });
    },
  );

  it.each(['000000002500', '978'])('and is none of what asks for money (%s)', async (over) => {
    expect(await codeOf(new Counter(), blank(purchase(), over))).toBe('30');
  });

  it('and letters are none: nothing is guessed of them', async () => {
    const counter = await sold();
    expect(await codeOf(counter, written(reversal(AT), '978', '9 8'))).toBe('30');
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });

  it('nor is one that nobody reads, beside it', async () => {
    const counter = await sold();
    const bytes = blank(reversal({ ...AT, de44: 'merci a tous' } as Packed as TerminalMessage), '978');
    bytes.write('merci \xe0', bytes.lastIndexOf('merci a'), 'latin1');
    expect(await codeOf(counter, bytes)).toBe('00');
    expect(counter.payment()).toMatchObject({ state: 'taken-back' });
  });
});

describe('a reversal or advice that cannot be read', () => {
  const UNREAD: [what: string, bytes: Buffer][] = [
    ['a card with a letter', written(reversal(), '4242424242424242', '42424242424242A2')],
    ['DE90 with letters', written(reversal(), '0001112312', '0001AB2312')],
    ['DE95 with letters', written(reversal({ de95: replacement(1_000) }), '000000001000', '0000000010A0')],
    ['a tip with letters in DE4', written(tipOf(), '000000002700', '0000000027A0')],
  ];

  it.each(UNREAD)('is acknowledged after a set number, and people see it: %s', async (_, bytes) => {
    const counter = await sold();
    const codes: (string | undefined)[] = [];
    for (let time = 0; time < 12; time += 1) codes.push(await codeOf(counter, bytes));
    expect(codes).toEqual([...Array<string>(10).fill('30'), '00', '00']);
    expect(counter.payment()).toMatchObject({ state: 'approved', standingMinorUnits: 2_500 });
    expect(new Set(counter.cases())).toEqual(
      new Set([bytes === UNREAD[3]?.[1] ? 'advice-kept' : 'reversal-repeated']),
    );
  });

  it('so is one that contradicts itself: DE35 is of another card than DE2', async () => {
    const counter = await sold();
    const message = reversal({ de35: Track2.of('4000056655665556=3012101') });
    for (let time = 0; time < 10; time += 1) expect((await counter.heard(message)).code).toBe('30');
    expect((await counter.heard(message)).code).toBe('00');
    expect(counter.cases()).toEqual(['reversal-repeated']);
    expect(counter.payment()).toMatchObject({ state: 'approved' });
  });

  it('is refused without end where nothing proves whose it is', async () => {
    const counter = await sold();
    const [, bytes] = UNREAD[0] ?? ['', Buffer.alloc(0)];
    for (let time = 0; time < 12; time += 1) expect(await codeOf(counter, bytes, false)).toBe('30');
    expect(counter.cases()).toEqual([]);
  });

  it('costs nothing of a request: that is refused as ever', async () => {
    const counter = new Counter();
    const bytes = written(purchase(), '000000002500', '0000000025A0');
    for (let time = 0; time < 12; time += 1) expect(await codeOf(counter, bytes)).toBe('30');
    expect(counter.core.journal.entries).toEqual([]);
  });
});

function tipOf(): TerminalMessage {
  const numbers = { de11: '000020', de7: '1123140000', de12: '150000' };
  return purchase({ mti: '0220', de3: '020000', ...AT, de4: '000000002700', ...numbers });
}
