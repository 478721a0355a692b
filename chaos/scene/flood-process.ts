/** Strangers at the switch's door. They are bounded in connections, in frames a second, and by who started them. */
import { connect, type Socket } from 'node:net';
import { cardOf, MERCHANT, PIN } from '../../bench/end-to-end/fleet.ts';
import { keysOf, PROFILE } from '../../bench/end-to-end/generator/frames.ts';
import { type Address, systemClock } from '../../runtime/index.ts';
import { cardMessage, frameOf } from '../../simulators/terminal/messages.ts';
import type { FloodOrder } from './flood.ts';

const TALKERS = 16;
const TALK_EVERY_MS = 50;
const AGAIN_AFTER_MS = 20;
/** A length that no frame has, and what stands behind it. */
const NO_FRAME = Buffer.from('ffffdeadbeef', 'hex');

process.once('message', (order: FloodOrder) => {
  const frame = order.wrongMacs ? wrongMac() : NO_FRAME;
  for (let i = 0; i < TALKERS; i += 1) stay(order.address, frame);
  for (let i = 0; i < order.idle; i += 1) stay(order.address, undefined);
  process.send?.('there');
});
process.once('disconnect', () => process.exit(0));
// A signal to the whole group is acted upon by whoever started this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

/** A connection that is made again whenever it is closed, and says the same for ever. */
function stay(address: Address, frame: Buffer | undefined): void {
  const socket = connect({ host: address.host, port: address.port });
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.on('connect', () => {
    if (frame) talk(socket, frame);
  });
  socket.on('close', () => setTimeout(() => stay(address, frame), AGAIN_AFTER_MS));
}

function talk(socket: Socket, frame: Buffer): void {
  if (socket.destroyed) return;
  socket.write(frame);
  setTimeout(() => talk(socket, frame), TALK_EVERY_MS);
}

/** A purchase that one of the terminals might have sent, under a MAC that is none. */
function wrongMac(): Buffer {
  const terminal = 'TERM0001';
  const sender = { terminal, merchant: MERCHANT, profile: PROFILE, keys: keysOf(terminal) };
  const order = { amount: 100, currency: '978', card: cardOf(1), pin: PIN };
  const frame = frameOf(
    cardMessage('purchase', order, sender, { stan: '999999', clock: systemClock }),
    sender,
  );
  frame.writeUInt8((frame.at(-1) ?? 0) ^ 0xff, frame.length - 1);
  return frame;
}
