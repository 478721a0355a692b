import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { DEFAULT_LINK_LIMITS } from '../link/link-limits.ts';
import { answerTo, card, factsOf, testNetwork } from '../link/testing.ts';
import type { LateAnswer } from '../network-leg.ts';
import { mastercardConnector, mastercardDialect } from './mastercard-connector.ts';

// A network of Mastercard's profile over real sockets: what it calls a transaction comes back in every later message.

const institution = '400001';
const dialect = mastercardDialect({ institution });
const facts = factsOf();
const soon = (ms = 2_000) => systemClock.monotonic() + ms;
const identifiers = { de15: '1123', de63: 'MCC0A1B2C', de105: '001022AbCdEfGhIjKlMnOp_-0123' };
const networkReference = 'MCC0A1B2C1123:AbCdEfGhIjKlMnOp_-0123';
const reversal = { facts, pan: card.pan, original: 'request', reason: 'customer', repeat: false } as const;

async function connected() {
  const network = await testNetwork(dialect.codec, dialect.framing);
  const late: LateAnswer[] = [];
  const connector = mastercardConnector(
    {
      name: 'network',
      zonePinKey: 'ZPK/NETWORK',
      institution,
      address: network.listener.address,
      limits: { ...DEFAULT_LINK_LIMITS, reconnectDelaysMs: [20] },
    },
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
  const answer = (change: Record<string, unknown>) => {
    network.respond = (message, connection) => network.send(answerTo(message, change), connection);
  };
  return { network, connector, late, answer };
}

describe('a connector to a network of Mastercard’s profile', () => {
  it('signs on, and answers what the network says of itself', async () => {
    const { network } = await connected();
    const [signOn] = network.received;
    expect(signOn).toMatchObject({ mti: '0800', de33: institution, de70: '061' });
    for (const [index, de70] of ['270', '061', '363'].entries()) {
      const de11 = `77777${index}`;
      network.send({ ...signOn, de11, de70 } as never);
      await vi.waitFor(() =>
        expect(network.received.at(-1)).toMatchObject({ mti: '0810', de11, de39: '00', de70 }),
      );
    }
  });

  it('hears what the network calls the transaction', async () => {
    const { connector, answer } = await connected();
    answer({ ...identifiers, de38: 'A12345', de39: '00' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({
      status: 'approved',
      code: '00',
      approvalCode: 'A12345',
      networkReference,
    });
  });

  it.each(['11', '16', '09'])('takes %s for no approval: it is none of its codes', async (de39) => {
    const { connector, answer } = await connected();
    answer({ de39 });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({
      status: 'unknown',
      hasAnswered: true,
    });
  });

  it('takes 25 to a reversal for a refusal, and a reversal in other words for none', async () => {
    const { connector, network, answer } = await connected();
    answer({ de39: '25' });
    expect(await connector.reverse(reversal, soon())).toMatchObject({ status: 'refused', code: '25' });
    answer({ de39: '00' });
    const named = { ...reversal, networkReference, repeat: true };
    expect(await connector.reverse(named, soon())).toMatchObject({ status: 'acknowledged' });
    expect(network.received.at(-1)).toMatchObject({
      mti: '0401',
      de48: { se63: 'MCC0A1B2C1123  ' },
      de105: identifiers.de105,
      de90: { stan: '000042' },
    });
  });

  it('knows an answer with a DE37 of its own, and without terminal and merchant', async () => {
    const { connector, answer } = await connected();
    answer({ de37: '600000000001', de41: undefined, de42: undefined, de39: '00' });
    expect(await connector.ask(facts, card, soon()).outcome).toMatchObject({ status: 'approved' });
  });

  it('hands up a late approval by the name that it brings', async () => {
    const { connector, network, late } = await connected();
    network.respond = () => {};
    expect(await connector.ask(facts, card, soon(30)).outcome).toMatchObject({ status: 'unknown' });
    network.send(
      answerTo(network.received.at(-1) as never, { ...identifiers, de39: '10', de4: '000000001000' }),
    );
    await vi.waitFor(() =>
      expect(late).toMatchObject([
        { transaction: facts.transaction, approved: true, networkReference, approvedMinorUnits: 1_000 },
      ]),
    );
  });

  it('is told of an advice what the transaction is called from now on', async () => {
    const { connector, answer } = await connected();
    answer({ ...identifiers, de39: '00' });
    const advice = { facts, pan: card.pan, reason: 'stand-in', minorUnits: 2_500, repeat: false } as const;
    expect(await connector.advise(advice, soon())).toMatchObject({
      status: 'acknowledged',
      networkReference,
    });
  });
});
