import { connect, type Socket } from 'node:net';
import type { Address } from '../../../runtime/index.ts';

const BUFFER_BYTES = 65_536;
const LENGTH_BYTES = 2;

export interface SocketOwner {
  /** One reply: the bytes of its body lie between `start` and `end`, until this returns. */
  onReply(terminal: number, bytes: Buffer, start: number, end: number): void;
  onClosed(): void;
}

/** All sockets read into one buffer: Node calls back before it reads again. */
const shared = Buffer.allocUnsafe(BUFFER_BYTES);

/**
 * The connection of one terminal, made again after a break. It reads into a buffer that all of them share and copies
 * only what a read has cut in two, because a thousand streams that allocate would be measured as the switch's latency.
 */
export class TerminalSocket {
  readonly #address: Address;
  readonly #terminal: number;
  readonly #owner: SocketOwner;
  #socket: Socket | undefined;
  #rest: Buffer | undefined;
  #isEnding = false;

  constructor(address: Address, terminal: number, owner: SocketOwner) {
    this.#address = address;
    this.#terminal = terminal;
    this.#owner = owner;
  }

  /** Resolves once the connection stands. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connect().once('connect', resolve).once('error', reject);
    });
  }

  /** Holds what is written until `uncork`, so that all of it leaves at once. */
  cork(): void {
    (this.#socket ?? this.#connect()).cork();
  }

  write(frame: Buffer): void {
    (this.#socket ?? this.#connect()).write(frame);
  }

  uncork(): void {
    this.#socket?.uncork();
  }

  close(): void {
    this.#isEnding = true;
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const onread = {
      buffer: shared,
      callback: (bytes: number, buffer: Uint8Array) => this.#read(bytes, buffer),
    };
    const socket = connect({ host: this.#address.host, port: this.#address.port, noDelay: true, onread });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#rest = undefined;
      if (!this.#isEnding) this.#owner.onClosed();
    });
    this.#socket = socket;
    return socket;
  }

  #read(count: number, buffer: Uint8Array): boolean {
    const fresh = (buffer as Buffer).subarray(0, count);
    const bytes = this.#rest ? Buffer.concat([this.#rest, fresh]) : fresh;
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
      if (end > bytes.length) break;
      this.#owner.onReply(this.#terminal, bytes, at + LENGTH_BYTES, end);
      at = end;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
    return true;
  }
}
