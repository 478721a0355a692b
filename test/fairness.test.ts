/**
 * One address floods, and everybody else is served, also from that address. Real sockets, a real node: terminals that
 * are proven keep their connections and their answers while the same address opens connections by the thousand, and
 * sends wrong MACs as fast as it can.
 */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type House, startHouse } from './support/house.ts';
import { ask, connectRaw, frame, purchase, type RawTerminal, sealed } from './support/raw-terminal.ts';
import { waitUntil } from './support/wait-until.ts';

const PROVEN = 1_000;
const AT_ONCE = 100;
const FLOOD_CONNECTIONS = 16;

let house: House;
beforeAll(async () => {
  house = await startHouse();
}, 60_000);
afterAll(() => house?.close());

const port = () => house.ports().iso87;
const terminalOf = (index: number) => `TERM${String((index % 10) + 1).padStart(4, '0')}`;

/** Terminals that have bought something each, on connections that stay. */
async function provenTerminals(count: number): Promise<RawTerminal[]> {
  const terminals: RawTerminal[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => from + i);
    terminals.push(
      ...(await Promise.all(
        some.map(async (index) => {
          const raw = await connectRaw(port());
          raw.send(frame(sealed({ mti: '0800', ...numbers(), de70: '301', de41: terminalOf(index) })));
          expect((await raw.receive()).de39).toBe('00');
          return raw;
        }),
      )),
    );
  }
  return terminals;
}

function numbers() {
  const { de7 = '', de11 = '', de12 = '', de13 = '', de42 = '' } = purchase();
  return { de7, de11, de12, de13, de42 };
}

/** Connections that send one wrong MAC after the other, and are made again when they are closed. */
function floodOfWrongMacs() {
  const state = { isOver: false, sent: 0, closed: 0 };
  const sockets = new Set<Socket>();
  const wrong = () => {
    const message = sealed(purchase({ de41: 'TERM0001' }));
    message.writeUInt8((message.at(-1) ?? 0) ^ 0xff, message.length - 1);
    return frame(message);
  };
  const open = () => {
    if (state.isOver) return;
    const socket = connect({ host: '127.0.0.1', port: port() });
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {});
    const send = () => {
      if (state.isOver || socket.destroyed) return;
      for (let i = 0; i < 5; i += 1) socket.write(wrong());
      state.sent += 5;
      setTimeout(send, 10);
    };
    socket.on('connect', send);
    socket.on('close', () => {
      sockets.delete(socket);
      state.closed += 1;
      setTimeout(open, 10);
    });
  };
  for (let i = 0; i < FLOOD_CONNECTIONS; i += 1) open();
  return {
    state,
    end() {
      state.isOver = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('while one address floods', () => {
  it('a thousand proven terminals of the same address are all served', { timeout: 60_000 }, async () => {
    const terminals = await provenTerminals(PROVEN);
    const flood = floodOfWrongMacs();
    try {
      await waitUntil(async () => flood.state.closed > 20);
      const codes: (string | undefined)[] = [];
      for (let from = 0; from < PROVEN; from += 20) {
        const some = terminals.slice(from, from + 20);
        some.forEach((raw, i) => {
          raw.send(frame(sealed(purchase({ de41: terminalOf(from + i) }))));
        });
        codes.push(...(await Promise.all(some.map(async (raw) => (await raw.receive()).de39))));
      }
      expect(codes.filter((code) => code === '00')).toHaveLength(PROVEN);
      // Whoever comes anew behind the same address is served as well.
      expect(await ask(port(), purchase({ de41: 'TERM0002' }))).toMatchObject({ de39: '00' });
      expect(flood.state.closed).toBeGreaterThan(20);
    } finally {
      flood.end();
      for (const raw of terminals) raw.close();
    }
  });

  it('connections that say nothing make room for a terminal that does', { timeout: 60_000 }, async () => {
    const idle: Socket[] = [];
    const [known] = await provenTerminals(1);
    let wasClosed = 0;
    for (let i = 0; i < 3_000; i += 1) {
      const socket = connect({ host: '127.0.0.1', port: port() });
      socket.on('error', () => {});
      socket.on('close', () => {
        wasClosed += 1;
      });
      idle.push(socket);
      if (i % 50 === 49) {
        await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
      }
    }
    try {
      await waitUntil(async () => wasClosed >= 900);
      expect(await ask(port(), purchase())).toMatchObject({ de39: '00' });
      known?.send(frame(sealed(purchase())));
      expect((await known?.receive())?.de39).toBe('00');
    } finally {
      for (const socket of idle) socket.destroy();
      known?.close();
    }
  });
});
