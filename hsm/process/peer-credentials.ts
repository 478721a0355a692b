import type { Socket } from 'node:net';
import koffi from 'koffi';

/** Who is at the other end of a Unix socket, as the kernel knows it: nothing that a peer says. */
export interface PeerCredentials {
  readonly process: number;
  readonly user: number;
  readonly group: number;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const LENGTH = 12;

type GetSockOpt = (fd: number, level: number, option: number, value: Buffer, length: Buffer) => number;
let call: GetSockOpt | null | undefined;

/** Source: unix(7), SO_PEERCRED. @returns nothing where the system cannot tell */
export function credentialsOf(socket: Socket): PeerCredentials | undefined {
  // Node keeps the descriptor where its types do not say.
  const fd = (socket as Socket & { _handle?: { fd?: number } | null })._handle?.fd ?? -1;
  call ??= load();
  if (fd < 0 || !call) return undefined;
  const value = Buffer.alloc(LENGTH);
  const length = Buffer.alloc(4);
  length.writeInt32LE(LENGTH);
  if (call(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0) return undefined;
  return { process: value.readInt32LE(0), user: value.readUInt32LE(4), group: value.readUInt32LE(8) };
}

function load(): GetSockOpt | null {
  if (process.platform !== 'linux') return null;
  try {
    return koffi
      .load(null)
      .func('int getsockopt(int fd, int level, int option, void *value, void *length)') as GetSockOpt;
  } catch {
    return null;
  }
}
