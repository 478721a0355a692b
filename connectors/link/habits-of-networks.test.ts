import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRequest, Pan } from '../../messages/index.ts';
import { type Log, silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { iso87Connector, iso87Dialect } from '../iso87/iso87-connector.ts';
import type { LateAnswer, NetworkConnector } from '../network-leg.ts';
import { visaConnector, visaDialect } from '../visa/visa-connector.ts';
import { DEFAULT_LINK_LIMITS } from './link-limits.ts';
import type { Matchable } from './match-keys.ts';
import type { NetworkParts, NetworkSettings } from './network-connector.ts';
import type { NetworkDialect } from './network-dialect.ts';
import { answerTo, card, factsOf, type TestNetwork, testNetwork } from './testing.ts';

// What networks do that no specification has: they leave out of an answer what it need not say, ask for what is
// nobody's business, and answer an advice in the words of an authorisation.

const stations = { source: '123456', destination: '000000' };
const facts = factsOf();
const soon = (ms = 2_000) => systemClock.monotonic() + ms;
const advice = { facts, pan: card.pan, reason: 'stand-in', minorUnits: 2_500 } as const;

async function linked<M extends Matchable>(
  dialect: NetworkDialect<M>,
  connect: (settings: NetworkSettings, parts: NetworkParts) => NetworkConnector,
  { signOnAnswer = {}, log = silentLog }: { signOnAnswer?: Record<string, unknown>; log?: Log } = {},
) {
  const network = await testNetwork(dialect.codec, dialect.framing);
  network.respond = (message, connection) => {
    if (isRequest(message.mti)) network.send(answerTo(message, { de39: '00', ...signOnAnswer }), connection);
  };
  const late: LateAnswer[] = [];
  const connector = connect(
    {
      name: 'network',
      zonePinKey: 'ZPK/NETWORK',
      address: network.listener.address,
      limits: { ...DEFAULT_LINK_LIMITS, reconnectDelaysMs: [20] },
    },
    {
      sockets: tcpSockets,
      clock: systemClock,
      random: systemRandom,
      log,
      onLateAnswer: (answer) => late.push(answer),
    },
  );
  onTestFinished(() => connector.close());
  await vi.waitFor(() => expect(connector.state()).toBe('signed-on'));
  return { network, connector, late };
}

const iso87 = (options = {}) => linked(iso87Dialect, iso87Connector, options);
const visa = () =>
  linked(visaDialect(stations), (settings, parts) => visaConnector({ ...settings, stations }, parts));

function answersWith<M extends Matchable>(network: TestNetwork<M>, change: Record<string, unknown>): void {
  network.respond = (message, connection) => network.send(answerTo(message, change), connection);
}

describe('a network', () => {
  it.each([
    ['DE70', { de70: undefined }],
    ['DE7 and DE70', { de7: undefined, de70: undefined }],
  ])('that repeats no %s in its 0810 lets us in', async (_, signOnAnswer) => {
    const { connector } = await iso87({ signOnAnswer });
    expect(connector.state()).toBe('signed-on');
  });

  it.each(['001', '002', '061', '201', '301'])('that says 0800 with DE70 %s is heard', async (de70) => {
    const { network } = await iso87();
    network.send({ mti: '0800', de7: '1123100001', de11: '777777', de70 });
    await vi.waitFor(() =>
      expect(network.received.at(-1)).toMatchObject({ mti: '0810', de11: '777777', de39: '00', de70 }),
    );
  });

  it('that asks for what nobody here serves gets no answer, and few lines of the log', async () => {
    const lines: unknown[] = [];
    const log = { ...silentLog, warn: (line: object) => lines.push(line) } as Log;
    const { network, connector } = await iso87({ log });
    const asked = Array.from({ length: 100 }, (_, index) => String(index).padStart(6, '0'));
    for (const de11 of asked) network.send({ mti: '0800', de7: '1123100001', de11, de70: '999' });
    answersWith(network, { de39: '00' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  it.each(['4242', '000000004242', '0000000000004242'])(
    'that shows %s of the card means it',
    async (tail) => {
      const { network, connector } = await iso87();
      answersWith(network, { de39: '00', de2: Pan.fromWire(tail) });
      expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
    },
  );

  it.each(['4243', '0000000000004243'])('that shows %s means another', async (tail) => {
    const { network, connector } = await iso87();
    answersWith(network, { de39: '00', de2: Pan.fromWire(tail) });
    expect(await connector.ask(facts, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
  });

  it('that swaps two answers of one amount approves neither payment for the other', async () => {
    const { network, connector, late } = await iso87();
    const other = factsOf({
      transaction: facts.transaction.replace('1', '2'),
      stan: '000043',
      rrn: '632810000043',
    });
    const otherCard = { ...card, pan: Pan.of('4000056655665556') };
    const asked: Matchable[] = [];
    network.respond = (message) => {
      asked.push(message);
      const [first, second] = asked;
      if (!first || !second) return;
      network.send(answerTo(first as never, { de2: second['de2'], de39: '51' }));
      network.send(answerTo(second as never, { de2: first['de2'], de39: '00', de38: 'A12345' }));
    };
    const both = [connector.ask(facts, card, soon(100)), connector.ask(other, otherCard, soon(100))];
    expect((await Promise.all(both.map(({ outcome }) => outcome))).map(({ status }) => status)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(late.map(({ disagrees, approved }) => [disagrees, approved])).toEqual([
      [['DE2'], false],
      [['DE2'], true],
    ]);
  });
});

describe('what was stood in for, asked after all,', () => {
  const deferred = { ...advice, asDeferred: true } as const;

  it('is asked again as a repeat, where the first went unanswered', async () => {
    const { network, connector } = await visa();
    network.respond = () => {};
    expect(await connector.advise({ ...deferred, repeat: false }, soon(30))).toMatchObject({
      status: 'unknown',
    });
    answersWith(network, { de39: '00' });
    expect(await connector.advise({ ...deferred, repeat: true }, soon())).toMatchObject({
      status: 'acknowledged',
    });
    expect(network.received.at(-1)).toMatchObject({ mti: '0101', de63: { sf3: '5206' } });
  });

  it('is approved by whatever approves there, and by the names that it gets', async () => {
    const { network, connector } = await visa();
    answersWith(network, { de39: '11', de38: 'A12345', de62: { sf2: '300000000000007' } });
    expect(await connector.advise({ ...deferred, repeat: false }, soon())).toMatchObject({
      status: 'acknowledged',
      approvalCode: 'A12345',
      networkReference: '300000000000007',
    });
  });

  it.each(['51', '1A', '10', 'Z9'])('is refused by %s', async (de39) => {
    const { network, connector } = await visa();
    answersWith(network, { de39, de4: '000000001000' });
    expect(await connector.advise({ ...deferred, repeat: false }, soon())).toMatchObject({
      status: 'refused',
    });
  });
});

describe('an advice', () => {
  it.each([
    ['11', 'purchase', 'acknowledged'],
    ['16', 'purchase', 'acknowledged'],
    ['08', 'purchase', 'acknowledged'],
    ['85', 'refund', 'acknowledged'],
    ['85', 'purchase', 'refused'],
    ['09', 'purchase', 'unknown'],
    ['96', 'refund', 'unknown'],
    ['25', 'purchase', 'refused'],
  ] as const)('that is answered %s of a %s is %s', async (de39, kind, status) => {
    const { network, connector } = await iso87();
    answersWith(network, { de39 });
    const told = { ...advice, facts: factsOf({ kind }), reason: 'offline', repeat: false } as const;
    expect(await connector.advise(told, soon())).toMatchObject({ status });
  });
});

describe('94, sent before,', () => {
  it.each([
    ['of a first advice refuses it', false, {}, 'refused'],
    ['of one that is repeated takes it', true, {}, 'acknowledged'],
    ['of what is asked after all says nothing of the answer', true, { asDeferred: true }, 'refused'],
  ] as const)('%s', async (_, repeat, how, status) => {
    const { network, connector } = await visa();
    answersWith(network, { de39: '94' });
    expect(await connector.advise({ ...advice, ...how, repeat }, soon())).toMatchObject({ status });
  });
});

describe('09, the answer follows,', () => {
  it('comes again, then with the answer as a message of its own after the deadline: that is late', async () => {
    const { network, connector, late } = await iso87();
    answersWith(network, { de39: '09' });
    expect(await connector.ask(facts, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
    const request = network.received.at(-1);
    network.send(answerTo(request as never, { de39: '09' }));
    network.send(answerTo(request as never, { de39: '00', de38: 'A12345' }));
    await vi.waitFor(() => expect(late).toMatchObject([{ approved: true, approvalCode: 'A12345' }]));
  });

  it('to a reversal has it sent again', async () => {
    const { network, connector } = await iso87();
    answersWith(network, { de39: '09' });
    const reversal = {
      facts,
      pan: card.pan,
      original: 'request',
      reason: 'customer',
      repeat: false,
    } as const;
    expect(await connector.reverse(reversal, soon())).toMatchObject({ status: 'unknown' });
  });
});

describe('87, without the cash,', () => {
  const cashback = factsOf({ kind: 'cashback', cashbackMinorUnits: 1_000 });

  it.each([
    ['the purchase', '000000001500', 1_500],
    ['what was asked', '000000002500', 1_500],
    ['less than the purchase', '000000000900', 900],
    ['nothing', undefined, 1_500],
  ])('approves the purchase where DE4 says %s', async (_, de4, approvedMinorUnits) => {
    const { network, connector } = await iso87();
    answersWith(network, { de39: '87', de4 });
    expect(await connector.ask(cashback, card, soon()).outcome).toMatchObject({
      status: 'approved',
      code: '87',
      approvedMinorUnits,
    });
  });

  it('of more than the purchase is unknown', async () => {
    const { network, connector } = await iso87();
    answersWith(network, { de39: '87', de4: '000000002000' });
    expect(await connector.ask(cashback, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
  });

  it('is said of what comes late, with what DE4 says: whoever looks at it knows what was asked', async () => {
    const { network, connector, late } = await iso87();
    network.respond = () => {};
    expect(await connector.ask(cashback, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
    network.send(answerTo(network.received.at(-1) as never, { de39: '87', de4: '000000001500' }));
    await vi.waitFor(() =>
      expect(late).toMatchObject([{ approved: true, isWithoutCash: true, approvedMinorUnits: 1_500 }]),
    );
  });
});
