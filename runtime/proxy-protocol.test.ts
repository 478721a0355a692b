import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type Connection, type Listener, tcpSockets } from './sockets.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const leftOpen: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of leftOpen.splice(0).reverse()) await close();
});

/** Keeps who came, what they said, and who was refused. */
async function listenBehind(proxies: string[]) {
  const came: { peer: string; heard: string }[] = [];
  const refused: string[] = [];
  const open: Connection[] = [];
  const listener: Listener = await tcpSockets.listen(
    { host: '127.0.0.1', port: 0 },
    (connection) => {
      const one = { peer: connection.peer, heard: '' };
      came.push(one);
      open.push(connection);
      return {
        onData(chunk) {
          one.heard += chunk.toString('latin1');
        },
        onClose() {},
      };
    },
    { proxies, onRefused: (_, reason) => refused.push(reason) },
  );
  leftOpen.push(() => {
    for (const connection of open) connection.destroy();
    return listener.close();
  });
  return { came, refused, port: listener.address.port };
}

function dial(port: number, ...chunks: string[]): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  leftOpen.push(() => socket.destroy());
  for (const chunk of chunks) socket.write(Buffer.from(chunk, 'hex'));
  return socket;
}

/** 203.0.113.7:50000 → 192.0.2.1:8583, over TCP and IPv4. */
const IPV4 = `${SIGNATURE}2111000ccb007107c0000201c3502187`;

test('a named proxy says for whom it connects, and what follows its header is the peer’s', async () => {
  const { came, port } = await listenBehind(['127.0.0.1']);
  dial(port, IPV4 + Buffer.from('hello').toString('hex'));
  await vi.waitFor(() => expect(came).toEqual([{ peer: '203.0.113.7:50000', heard: 'hello' }]));
});

test('a header that comes in pieces is read whole, with what is appended to its addresses', async () => {
  const { came, port } = await listenBehind(['127.0.0.0/8']);
  const withMore = IPV4.replace('2111000c', '21110010').concat('04000100');
  const socket = dial(port, withMore.slice(0, 20));
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(Buffer.from(withMore.slice(20), 'hex'));
  socket.write('x');
  await vi.waitFor(() => expect(came).toEqual([{ peer: '203.0.113.7:50000', heard: 'x' }]));
});

test('over IPv6, and for itself', async () => {
  const { came, port } = await listenBehind(['127.0.0.1']);
  const source = '20010db8000000000000000000000007';
  dial(port, `${SIGNATURE}21210024${source}${source}c3502187`);
  await vi.waitFor(() => expect(came.at(-1)?.peer).toBe('2001:db8:0:0:0:0:0:7:50000'));
  dial(port, `${SIGNATURE}20000000`);
  await vi.waitFor(() => expect(came.at(-1)?.peer).toMatch(/^127\.0\.0\.1:/));
});

test.each([
  ['bytes that are no header', '0200303130303030303030303030', 'PROXY_HEADER_MISSING'],
  ['a header of version 1', Buffer.from('PROXY TCP4 1.2.3.4').toString('hex'), 'PROXY_HEADER_MISSING'],
  ['another version', `${SIGNATURE}3111000ccb007107c0000201c3502187`, 'PROXY_VERSION'],
  ['a datagram', `${SIGNATURE}2112000ccb007107c0000201c3502187`, 'PROXY_FAMILY'],
  ['more than anybody needs', `${SIGNATURE}2111ffffcb007107`, 'PROXY_HEADER_TOO_LONG'],
])('%s from a named proxy is refused', async (_, bytes, reason) => {
  const { came, refused, port } = await listenBehind(['127.0.0.1']);
  dial(port, bytes.padEnd(32, '0'));
  await vi.waitFor(() => expect(refused).toEqual([reason]));
  expect(came).toEqual([]);
});

test('from anybody else the header is bytes like any others', async () => {
  const { came, port } = await listenBehind(['192.0.2.1']);
  dial(port, IPV4);
  await vi.waitFor(() => expect(came[0]?.heard.length).toBe(28));
  expect(came[0]?.peer).toMatch(/^127\.0\.0\.1:/);
});

test('a proxy that says nothing is closed after three seconds', { timeout: 8_000 }, async () => {
  const { refused, port } = await listenBehind(['127.0.0.1']);
  dial(port);
  await vi.waitFor(() => expect(refused).toEqual(['PROXY_HEADER_LATE']), { timeout: 6_000 });
});
