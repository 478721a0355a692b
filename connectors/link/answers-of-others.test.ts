import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Pan } from '../../messages/index.ts';
import { silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { iso87Connector, iso87Dialect } from '../iso87/iso87-connector.ts';
import type { LateAnswer } from '../network-leg.ts';
import type { Agreement } from './agreement.ts';
import { DEFAULT_LINK_LIMITS } from './link-limits.ts';
import { answerTo, card, factsOf, testNetwork } from './testing.ts';

// An answer counts for the request whose numbers it repeats and whose money it does not contradict. Whatever else comes
// leaves the leg open until its deadline, and is handed up as money that the network may hold.

const facts = factsOf();
const soon = (ms = 2_000) => systemClock.monotonic() + ms;

async function connected(settings: { matchedBy?: string[]; agreement?: Agreement } = {}) {
  const network = await testNetwork(iso87Dialect.codec, iso87Dialect.framing);
  const late: LateAnswer[] = [];
  const limits = { ...DEFAULT_LINK_LIMITS, reconnectDelaysMs: [20] };
  const connector = iso87Connector(
    { name: 'network', address: network.listener.address, zonePinKey: 'ZPK/NETWORK', limits, ...settings },
    {
      sockets: tcpSockets,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      onLateAnswer: (answer) => late.push(answer),
    },
  );
  onTestFinished(() => connector.close());
  await vi.waitFor(() => expect(connector.state()).toBe('signed-on'));
  const answers = (...changes: Record<string, unknown>[]) => {
    network.respond = (message, connection) => {
      for (const change of changes) network.send(answerTo(message, { de39: '00', ...change }), connection);
    };
  };
  return { network, connector, late, answers };
}

/** DE54: what was asked, beside the part that is approved. */
const original = (amount: string) => ({
  accountType: '00',
  amountType: '57',
  currency: '978',
  sign: 'C',
  amount,
});

describe('answers that contradict what was asked', () => {
  it('are handed up once for each code: behind a decline there may be an approval', async () => {
    const { connector, late, answers } = await connected();
    const other = { de4: '000000009900' };
    answers({ ...other, de39: '51' }, other, other, { ...other, de39: '51' });
    expect(await connector.ask(facts, card, soon(150)).outcome).toMatchObject({ status: 'unknown' });
    expect(late.map(({ approved }) => approved)).toEqual([false, true]);
  });
});

describe('an answer that contradicts what was asked', () => {
  it.each([
    ['DE4', { de4: '000000009900' }],
    ['DE4', { de4: '000000000100' }],
    ['DE4', { de4: '000000009900', de39: '10' }],
    ['DE54', { de4: '000000001000', de39: '10', de54: [original('000000009900')] }],
    ['DE49', { de49: '840' }],
    ['DE2', { de2: Pan.of('4000056655665556') }],
  ])('by %s leaves its leg unknown at the deadline, and is handed up', async (element, change) => {
    const { connector, late, answers } = await connected();
    answers(change);
    const ended = connector.ask(facts, card, soon(150)).outcome;
    await vi.waitFor(() => expect(late).toHaveLength(1));
    expect(late).toMatchObject([{ transaction: facts.transaction, approved: true, disagrees: [element] }]);
    expect(await ended).toMatchObject({ status: 'unknown' });
  });

  it('does not keep the right one from counting', async () => {
    const { connector, answers } = await connected();
    answers({ de4: '000000009900' }, { de4: '000000009900' }, { de38: 'A12345' });
    const outcome = await connector.ask(facts, card, soon()).outcome;
    expect(outcome).toMatchObject({ status: 'approved', approvalCode: 'A12345' });
  });

  it('is handed up once, however often it comes', async () => {
    const { connector, late, answers } = await connected();
    answers({ de49: '840' }, { de49: '840' }, { de49: '840' });
    expect(await connector.ask(facts, card, soon(100)).outcome).toMatchObject({ status: 'unknown' });
    expect(late).toHaveLength(1);
  });

  it('acknowledges no reversal', async () => {
    const { connector, answers } = await connected();
    answers({ de49: '840' });
    const reversal = {
      facts,
      pan: card.pan,
      original: 'request',
      reason: 'customer',
      repeat: false,
    } as const;
    expect(await connector.reverse(reversal, soon(100))).toMatchObject({ status: 'unknown' });
  });
});

describe('what an answer leaves out or shortens', () => {
  it.each([
    ['DE2, DE4 and DE49', { de2: undefined, de4: undefined, de49: undefined }],
    ['DE7', { de7: undefined }],
    ['DE37', { de37: undefined }],
    ['the head of DE2', { de2: Pan.fromWire('4242') }],
  ])('(%s) is no contradiction', async (_, change) => {
    const { connector, answers } = await connected();
    answers(change);
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
  });

  it('is no answer where two requests may be meant', async () => {
    const { connector, answers } = await connected();
    answers({ de7: undefined });
    const other = factsOf({ transaction: facts.transaction.replace('1', '2'), transmittedAt: '1123100001' });
    const both = [connector.ask(facts, card, soon(200)), connector.ask(other, card, soon(200))];
    const outcomes = await Promise.all(both.map(({ outcome }) => outcome));
    expect(outcomes.map(({ status }) => status)).not.toContain('refused');
    expect(outcomes[1]).toMatchObject({ status: 'unknown' });
  });

  it('names the late answer of one that was given up, and not the request that waits', async () => {
    const { network, connector, answers } = await connected();
    network.respond = () => {};
    await connector.ask(facts, card, soon(30)).outcome;
    const other = factsOf({ transaction: facts.transaction.replace('1', '2'), transmittedAt: '1123110000' });
    answers({ de7: undefined });
    expect(await connector.ask(other, card, soon(100)).outcome).toMatchObject({ status: 'unknown' });
  });

  it('belongs to a reversal that was sent before under the same numbers', async () => {
    const { network, connector, answers } = await connected();
    const reversal = { facts, pan: card.pan, original: 'request', reason: 'customer' } as const;
    network.respond = () => {};
    expect(await connector.reverse({ ...reversal, repeat: false }, soon(30))).toMatchObject({
      status: 'unknown',
    });
    answers({ de7: undefined });
    expect(await connector.reverse({ ...reversal, repeat: true }, soon())).toMatchObject({
      status: 'acknowledged',
    });
  });

  it('of a network that never repeats it is none of its numbers', async () => {
    const { connector, answers } = await connected({ matchedBy: ['de11', 'de41'] });
    answers({ de7: '0101000000', de37: 'OFITSOWN0001' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
  });
});

describe('the card behind a token', () => {
  it('is no contradiction', async () => {
    const agreement: Agreement = {
      compares: ['amount', 'currency', 'card'],
      tokens: [{ from: '424240', to: '424249' }],
    };
    const { connector, answers } = await connected({ agreement });
    answers({ de2: Pan.of('4000056655665556') });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
  });
});

describe('09, the answer follows,', () => {
  it('leaves the leg open for the one that does', async () => {
    const { connector, answers } = await connected();
    answers({ de39: '09' }, { de39: '51' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'refused', code: '51' });
  });

  it('is unknown where none does', async () => {
    const { connector, late, answers } = await connected();
    answers({ de39: '09' });
    expect(await connector.ask(facts, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
    expect(late).toEqual([]);
  });
});

describe('an approval of what this link never asked', () => {
  it('is handed up with the numbers that it repeats', async () => {
    const { network, connector, late, answers } = await connected();
    network.respond = () => {};
    void connector.ask(facts, card, soon(30)).outcome;
    await vi.waitFor(() => expect(network.received.some(({ mti }) => mti === '0200')).toBe(true));
    const request = network.received.find(({ mti }) => mti === '0200');
    answers();
    network.send(answerTo(request as never, { de11: '000099', de39: '00', de38: 'A12345' }));
    network.send(answerTo(request as never, { de11: '000098', de39: '51' }));
    await vi.waitFor(() => expect(late.some(({ stray }) => stray)).toBe(true));
    expect(late.filter(({ stray }) => stray)).toMatchObject([
      {
        approved: true,
        approvalCode: 'A12345',
        stray: { network: 'network', numbers: { stan: '000099', rrn: facts.rrn, minorUnits: 2_500 } },
      },
    ]);
  });
});
