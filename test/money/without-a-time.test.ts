import { describe, expect, it } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { developmentSettings } from '../../switch/config/development.ts';
import type { TerminalSettings } from '../../switch/config/settings.ts';
import type { TerminalMessage } from '../../switch/requests/terminal-message.ts';
import { purchaseMessage } from '../support/core.ts';
import { Counter, DAY_MS, OTHER_CARD } from './core-cases.ts';

const HOUR_MS = 3_600_000;
const DEVELOPMENT = developmentSettings({
  databaseUrl: 'postgres://unused',
  hsmSocketPath: '/unused',
  visa: { host: '127.0.0.1', port: 0 },
  popUrl: 'http://127.0.0.1:1',
});

/** The core, whose terminals have a currency in their records. */
function counter(record: Partial<TerminalSettings> = { currency: '978' }): Counter {
  const terminals = DEVELOPMENT.terminals.map(({ currency: _, ...terminal }) => ({ ...terminal, ...record }));
  return new Counter({ terminals });
}

/** A sale as NAC terminals send it: DE3, 4, 11, 22, 24, 25, a card, 41. */
function sale(change: Partial<TerminalMessage> = {}): TerminalMessage {
  const { de7: _, de12: __, de13: ___, de42: ____, de49: _____, ...short } = purchaseMessage();
  return { ...short, mti: '0200', de24: '021', ...change };
}

const TAKES_ANY = { withoutTime: 'accept' } as const;

async function answered(at: Counter, message: TerminalMessage, line = {}) {
  const answer = at.asked(message, { ...TAKES_ANY, ...line });
  await at.core.clock.advance(10_000);
  return answer;
}

const asked = (at: Counter) => at.core.sent.authorised.length;

describe('a terminal that sends neither time, merchant nor currency', () => {
  it('is served by its record and the clock, and told the time', async () => {
    const at = counter();
    const reply = await answered(at, sale());
    expect(reply).toMatchObject({ mti: '0210', de39: '00', de11: '000001', de41: 'TERM0001', de24: '021' });
    expect(reply?.de12).toMatch(/^\d{6}$/);
    expect(reply?.de13).toMatch(/^\d{4}$/);
    expect(reply).not.toHaveProperty('de42');
    expect(reply).not.toHaveProperty('de49');
    expect(at.core.sent.authorised).toMatchObject([
      { merchant: 'MERCHANT0000001', amount: { minorUnits: 2_500, currency: '978' } },
    ]);
  });

  it('is served by the records that the switch starts with', async () => {
    const { terminals, listeners } = DEVELOPMENT;
    const line = listeners.find(({ dialect }) => dialect === 'pos-bcd');
    const { withoutTime } = line ?? {};
    const reply = await answered(new Counter({ terminals }), sale(), { withoutTime });
    expect(reply).toMatchObject({ de39: '00' });
  });

  it.each<[string, keyof TerminalMessage]>([
    ['merchant', 'de42'],
    ['currency', 'de49'],
    ['time', 'de12'],
  ])('may send any of them, such as its %s', async (_, element) => {
    const at = counter();
    const reply = await answered(at, sale({ [element]: purchaseMessage()[element] }));
    expect(reply).toMatchObject({ de39: '00' });
  });

  it('sends a currency other than that of its record', async () => {
    const at = counter();
    await answered(at, sale({ de49: '840' }));
    expect(at.core.sent.authorised).toMatchObject([{ amount: { currency: '840' } }]);
  });

  it.each<[string, Partial<TerminalSettings>, Partial<TerminalMessage>, object]>([
    ['without a currency in its record', {}, {}, {}],
    ['of a number that nobody has', { currency: '978' }, { de41: 'NOBODY01' }, {}],
    ['on an acquirer’s line', { currency: '978' }, {}, { mac: 'none' }],
    ['on a listener that takes none without a time', { currency: '978' }, {}, { withoutTime: 'refuse' }],
    ['where the listener says nothing', { currency: '978' }, {}, { withoutTime: undefined }],
    ['that tells of an offline sale', { currency: '978' }, { mti: '0220' }, {}],
  ])('is refused %s', async (_, record, change, line) => {
    const at = counter(record);
    expect(await answered(at, sale(change), line)).toMatchObject({ de39: '30' });
    expect(asked(at)).toBe(0);
  });

  it('is refused where two merchants have its number', async () => {
    const [first, ...others] = DEVELOPMENT.terminals;
    if (!first) throw new Error('there is no terminal');
    const second = { ...first, merchant: 'MERCHANT0000002' };
    const at = new Counter({
      terminals: [{ ...first, currency: '978' }, { ...second, currency: '978' }, ...others],
      merchants: [...DEVELOPMENT.merchants, { id: 'MERCHANT0000002', category: '5411', pop: 'optional' }],
    });
    expect(await answered(at, sale())).toMatchObject({ de39: '30' });
    expect(await answered(at, sale({ de42: 'MERCHANT0000002' }))).toMatchObject({ de39: '00' });
  });
});

describe('a sale without a time that comes again', () => {
  it.each([
    ['at once', '0200', 0],
    ['as a repeat, after a minute', '0201', 60_000],
    ['after five hours', '0200', 5 * HOUR_MS],
  ])('%s hears the answer of before', async (_, mti, afterMs) => {
    const at = counter();
    const first = await answered(at, sale());
    await at.core.clock.advance(afterMs);
    const again = await answered(at, sale({ mti }));
    expect(again).toMatchObject({ de39: '00', de37: first?.de37, de38: first?.de38 });
    expect(asked(at)).toBe(1);
  });

  it('on whichever side of a quarter of the day it comes', async () => {
    const at = counter();
    const beyond = 6 * HOUR_MS - (at.core.clock.wall() % (6 * HOUR_MS)) - 5_000;
    await at.core.clock.advance(beyond);
    await answered(at, sale());
    await at.core.clock.advance(60_000);
    await answered(at, sale());
    expect(asked(at)).toBe(1);
  });

  it.each([
    ['another amount', { de4: '000000002600' }],
    ['another card', { de2: OTHER_CARD }],
  ])('with %s is refused', async (_, change) => {
    const at = counter();
    await answered(at, sale());
    expect(await answered(at, sale(change))).toMatchObject({ de39: '94' });
    expect(asked(at)).toBe(1);
  });

  it.each([0.5, 1, 2, 30])('after %d days is another sale', async (days) => {
    const at = counter();
    const first = await answered(at, sale());
    await at.core.clock.advance(days * DAY_MS);
    const other = await answered(at, sale());
    expect(other).toMatchObject({ de39: '00' });
    expect(other?.de37).not.toBe(first?.de37);
    expect(asked(at)).toBe(2);
  });

  it('from another terminal, or under another STAN, is another sale', async () => {
    const at = counter();
    await answered(at, sale());
    await answered(at, sale({ de11: '000002' }));
    await answered(at, sale({ de41: 'TERM0002' }));
    expect(asked(at)).toBe(3);
  });
});

describe('a sale without a time is reversed', () => {
  const reversed = async (change: (reply: TerminalMessage | undefined) => Partial<TerminalMessage>) => {
    const at = counter();
    const reply = await answered(at, sale());
    await at.core.clock.advance(7 * HOUR_MS);
    const { code } = await at.heard(
      sale({ mti: '0400', de2: Pan.of('4242424242424242'), ...change(reply) }),
      TAKES_ANY,
    );
    return { code, states: at.payments().map(({ state }) => state) };
  };

  it.each<[string, (reply: TerminalMessage | undefined) => Partial<TerminalMessage>]>([
    ['its STAN alone', () => ({})],
    ['the time of the answer', (reply) => ({ de12: reply?.de12, de13: reply?.de13 })],
    ['the reference of the answer', (reply) => ({ de11: '000009', de37: reply?.de37 })],
    [
      'DE90 of the answer’s time',
      ({ de12 = '', de13 = '' } = { mti: '' }) => ({
        de11: '000009',
        de90: { mti: '0200', stan: '000001', transmission: de13 + de12, acquirer: '0', forwarder: '0' },
      }),
    ],
    [
      'DE90 without a time',
      () => ({
        de11: '000009',
        de90: { mti: '0200', stan: '000001', transmission: '0000000000', acquirer: '0', forwarder: '0' },
      }),
    ],
  ])('by %s', async (_, change) => {
    expect(await reversed(change)).toEqual({ code: '00', states: ['taken-back'] });
  });
});

it('a reversal without a time takes nothing back that was sold under its STAN the day before', async () => {
  const at = counter();
  await answered(at, sale());
  await at.core.clock.advance(DAY_MS);
  await at.heard(sale({ mti: '0400' }), TAKES_ANY);
  expect(at.payments().map(({ state }) => state)).not.toContain('taken-back');
});
