import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';
import type { Address } from '../../runtime/index.ts';

/**
 * The line to a network, which can be cut as lines are: nothing arrives any more, in neither direction, and nobody is
 * told. New connections are taken and go nowhere, as behind a router whose far side is dead. To close the sockets was
 * rejected: that is a network that goes away in good order, and is noticed at once.
 */
export class NetworkLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: Address = { host: '127.0.0.1', port: 0 };
  #isCut = false;

  constructor() {
    this.#server = createServer((near) => this.#join(near));
  }

  /** @returns where it listens */
  async open(): Promise<Address> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  leadsTo(target: Address): void {
    this.#target = target;
  }

  cut(): void {
    this.#isCut = true;
  }

  /** What was connected meanwhile has missed bytes: it is reset, as a line is that comes back. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    this.#keep(near);
    if (this.#isCut) return;
    const far = dial(this.#target);
    this.#keep(far);
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', () => {});
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (!this.#isCut) to.write(bytes);
    });
    // A cut line does not carry the news that one end is gone.
    from.on('close', () => {
      if (!this.#isCut) to.destroy();
    });
  }
}
