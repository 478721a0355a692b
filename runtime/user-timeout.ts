/**
 * TCP_USER_TIMEOUT: how long what was written may stay unacknowledged before the kernel gives the connection up.
 * TCP's own patience is a quarter of an hour, and keep-alive asks nobody while something is unacknowledged: so a
 * terminal that lost its power in the middle of an answer would hold its place for as long. Node has no call for it.
 */
import type { Socket } from 'node:net';
import koffi from 'koffi';

const IPPROTO_TCP = 6;
const TCP_USER_TIMEOUT = 18;
const INT_BYTES = 4;

type SetSockOpt = (fd: number, level: number, option: number, value: Buffer, length: number) => number;

/** As long as keep-alive takes to find that nobody is there: five seconds, and ten probes. */
const USER_TIMEOUT_MS = 15_000;

let call: SetSockOpt | undefined | null;

/** @returns whether it was set: not on a socket without a descriptor, nor where the C library has no such call */
export function setUserTimeout(socket: Socket, timeoutMs: number = USER_TIMEOUT_MS): boolean {
  const fd = descriptorOf(socket);
  call ??= load();
  if (fd === undefined || !call) return false;
  const value = Buffer.alloc(INT_BYTES);
  value.writeInt32LE(timeoutMs);
  return call(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, value, INT_BYTES) === 0;
}

function load(): SetSockOpt | null {
  if (process.platform !== 'linux') return null;
  try {
    return koffi
      .load(null)
      .func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)') as SetSockOpt;
  } catch {
    return null;
  }
}

/** Node keeps it where its types do not say. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { _handle?: { fd?: number } | null };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
