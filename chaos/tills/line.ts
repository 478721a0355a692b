import { connect, type Socket } from 'node:net';
import type { Address } from '../../runtime/index.ts';

const LENGTH_BYTES = 2;
const AGAIN_AFTER_MS = 200;

/**
 * The line of one terminal: it stands all day, is made again a moment after a break, and says of each frame whether it
 * left at all. A frame that was never sent leaves nothing in doubt; a socket that queues it until it is connected, as
 * the bench's does, cannot tell.
 */
export class Line {
  readonly #address: Address;
  readonly #onFrame: (body: Buffer) => void;
  #socket: Socket | undefined;
  #isUp = false;
  #isClosed = false;

  constructor(address: Address, onFrame: (body: Buffer) => void) {
    this.#address = address;
    this.#onFrame = onFrame;
    this.#connect();
  }

  /** @returns whether it left */
  send(frame: Buffer): boolean {
    if (!this.#isUp) return false;
    this.#socket?.write(frame);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({ host: this.#address.host, port: this.#address.port, noDelay: true });
    this.#socket = socket;
    let rest: Buffer = Buffer.alloc(0);
    socket.on('connect', () => {
      this.#isUp = true;
    });
    socket.on('data', (chunk) => {
      rest = this.#take(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isUp = false;
      if (!this.#isClosed) setTimeout(() => this.#isClosed || this.#connect(), AGAIN_AFTER_MS);
    });
  }

  /** @returns what is no whole frame yet */
  #take(bytes: Buffer): Buffer {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
      if (end > bytes.length) break;
      this.#onFrame(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    return bytes.subarray(at);
  }
}
