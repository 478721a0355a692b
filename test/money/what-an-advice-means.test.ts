import { describe, expect, it } from 'vitest';
import { HsmError } from '../../hsm/index.ts';
import { Bytes } from '../../messages/index.ts';
import { KnownCards } from '../../switch/admission/known-cards.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { ACQUIRER_LINE, Counter, played, purchase } from './core-cases.ts';

// DE3 decides what an advice is, as it does of a request. An advice of no service that we know is kept, moves nothing,
// and people look at it; a tip is a new amount of the same sale.

const advice = (change: Partial<TerminalMessage>) => purchase({ mti: '0220', de38: 'A1B2C3', ...change });

async function afterTheAdvice(change: Partial<TerminalMessage>) {
  const counter = new Counter();
  await counter.heard(advice(change));
  const [row] = counter.rows();
  const sales = counter.rows().filter((each) => each.batch_side === 'sale');
  const standing = counter.rows().reduce((sum, each) => sum + each.standing, 0);
  return { kind: row?.kind, side: row?.batch_side, sales: sales.length, standing, cases: counter.cases() };
}

describe('an advice (0220)', () => {
  const sale = played(() => afterTheAdvice({}));
  const refund = played(() => afterTheAdvice({ de3: '200000' }));
  const cash = played(() => afterTheAdvice({ de3: '010000' }));
  const balance = played(() => afterTheAdvice({ de3: '300000' }));
  const unknown = played(() => afterTheAdvice({ de3: '990000' }));
  const tipOfNothing = played(() => afterTheAdvice({ de3: '020000' }));

  it('of a sale is one', () => {
    expect(sale()).toMatchObject({ side: 'sale', sales: 1, standing: 2_500 });
  });

  it('of a refund is on the side of the refunds', () => {
    expect(refund()).toMatchObject({ side: 'refund', sales: 0, standing: 2_500 });
  });

  it('of cash is no purchase', () => {
    expect(cash().kind).not.toBe('offline-purchase');
  });

  it.each([
    ['a balance inquiry', balance],
    ['a service in no row', unknown],
    ['an adjustment that names no sale', tipOfNothing],
  ])('of %s moves no money', (_, seen) => {
    expect(seen()).toMatchObject({ sales: 0, standing: 0 });
  });

  it.each([
    ['85', '000000', 0],
    ['85', '010000', 0],
    ['85', '200000', 2_500],
    ['87', '000000', 0],
  ])(
    'with %s of DE3 %s has taken place only where that approves such a service',
    async (de39, de3, standing) => {
      const seen = await afterTheAdvice({ de39, de3 });
      expect(seen).toMatchObject({ standing, cases: standing > 0 ? [] : ['advice-kept'] });
    },
  );

  it('of a service in no row is kept with what its chip said, and no card number', async () => {
    const counter = new Counter();
    const de55 = Bytes.fromHex('9F2701409F2608AABBCCDDEEFF00115A084242424242424242');
    await counter.heard(advice({ de3: '990000', de55 }));
    const kept = JSON.stringify(counter.core.journal.entries.at(-1)?.body);
    expect(kept).toMatch(/"55":"[^"]*9F2608AABBCCDDEEFF0011/i);
    expect(kept).not.toMatch(/5A08|4242424242424242/i);
  });

  it('of a service in no row opens a case', () => {
    expect(unknown().cases).toHaveLength(1);
  });
});

describe('a request of a service in no row', () => {
  const asked = played(async () => {
    const counter = new Counter();
    const { code } = await counter.heard(purchase({ de3: '990000' }));
    return { code, asked: counter.core.sent.authorised.length };
  });

  it('is refused, and nobody is asked', () => {
    expect(asked()).toEqual({ code: '12', asked: 0 });
  });
});

describe('a tip that is told after an online sale (0220, DE3 02, DE37)', () => {
  const tipped = played(async () => {
    const counter = new Counter();
    const bought = await counter.heard(purchase());
    const named = { de37: bought.rrn, de38: bought.approvalCode };
    const numbers = { de11: '000002', de7: '1123120100', de12: '130100' };
    const tip = advice({ ...named, ...numbers, de3: '020000', de4: '000000003000' });
    const { code } = await counter.heard(tip);
    const again = await counter.heard({ ...tip, mti: '0221' });
    return { code, again: again.code, sales: counter.rows().map(({ standing }) => standing) };
  });

  it('replaces the amount of the sale, and is no second sale', () => {
    expect(tipped()).toEqual({ code: '00', again: '00', sales: [3_000] });
  });
});

describe('an advice of a card that the HSM cannot name now, and its repeat', () => {
  const OF_ANOTHER_NUMBER = { de11: '000002', de7: '1123120100', de12: '130100' };

  async function toldTwice(counter: Counter, told: TerminalMessage) {
    counter.core.hsm.failure = new HsmError('HSM_TIMEOUT');
    const { code } = await counter.heard(told, ACQUIRER_LINE);
    delete counter.core.hsm.failure;
    const again = await counter.heard({ ...told, mti: '0221' }, ACQUIRER_LINE);
    return { code, again: again.code, sales: counter.rows().map(({ standing }) => standing) };
  }

  const sale = played(() => toldTwice(new Counter(), advice({})));
  const tip = played(async () => {
    const counter = new Counter({}, ({ ports }) => ({ knownCards: new KnownCards(ports, 0) }));
    const bought = await counter.heard(purchase(), ACQUIRER_LINE);
    const named = { de37: bought.rrn, de38: bought.approvalCode, de3: '020000', de4: '000000003000' };
    return toldTwice(counter, advice({ ...named, ...OF_ANOTHER_NUMBER }));
  });

  it('of a sale is told to come again, and is a sale when it does', () => {
    expect(sale()).toEqual({ code: '96', again: '00', sales: [2_500] });
  });

  it('of a tip is no other tip when it comes again', () => {
    expect(tip()).toEqual({ code: '96', again: '00', sales: [3_000] });
  });
});
