import { createServer, connect as dial, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Address, silentLog, systemClock, systemRandom, tcpSockets } from '../../runtime/index.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { iso87Dialect } from '../iso87/iso87-connector.ts';
import { IsoLink } from './iso-link.ts';
import { DEFAULT_LINK_LIMITS } from './link-limits.ts';
import type { LinkSettings } from './link-settings.ts';
import type { Matchable } from './match-keys.ts';
import { VirtualNetwork, type Weather } from './testing/virtual-network.ts';
import { testNetwork } from './testing.ts';

type Message = ReturnType<typeof iso87Dialect.managementReply>;
type Parts = Pick<LinkSettings<Message>, 'address' | 'sockets' | 'clock' | 'random'>;

let stan = 0;
function nextStan(): string {
  stan = (stan % 999_999) + 1;
  return String(stan).padStart(6, '0');
}

function startLink(parts: Parts, log = silentLog, onLateAnswer: (answer: Message) => void = () => {}) {
  const { codec, framing, matchKeys } = iso87Dialect;
  const link = new IsoLink<Message>({
    ...parts,
    name: 'iso87',
    codec,
    framing,
    profile: {
      matchKeys,
      signOn: () => iso87Dialect.management('001', nextStan(), '1123100000'),
      signOff: () => iso87Dialect.management('002', nextStan(), '1123100000'),
      echo: () => iso87Dialect.management('301', nextStan(), '1123100000'),
      accepted: ({ de39 }) => de39 === '00',
      serve: async () => undefined,
    },
    limits: DEFAULT_LINK_LIMITS,
    log,
    onLateAnswer,
  });
  const isUp = () => link.state() === 'signed-on';
  return { link, isUp };
}

const purchase = () =>
  ({
    mti: '0100',
    de3: '000000',
    de7: '1123100000',
    de11: nextStan(),
    de37: '632810000042',
    de41: 'TERM0001',
  }) as Message;

describe('on virtual time, a link', () => {
  const address = { host: 'network', port: 1 };

  function setUp(seed = 1) {
    const clock = new VirtualClock();
    const random = { bytes: systemRandom.bytes, integer: (below: number) => (seed * 7_919) % below };
    const network = new VirtualNetwork(iso87Dialect, clock);
    const log = { ...silentLog, warn: vi.fn() };
    const late = vi.fn();
    const { link, isUp } = startLink({ address, sockets: network, clock, random }, log, late);
    const msUntilUp = async () => {
      const from = clock.monotonic();
      while (!isUp() && clock.monotonic() - from < 60_000) await clock.advance(10);
      return clock.monotonic() - from;
    };
    return { clock, network, link, isUp, msUntilUp, log, late };
  }

  const OUTAGES: readonly Weather[] = ['refuses', 'vanishes', 'mute', 'says no', 'hangs up'];

  it.each(OUTAGES)(
    'is signed on within 2 s of the end of an outage, however long it was: %s',
    async (weather) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 90_000 }),
          fc.integer({ min: 1, max: 1_000 }),
          async (lastsMs, seed) => {
            const { clock, network, isUp, msUntilUp } = setUp(seed);
            await msUntilUp();
            await clock.advance(5_000);
            network.turn(weather);
            network.cut();
            await clock.advance(lastsMs);
            expect(isUp()).toBe(false);
            network.turn('fine');
            expect(await msUntilUp()).toBeLessThanOrEqual(2_000);
          },
        ),
        { numRuns: 6 },
      );
    },
  );

  it('is back almost at once where only its connection broke', async () => {
    const { clock, network, msUntilUp } = setUp();
    await msUntilUp();
    await clock.advance(60_000);
    network.cut();
    expect(await msUntilUp()).toBeLessThan(150);
  });

  it('does not storm a network that drops it right after each sign-on', async () => {
    const { clock, network, isUp, log } = setUp();
    for (let n = 0; n < 60_000; n += 10) {
      if (isUp()) network.cut();
      await clock.advance(10);
    }
    expect(network.attempts).toBeLessThan(90);
    expect(log.warn.mock.calls.length).toBeLessThan(15);
  });

  it('notices under load, within four seconds, that nobody is there any more', async () => {
    const { clock, network, link, isUp, msUntilUp } = setUp();
    await msUntilUp();
    const load = async (seconds: number) => {
      for (let n = 0; n < seconds * 20 && isUp(); n += 1) {
        void link.exchange(purchase(), clock.monotonic() + 1_750);
        await clock.advance(50);
      }
    };
    await load(10);
    expect(isUp()).toBe(true);
    network.severSilently();
    const from = clock.monotonic();
    await load(30);
    expect(clock.monotonic() - from).toBeLessThan(4_000);
    expect(await msUntilUp()).toBeLessThan(150);
  });

  it('notices it on an idle line by an echo', async () => {
    const { clock, network, isUp, msUntilUp } = setUp();
    await msUntilUp();
    network.severSilently();
    await clock.advance(DEFAULT_LINK_LIMITS.echoAfterIdleMs + DEFAULT_LINK_LIMITS.echoTimeoutMs + 10);
    expect(isUp()).toBe(false);
    expect(await msUntilUp()).toBeLessThan(150);
  });

  it('takes an answer to its echo that comes in time for no late one', async () => {
    const { clock, isUp, msUntilUp, late } = setUp();
    await msUntilUp();
    await clock.advance(5 * DEFAULT_LINK_LIMITS.echoAfterIdleMs);
    expect(isUp()).toBe(true);
    expect(late).not.toHaveBeenCalled();
  });

  it('does not sign off while it waits for the last answer that is due', async () => {
    const { clock, network, link, msUntilUp } = setUp();
    await msUntilUp();
    network.turn('mute');
    void link.exchange(purchase(), clock.monotonic() + 60_000);
    const signOffs = () => network.asked.filter(({ de70 }) => de70 === '002').length;

    const closing = link.close(2_000);
    await clock.advance(1_900);
    expect(signOffs()).toBe(0);
    network.turn('fine');
    await clock.advance(1_000);
    await closing;
    expect(signOffs()).toBe(1);
  });

  it('keeps a network that answers payments, but no echo', async () => {
    const { clock, network, link, isUp, msUntilUp } = setUp();
    await msUntilUp();
    network.turn('no echoes');
    for (let n = 0; n < 300; n += 1) {
      void link.exchange(purchase(), clock.monotonic() + 1_750);
      await clock.advance(100);
    }
    expect(isUp()).toBe(true);
    expect(network.attempts).toBe(1);
  });
});

describe('on real sockets, through a proxy that cuts', () => {
  async function setUp() {
    const network = await testNetwork<Message & Matchable>(iso87Dialect.codec, iso87Dialect.framing);
    const proxy = await proxyTo(network.listener.address);
    const { address } = proxy;
    const { link, isUp } = startLink({
      address,
      sockets: tcpSockets,
      clock: systemClock,
      random: systemRandom,
    });
    onTestFinished(() => link.close());
    const up = (timeout: number) => vi.waitFor(() => expect(isUp()).toBe(true), { timeout, interval: 5 });
    const down = (timeout: number) => vi.waitFor(() => expect(isUp()).toBe(false), { timeout, interval: 5 });
    await up(2_000);
    return { network, proxy, link, up, down };
  }

  it('a link that is cut is back within 2 s, and so is one whose network was away', async () => {
    const { proxy, up, down } = await setUp();
    proxy.cut();
    await down(1_000);
    await up(2_000);

    proxy.refuse(true);
    await down(1_000);
    await vi.waitFor(() => expect(proxy.refused()).toBeGreaterThan(5), { timeout: 10_000 });
    proxy.refuse(false);
    await up(2_000);
  });

  it('a half-open link is noticed while payments wait, and made anew', async () => {
    const { network, proxy, link, up, down } = await setUp();
    network.respond = (message, connection) => {
      if (message.mti === '0800') network.send({ ...message, mti: '0810', de39: '00' }, connection);
    };
    proxy.swallow();
    const waiting = link.exchange(purchase(), systemClock.monotonic() + 1_750);
    await down(5_000);
    expect(await waiting).toMatchObject({ status: 'unknown' });
    await up(2_000);
  });
});

/** A way to the network that can be cut, closed, or go dead under the connections that use it. */
async function proxyTo(target: Address) {
  const pairs = new Set<{ near: Socket; far: Socket; isDead: boolean }>();
  let isRefusing = false;
  let refused = 0;
  const server = createServer((near) => {
    if (isRefusing) {
      refused += 1;
      near.destroy();
      return;
    }
    const far = dial(target);
    const pair = { near, far, isDead: false };
    pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (bytes) => pair.isDead || to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const cut = () => {
    for (const { near } of pairs) near.destroy();
  };
  onTestFinished(async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    address: { host: '127.0.0.1', port: typeof bound === 'object' && bound ? bound.port : 0 },
    cut,
    refused: () => refused,
    refuse(is: boolean) {
      isRefusing = is;
      if (is) cut();
    },
    /** Nothing passes any more through what is connected now. */
    swallow() {
      for (const pair of pairs) pair.isDead = true;
    },
  };
}
