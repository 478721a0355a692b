import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { iso87Connector, iso87Dialect } from '../iso87/iso87-connector.ts';
import type { LateAnswer, NetworkConnector, ZoneKeys } from '../network-leg.ts';
import { visaConnector, visaDialect } from '../visa/visa-connector.ts';
import { DEFAULT_LINK_LIMITS } from './link-limits.ts';
import type { Matchable } from './match-keys.ts';
import type { NetworkParts, NetworkSettings } from './network-connector.ts';
import type { NetworkDialect } from './network-dialect.ts';
import { answerTo, card, factsOf, testNetwork } from './testing.ts';

const stations = { source: '123456', destination: '000000' };
const soon = (ms = 2_000) => systemClock.monotonic() + ms;
const facts = factsOf();
const reversal = {
  facts,
  pan: card.pan,
  original: 'request',
  reason: 'no-confirmation',
  repeat: false,
} as const;
const advice = { facts, pan: card.pan, reason: 'offline', minorUnits: 2_500, repeat: false } as const;

/** A network of the dialect and a connector to it, signed on. */
async function connected<M extends Matchable>(
  dialect: NetworkDialect<M>,
  connect: (settings: NetworkSettings, parts: NetworkParts) => NetworkConnector,
) {
  const network = await testNetwork(dialect.codec, dialect.framing);
  const late: LateAnswer[] = [];
  const limits = { ...DEFAULT_LINK_LIMITS, reconnectDelaysMs: [20] };
  const zoneKeys = testZoneKeys();
  const connector = connect(
    { name: 'network', address: network.listener.address, zonePinKey: 'ZPK/NETWORK', limits },
    {
      sockets: tcpSockets,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      onLateAnswer: (answer) => late.push(answer),
      zoneKeys,
    },
  );
  onTestFinished(() => connector.close());
  await vi.waitFor(() => expect(connector.state()).toBe('signed-on'));
  /** From now on every financial message is answered with `change`. */
  const answer = (change: Record<string, unknown>) => {
    network.respond = (message, connection) => network.send(answerTo(message, change), connection);
  };
  return { network, connector, late, answer, zoneKeys };
}

/** Takes every key but one whose KCV is zero; it is current once its confirmation is on its way. */
function testZoneKeys(): ZoneKeys & { readonly offers: [kcv: string, keyBlock: string][] } {
  const offers: [kcv: string, keyBlock: string][] = [];
  let current = 'ZPK/NETWORK';
  const use = (kcv: string) => () => {
    current = `wk1.${kcv}`;
  };
  return {
    offers,
    current: () => current,
    async offered(kcv, keyBlock) {
      offers.push([kcv, keyBlock]);
      return kcv === '000000' ? { code: '79' } : { code: '00', confirmed: use(kcv) };
    },
  };
}

const NETWORKS = [
  {
    name: 'visa',
    start: () =>
      connected(visaDialect(stations), (settings, parts) => visaConnector({ ...settings, stations }, parts)),
    purchaseReply: '0110',
    signOn: '071',
    signOff: '072',
  },
  {
    name: 'iso87',
    start: () => connected(iso87Dialect, iso87Connector),
    purchaseReply: '0210',
    signOn: '001',
    signOff: '002',
  },
];

describe.each(NETWORKS)('a connector to $name', ({ start, purchaseReply, signOn, signOff }) => {
  it('signs on, signs off, and answers the echo of the network', async () => {
    const { connector, network } = await start();
    expect(network.received[0]).toMatchObject({ mti: '0800', de70: signOn });
    const echo = { ...network.received[0], de7: '1123100001', de11: '777777', de70: '301' };
    network.send(echo as never);
    await vi.waitFor(() =>
      expect(network.received.at(-1)).toMatchObject({ mti: '0810', de11: '777777', de39: '00', de70: '301' }),
    );
    await connector.close();
    await vi.waitFor(() => expect(network.received.at(-1)).toMatchObject({ mti: '0800', de70: signOff }));
  });

  it('takes a key that the network sends, and tells what became of it', async () => {
    const { connector, network, zoneKeys } = await start();
    const offer = async (de48: string | undefined, mti = '0800') => {
      const [signedOn] = network.received;
      const de11 = String(network.received.length).padStart(6, '7');
      network.send({ ...signedOn, mti, de11, de48, de70: '161' } as never);
      await vi.waitFor(() => expect(network.received.at(-1)).toMatchObject({ mti: '0810', de11 }));
      return network.received.at(-1);
    };
    const keyBlock = `D0112P0TB00N0000${'0A'.repeat(48)}`;
    expect(connector.zonePinKey()).toBe('ZPK/NETWORK');
    expect(await offer(`A1B2C3${keyBlock}`)).toMatchObject({ de39: '00', de70: '161' });
    await vi.waitFor(() => expect(connector.zonePinKey()).toBe('wk1.A1B2C3'));
    expect(await offer(`000000${keyBlock}`, '0801')).toMatchObject({ de39: '79' });
    for (const garbled of [undefined, 'A1B2C3', keyBlock]) {
      expect(await offer(garbled)).toMatchObject({ de39: '30' });
    }
    expect(zoneKeys.offers).toEqual([
      ['A1B2C3', keyBlock],
      ['000000', keyBlock],
    ]);
    expect(network.received.some((message) => 'de48' in message && message.de48 !== undefined)).toBe(false);
  });

  it('answered: approvals, partial approvals and refusals come back as such', async () => {
    const { connector, answer } = await start();
    answer({ de38: 'A12345', de39: '00' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({
      status: 'approved',
      code: '00',
      approvalCode: 'A12345',
    });
    answer({ de4: '000000001000', de39: '10' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({
      status: 'approved',
      approvedMinorUnits: 1_000,
    });
    answer({ de39: '51' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'refused', code: '51' });
  });

  it('answered: letters, parts and chip data that nobody can read cost no approval', async () => {
    const { connector, answer } = await start();
    answer({ de38: 'A12345', de39: '00', de44: 'refusé\u001c', de15: undefined, de48: 'ça\u0000' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({
      status: 'approved',
      approvalCode: 'A12345',
    });
  });

  it('answered: balances come back from DE54', async () => {
    const { connector, answer } = await start();
    const de54 = [
      { accountType: '20', amountType: '02', currency: '978', sign: 'D', amount: '000000000500' },
    ];
    answer({ de39: '00', de54 });
    const balance = factsOf({ kind: 'balance', processingCode: '302000' });
    expect(await connector.ask(balance, card, soon()).outcome).toMatchObject({
      balances: [{ accountType: '20', amountType: '02', currency: '978', minorUnits: -500 }],
    });
  });

  it('answered: notices are acknowledged or refused; 25 settles a reversal only', async () => {
    const { connector, answer } = await start();
    answer({ de39: '25' });
    expect(await connector.reverse(reversal, soon())).toEqual({ status: 'acknowledged', code: '25' });
    expect(await connector.advise(advice, soon())).toEqual({ status: 'refused', code: '25' });
    answer({ de39: '91' });
    expect(await connector.reverse({ ...reversal, repeat: true }, soon())).toMatchObject({
      status: 'unknown',
    });
    answer({ de39: '00' });
    expect(await connector.advise({ ...advice, repeat: true }, soon())).toMatchObject({
      status: 'acknowledged',
      code: '00',
    });
  });

  it('unreachable: nothing is sent on a link that is down', async () => {
    const { connector, network } = await start();
    await connector.close();
    const sent = network.received.length;
    expect(connector.ask(facts, card, soon())).toMatchObject({
      left: false,
      outcome: { status: 'unreachable' },
    });
    expect(await connector.reverse(reversal, soon())).toMatchObject({ status: 'unreachable' });
    expect(await connector.advise(advice, soon())).toMatchObject({ status: 'unreachable' });
    expect(network.received.filter(({ mti }) => mti !== '0800')).toEqual([]);
    expect(sent).toBeGreaterThan(0);
  });

  it('unknown: silence until the deadline; the late approval is handed up with its transaction', async () => {
    const { connector, network, late } = await start();
    network.respond = () => {};
    expect(await connector.ask(facts, card, soon(50)).outcome).toMatchObject({ status: 'unknown' });
    expect(await connector.reverse(reversal, soon(50))).toMatchObject({ status: 'unknown' });
    expect(await connector.advise(advice, soon(50))).toMatchObject({ status: 'unknown' });
    const request = network.received.find(({ mti }) => mti === '0100' || mti === '0200');
    network.send(answerTo(request as never, { de39: '00' }));
    await vi.waitFor(() =>
      expect(late).toEqual([{ transaction: facts.transaction, approved: true, code: '00' }]),
    );
  });

  it('a late partial approval is one that may hold money, whatever else it says', async () => {
    const { connector, network, late } = await start();
    network.respond = () => {};
    await connector.ask(facts, card, soon(30)).outcome;
    const request = network.received.at(-1);
    network.send(answerTo(request as never, { de4: undefined, de39: '10' }));
    await vi.waitFor(() => expect(late).toMatchObject([{ approved: true, code: '10' }]));
    expect(answerTo(request as never, {})).toMatchObject({ mti: purchaseReply });
  });

  it('unexpressible: what the dialect cannot say never leaves', async () => {
    const { connector, network } = await start();
    const tooMuch = factsOf({ amount: { minorUnits: 1e13, currency: '978' } });
    const sent = network.received.length;
    for (const unasked of [tooMuch, factsOf({ kind: 'offline-purchase' })]) {
      expect(connector.ask(unasked, card, soon())).toMatchObject({
        left: false,
        outcome: { status: 'not-asked', fault: 'inexpressible' },
      });
    }
    expect(await connector.reverse({ ...reversal, facts: tooMuch }, soon())).toMatchObject({
      status: 'not-asked',
    });
    expect(await connector.advise({ ...advice, minorUnits: -1 }, soon())).toMatchObject({
      status: 'not-asked',
    });
    expect(network.received).toHaveLength(sent);
  });
});
