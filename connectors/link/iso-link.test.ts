import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { compile, framing, visaBase1 } from '../../messages/index.ts';
import { type Connection, silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { managementRequest, type VisaMessage } from '../visa/visa-messages.ts';
import { IsoLink } from './iso-link.ts';
import { DEFAULT_LINK_LIMITS, type LinkLimits } from './link-limits.ts';
import { answerTo, type TestNetwork, testNetwork } from './testing.ts';

const STATIONS = { source: '123456', destination: '000000' };
const codec = compile(visaBase1);
const wire = framing('visa');

type Network = TestNetwork<VisaMessage>;

const startNetwork = (): Promise<Network> => testNetwork(codec, wire);

function reply(message: VisaMessage, connection: Connection, change: Partial<VisaMessage> = {}): void {
  connection.write(wire.encode(codec.pack(answerTo(message, { de39: '00', ...change }))));
}

function startLink(network: Network, limits: Partial<LinkLimits> = {}) {
  const late: { reply: VisaMessage; tag: string | undefined }[] = [];
  let stan = 0;
  const manage = (code: string) => {
    stan += 1;
    return managementRequest(code, String(stan).padStart(6, '0'), '1123100000', STATIONS);
  };
  const log = { ...silentLog, warn: vi.fn(), error: vi.fn(), info: vi.fn(), debug: vi.fn() };
  const link = new IsoLink<VisaMessage>({
    name: 'visa',
    address: network.listener.address,
    codec,
    framing: wire,
    profile: {
      matchKeys: { '0100': ['de11', 'de41'], '0800': ['de11', 'de70'] },
      signOn: () => manage('071'),
      signOff: () => manage('072'),
      echo: () => manage('301'),
      accepted: (answer) => answer.de39 === '00',
      serve: async (request) =>
        request.mti === '0800' ? { reply: { ...request, mti: '0810', de39: '00' } } : undefined,
    },
    limits: { ...DEFAULT_LINK_LIMITS, reconnectDelaysMs: [20], ...limits },
    sockets: tcpSockets,
    clock: systemClock,
    random: systemRandom,
    log,
    onLateAnswer: (answer, tag) => late.push({ reply: answer, tag }),
  });
  onTestFinished(() => link.close());
  return { link, late, log };
}

function request(stan: string, terminal = 'TERM0001'): VisaMessage {
  return { mti: '0100', header: STATIONS, de3: '000000', de11: stan, de41: terminal };
}

const soon = (ms = 2_000) => systemClock.monotonic() + ms;
const signedOn = (link: IsoLink<VisaMessage>) => vi.waitFor(() => expect(link.state()).toBe('signed-on'));

describe('a link', () => {
  it('signs on before it carries anything', async () => {
    const network = await startNetwork();
    network.respond = () => {};
    const { link } = startLink(network);
    await vi.waitFor(() => expect(network.received).toHaveLength(1));
    expect(network.received[0]).toMatchObject({ mti: '0800', de70: '071' });
    expect(link.state()).toBe('connected');
    expect(await link.exchange(request('000001'), soon())).toMatchObject({ status: 'unreachable' });
  });

  it('a refused sign-on is tried again on a new connection', async () => {
    const network = await startNetwork();
    let refusals = 2;
    network.respond = (message, connection) => {
      refusals -= 1;
      reply(message, connection, { de39: refusals >= 0 ? '91' : '00' });
    };
    const { link } = startLink(network);
    await signedOn(link);
    expect(network.received).toHaveLength(3);
  });

  it('matches answers that come out of order', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    const held: VisaMessage[] = [];
    network.respond = (message, connection) => {
      held.push(message);
      if (held.length === 3) {
        for (const one of held.reverse()) reply(one, connection, { de38: one.de11 ?? '' });
      }
    };
    const stans = ['000001', '000002', '000003'];
    const results = await Promise.all(stans.map((stan) => link.exchange(request(stan), soon())));
    expect(results.map((result) => result.status === 'answered' && result.reply.de38)).toEqual(stans);
  });

  it('refuses a second request under a key in flight, without sending it', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    const first = link.exchange(request('000001'), soon(300));
    expect(await link.exchange(request('000001'), soon())).toMatchObject({ fault: 'number-taken' });
    expect(await link.exchange(request('000001', 'TERM0002'), soon(50))).toMatchObject({ status: 'unknown' });
    expect(await first).toMatchObject({ status: 'unknown' });
    expect(network.received.filter(({ mti }) => mti === '0100')).toHaveLength(2);
  });

  it('hands a late answer up with the tag of its request', async () => {
    const network = await startNetwork();
    const { link, late } = startLink(network);
    await signedOn(link);
    expect(await link.exchange(request('000007'), soon(30), 'tx-7')).toMatchObject({ status: 'unknown' });
    const [connection] = network.connections;
    if (!connection) throw new Error('not connected');
    reply(request('000007'), connection);
    await vi.waitFor(() => expect(late).toMatchObject([{ tag: 'tx-7', reply: { de11: '000007' } }]));
  });

  it('says which element differs when an answer matches nothing', async () => {
    const network = await startNetwork();
    const { link, log } = startLink(network);
    await signedOn(link);
    network.respond = (message, connection) => reply(message, connection, { de41: 'TERM0009' });
    expect(await link.exchange(request('000001'), soon(100))).toMatchObject({ status: 'unknown' });
    expect(log.warn).toHaveBeenCalledWith(
      expect.objectContaining({ event: 'link.unmatched-answer', differing: ['de41'] }),
    );
  });

  it('leaves what was in flight unknown when the connection drops, and signs on again', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    network.respond = (message, connection) => {
      if (message.mti === '0800') reply(message, connection);
      else connection.destroy();
    };
    expect(await link.exchange(request('000001'), soon())).toMatchObject({ status: 'unknown' });
    expect(await link.exchange(request('000002'), soon())).toMatchObject({ status: 'unreachable' });
    await signedOn(link);
  });

  it('echoes on an idle line and starts anew when the echo is lost', async () => {
    const network = await startNetwork();
    const { link } = startLink(network, { echoAfterIdleMs: 30, echoTimeoutMs: 100, signOnTimeoutMs: 100 });
    await signedOn(link);
    await vi.waitFor(() =>
      expect(network.received.filter(({ de70 }) => de70 === '301').length).toBeGreaterThan(1),
    );
    network.respond = () => {};
    await vi.waitFor(() => expect(network.received.filter(({ de70 }) => de70 === '071')).toHaveLength(2));
    network.respond = (message, connection) => reply(message, connection);
    await signedOn(link);
  });

  it('answers polls and the echoes of the network', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    const [connection] = network.connections;
    connection?.write(wire.encode(Buffer.alloc(0)));
    connection?.write(wire.encode(codec.pack(managementRequest('301', '000099', '1123100000', STATIONS))));
    await vi.waitFor(() => expect(network.received.at(-1)).toMatchObject({ mti: '0810', de11: '000099' }));
    expect(network.polls).toBe(1);
  });

  it('drops a connection whose frames are garbage, and nothing else', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    network.connections[0]?.write(Buffer.from('ffffffffffff', 'hex'));
    await vi.waitFor(() => expect(network.received.filter(({ de70 }) => de70 === '071')).toHaveLength(2));
    await signedOn(link);
  });

  it('bounds what is in flight', async () => {
    const network = await startNetwork();
    const { link } = startLink(network, { maxInFlight: 2 });
    await signedOn(link);
    const waiting = ['000001', '000002'].map((stan) => link.exchange(request(stan), soon(100)));
    expect(await link.exchange(request('000003'), soon())).toMatchObject({
      status: 'not-asked',
      fault: 'overloaded',
      reason: 'too many requests in flight',
    });
    await Promise.all(waiting);
  });

  it('tells at once whether a request left', async () => {
    const network = await startNetwork();
    const { link } = startLink(network, { maxInFlight: 2 });
    expect(link.send(request('000001'), soon())).toMatchObject({ left: false });
    await signedOn(link);
    const tooLong = { ...request('000002'), de4: '1'.repeat(13) };
    expect(link.send(tooLong, soon())).toMatchObject({
      left: false,
      ended: { status: 'not-asked', fault: 'inexpressible' },
    });

    const sent = ['000001', '000002'].map((stan) => link.send(request(stan), soon(50)));
    expect(sent).toMatchObject([{ left: true }, { left: true }]);
    expect(link.send(request('000003'), soon())).toMatchObject({ left: false });
    expect(await Promise.all(sent.map(({ ended }) => ended))).toMatchObject([
      { status: 'unknown' },
      { status: 'unknown' },
    ]);
    await link.close();
    expect(link.send(request('000004'), soon())).toMatchObject({ left: false });
  });

  it('signs off when it closes', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    await link.close();
    await vi.waitFor(() => expect(network.received.at(-1)).toMatchObject({ de70: '072' }));
    expect(link.state()).toBe('down');
  });

  it('waits for what it has asked before it closes, and asks nothing more', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    const asked = Promise.withResolvers<[VisaMessage, Connection]>();
    network.respond = (message, connection) => {
      if (message.mti === '0100') asked.resolve([message, connection]);
      else reply(message, connection);
    };
    const answer = link.exchange(request('000001'), soon());
    const [message, connection] = await asked.promise;

    const closing = link.close(2_000);
    expect(link.state()).toBe('connected');
    expect(link.send(request('000002'), soon())).toMatchObject({ ended: { status: 'unreachable' } });
    reply(message, connection);

    expect(await answer).toMatchObject({ status: 'answered' });
    await closing;
    expect(network.received.at(-1)).toMatchObject({ de70: '072' });
    expect(link.state()).toBe('down');
  });

  it('closes over what nobody has answered, once its patience is over', async () => {
    const network = await startNetwork();
    const { link } = startLink(network);
    await signedOn(link);
    network.respond = () => {};
    const answer = link.exchange(request('000001'), soon(60_000));

    await link.close(100);

    expect(await answer).toEqual({ status: 'unknown', reason: 'link closed' });
  });
});
