/**
 * PROXY protocol, version 2: a load balancer says, in front of a connection's bytes, for whom it has made it. It is
 * read from addresses that the settings name, and only from them: anybody else could say that he is somebody else.
 * Version 1, which is a line of text, was left out: who speaks it speaks version 2 as well.
 */
import { BlockList, isIP, type Socket } from 'node:net';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const FIXED_BYTES = 16;
/** Addresses take 36 bytes; what may follow them (TLVs) is read and not looked at. */
const MAX_FURTHER_BYTES = 1_024;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const TCP4 = 0x11;
const TCP6 = 0x21;
const HEADER_WITHIN_MS = 3_000;

/** Whose word is taken for who a peer is: addresses, and networks as `192.0.2.0/24`. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @throws Error where one of them is no address and no network */
  constructor(named: readonly string[]) {
    for (const each of named) {
      const [address = '', bits] = each.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  includes({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): boolean {
    const family = isIP(remoteAddress);
    return family !== 0 && this.#list.check(remoteAddress, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** Whether these bytes begin a header: only a named proxy may send one. */
export function beginsProxyHeader(bytes: Buffer): boolean {
  return bytes.length >= SIGNATURE.length && bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE);
}

/**
 * Reads the header and leaves what follows it in the socket. `known` is told for whom the connection is, as
 * `address:port`: nothing where the proxy asks for itself, which is how it looks whether anybody is there. What is no
 * header, or does not come in time, is told to `refused`, and the socket is closed.
 */
export function readProxyHeader(
  socket: Socket,
  known: (peer: string | undefined) => void,
  refused: (reason: string) => void,
): void {
  let fixed: Buffer | undefined;
  const over = () => {
    clearTimeout(late);
    socket.off('readable', look);
    socket.off('close', gone);
    socket.off('error', failed);
  };
  const refuse = (reason: string) => {
    over();
    socket.on('error', () => {}); // of a socket that nobody has any more
    socket.destroy();
    refused(reason);
  };
  const look = () => {
    try {
      fixed ??= socket.read(FIXED_BYTES) ?? undefined;
      if (!fixed) return;
      const length = furtherBytes(fixed);
      const further: Buffer | null = length === 0 ? Buffer.alloc(0) : socket.read(length);
      if (!further) return;
      const peer = peerIn(fixed, further);
      over();
      known(peer);
    } catch (error) {
      refuse(error instanceof ProxyHeaderError ? error.message : 'PROXY_HEADER_UNREADABLE');
    }
  };
  const gone = () => refuse('PROXY_HEADER_MISSING');
  const failed = () => {};
  const late = setTimeout(() => refuse('PROXY_HEADER_LATE'), HEADER_WITHIN_MS);
  socket.on('readable', look);
  socket.on('close', gone);
  socket.on('error', failed);
}

class ProxyHeaderError extends Error {}

function furtherBytes(fixed: Buffer): number {
  if (!beginsProxyHeader(fixed)) throw new ProxyHeaderError('PROXY_HEADER_MISSING');
  if (fixed.readUInt8(12) >> 4 !== VERSION) throw new ProxyHeaderError('PROXY_VERSION');
  const length = fixed.readUInt16BE(14);
  if (length > MAX_FURTHER_BYTES) throw new ProxyHeaderError('PROXY_HEADER_TOO_LONG');
  return length;
}

function peerIn(fixed: Buffer, further: Buffer): string | undefined {
  const command = fixed.readUInt8(12) & 0x0f;
  if (command === LOCAL) return undefined;
  if (command !== PROXY) throw new ProxyHeaderError('PROXY_COMMAND');
  const family = fixed.readUInt8(13);
  if (family === TCP4 && further.length >= 12) {
    return `${[...further.subarray(0, 4)].join('.')}:${further.readUInt16BE(8)}`;
  }
  if (family === TCP6 && further.length >= 36) {
    const groups = Array.from({ length: 8 }, (_, index) => further.readUInt16BE(index * 2).toString(16));
    return `${groups.join(':')}:${further.readUInt16BE(32)}`;
  }
  throw new ProxyHeaderError('PROXY_FAMILY');
}
