import { describe, expect, it } from 'vitest';
import { Bytes, compile, IsoError, iso87Ascii } from '../../messages/index.ts';
import { silentLog } from '../../runtime/index.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { listenerCodec } from '../../switch/serve/listener-codec.ts';
import { createService } from '../../switch/serve/serve.ts';
import { inbound } from '../support/core.ts';
import { ACQUIRER_LINE, Counter, originalElements, played, purchase } from './core-cases.ts';

// Messages as users of payment switches report them, with what they should be answered. A letter that nobody needs
// must not cost a sale, and neither must a currency that is one.

const codec = compile(iso87Ascii);
/** As the first listener reads it: what nobody needs is no reason to refuse. */
const atTheListener = (() => {
  const { core } = new Counter();
  return listenerCodec(inbound(core).listener, { clock: core.clock, log: silentLog });
})();

/** What a terminal reads as the code of the answer to these bytes. */
async function codeFor(bytes: Buffer): Promise<string | undefined> {
  const { core, ports } = new Counter();
  const { listener, sealed } = inbound(core);
  const service = createService(listener, atTheListener, ports);
  const receivedAt = core.clock.monotonic();
  const answer = (async () => {
    try {
      const message = atTheListener.parse(bytes);
      return await service.answer({ message, sealed, receivedAt, cameBefore: false });
    } catch (error) {
      if (error instanceof IsoError) return service.answerGarbled(error);
      throw error;
    }
  })();
  await core.clock.advance(10_000);
  const packed = await answer;
  return packed && codec.parse(packed).de39;
}

type Packed = Parameters<typeof codec.pack>[0];

/** A purchase with an element, and the same with `standIn` of it written over by other bytes of the same number. */
function withBytes(change: Partial<Packed>, standIn: string, bytes: Buffer) {
  const plain = codec.pack({ ...purchase(), ...change } as Packed);
  const at = plain.indexOf(standIn);
  if (at < 0 || standIn.length !== bytes.length) throw new Error('nothing to write over');
  const lettered = Buffer.from(plain);
  bytes.copy(lettered, at);
  return { plain, lettered };
}

const LETTERS: [what: string, make: () => ReturnType<typeof withBytes>][] = [
  [
    'an accent in the name of the shop (DE43, Latin-1)',
    () => withBytes({ de43: 'CAF? DE LA GARE'.padEnd(40) }, 'CAF?', Buffer.from('CAFÉ', 'latin1')),
  ],
  [
    'an accent in what acquirer and switch agreed upon (DE48, UTF-8)',
    () => withBytes({ de48: 'TICKET ??' }, 'TICKET ??', Buffer.from('TICKET é', 'utf8')),
  ],
  [
    'separators in private data (DE60)',
    () => withBytes({ de60: '01?02?03' }, '01?02?03', Buffer.from('01\x1c02\x1c03', 'latin1')),
  ],
];

describe('a purchase with a letter that nobody needs', () => {
  const codes = played(async () => {
    const told: Record<string, { plain: string | undefined; lettered: string | undefined }> = {};
    for (const [what, make] of LETTERS) {
      const { plain, lettered } = make();
      told[what] = { plain: await codeFor(plain), lettered: await codeFor(lettered) };
    }
    return told;
  });

  it.each(LETTERS)('is approved without %s', (what) => {
    expect(codes()[what]?.plain).toBe('00');
  });

  it.each(LETTERS)('is approved with %s', (what) => {
    expect(codes()[what]?.lettered).toBe('00');
  });
});

describe('an element that a message can do without', () => {
  const reversing = { mti: '0400', de11: '000002', de7: '1123120500', de90: originalElements() };
  const lettered = (message: TerminalMessage, element: 'de14' | 'de18' | 'de23' | 'de12' | 'de25') => {
    const [standIn, length] = {
      de14: ['7777', 4],
      de18: ['7777', 4],
      de23: ['777', 3],
      de12: ['', 6],
      de25: ['', 2],
    }[element] as [string, number];
    const value = standIn === '' ? '7'.repeat(length) : standIn;
    const packed = codec.pack({ ...message, [element]: value } as Packed);
    const at = packed.lastIndexOf(value);
    packed[at] = 0xe9;
    return packed;
  };

  it.each(['de14', 'de18', 'de23', 'de12', 'de25'] as const)('costs no reversal (%s)', async (element) => {
    const { de35: _, ...message } = purchase({ ...reversing, de12: '130500' });
    expect(await codeFor(lettered(message, element))).toBe('00');
  });

  it.each(['de14', 'de18', 'de23'] as const)('costs nothing that has happened (%s)', async (element) => {
    expect(await codeFor(lettered(purchase({ mti: '0220' }), element))).toBe('00');
  });

  it.each(['de14', 'de18', 'de23', 'de12', 'de25'] as const)(
    'is looked at in a request (%s)',
    async (element) => {
      expect(await codeFor(lettered(purchase(), element))).toBe('30');
    },
  );

  it.each(['de7', 'de12', 'de14', 'de18', 'de22', 'de23', 'de25'] as const)(
    'costs no sale where it is nothing but blanks (%s)',
    async (element) => {
      const length = { de7: 10, de12: 6, de14: 4, de18: 4, de22: 3, de23: 3, de25: 2 }[element];
      const value = '7'.repeat(length);
      const packed = codec.pack({ ...purchase(), [element]: value } as Packed);
      packed.fill(' ', packed.indexOf(value), packed.indexOf(value) + length);
      expect(await codeFor(packed)).toBe('00');
    },
  );

  it.each(['de4', 'de49'] as const)('is needed all the same (%s)', async (element) => {
    const value = { de4: '000000002500', de49: '978' }[element];
    const packed = codec.pack(purchase());
    const at = packed.lastIndexOf(value);
    packed.fill(' ', at, at + value.length);
    expect(await codeFor(packed)).toBe('30');
  });

  it('is never the card, the amount or a number', async () => {
    for (const element of ['de2', 'de4', 'de11', 'de38'] as const) {
      const packed = codec.pack(purchase({ ...reversing, de38: 'QWERTZ' }));
      const value = { de2: '4242424242424242', de4: '000000002500', de11: '000002', de38: 'QWERTZ' }[element];
      packed[packed.indexOf(value)] = 0xe9;
      expect(await codeFor(packed)).toBe('30');
    }
  });
});

const TAKEN = ['978', '356', '840', '392'];
/** NGN, ZAR, AED, IDR, BDT, KZT, BRL, SGD, MXN, SAR, HKD, ILS, THB, ISK, JOD, VND, CLP, EGP, KES. */
const OTHERS = [
  '566',
  '710',
  '784',
  '360',
  '050',
  '398',
  '986',
  '702',
  '484',
  '682',
  '344',
  '376',
  '764',
  '352',
  '400',
  '704',
  '152',
  '818',
  '404',
];

describe('a purchase in a currency of ISO 4217', () => {
  const codes = played(async () => {
    const told: Record<string, string | undefined> = {};
    for (const de49 of [...TAKEN, ...OTHERS]) told[de49] = await codeFor(codec.pack(purchase({ de49 })));
    return told;
  });

  it.each(TAKEN)('%s is approved', (currency) => {
    expect(codes()[currency]).toBe('00');
  });

  it.each(OTHERS)('%s is approved too', (currency) => {
    expect(codes()[currency]).toBe('00');
  });
});

interface Reported {
  readonly what: string;
  readonly message: TerminalMessage;
  readonly right: readonly string[];
}

const VERIFICATION: Reported = {
  what: 'a verification, which asks for an amount of zero',
  message: purchase({ mti: '0100', de4: '000000000000' }),
  right: ['00', '85'],
};
const GARBLED_CHIP: Reported = {
  what: 'chip data (DE55) whose length runs past its end',
  message: purchase({ de55: Bytes.fromHex('9f2608aabb') }),
  right: ['30'],
};
const OTHER_CURRENCY: Reported = {
  what: 'a currency that is none',
  message: purchase({ de49: '000' }),
  right: ['30'],
};

describe('a message as it is reported', () => {
  const codes = played(async () => {
    const told: Record<string, string | undefined> = {};
    for (const { what, message } of [VERIFICATION, GARBLED_CHIP, OTHER_CURRENCY]) {
      told[what] = (await new Counter().heard(message)).code;
    }
    return told;
  });

  it.each([VERIFICATION, GARBLED_CHIP, OTHER_CURRENCY])('$what', ({ what, right }) => {
    expect(right).toContain(codes()[what]);
  });
});

describe('a 0420 of an acquirer that names neither terminal nor merchant', () => {
  const reversed = played(async () => {
    const counter = new Counter();
    const of = { de32: '654321', de37: '632812000777' };
    await counter.heard(purchase(of), ACQUIRER_LINE);
    const advice = { mti: '0420', de41: undefined, de42: undefined, de90: originalElements() };
    const numbers = { de11: '000002', de7: '1123120500', de12: '130500' };
    const { code } = await counter.heard(purchase({ ...of, ...advice, ...numbers }), ACQUIRER_LINE);
    return { code, state: counter.payment().state };
  });

  it('reverses what its reference names', () => {
    expect(reversed()).toEqual({ code: '00', state: 'taken-back' });
  });
});
