import type { Connection } from '../../../runtime/index.ts';
import { tcpSockets } from '../../../runtime/index.ts';

/**
 * The floor's HTTP client: one ready-made request on a kept connection, and the answer's end found by its length. No
 * library, so that the floor stays where it is when the switch's client becomes cheaper.
 */
const LENGTH = /content-length: (\d+)/i;
const HEAD_END = '\r\n\r\n';

export class BareHttp {
  readonly #port: number;
  readonly #request: Buffer;
  readonly #idle: BareCall[] = [];

  constructor(port: number, path: string, body: string) {
    this.#port = port;
    this.#request = Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  async post(): Promise<void> {
    const call = this.#idle.pop() ?? new BareCall(this.#port);
    await call.send(this.#request);
    this.#idle.push(call);
  }

  close(): void {
    for (const call of this.#idle) call.close();
  }
}

class BareCall {
  readonly #connection: Connection;
  #received = '';
  #done: () => void = () => {};

  constructor(port: number) {
    this.#connection = tcpSockets.connect(
      { host: '127.0.0.1', port },
      { onData: (chunk) => this.#take(chunk), onClose() {} },
    );
  }

  send(request: Buffer): Promise<void> {
    this.#received = '';
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#connection.write(request);
    });
  }

  close(): void {
    this.#connection.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const head = this.#received.indexOf(HEAD_END);
    if (head < 0) return;
    const length = Number(LENGTH.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length >= head + HEAD_END.length + length) this.#done();
  }
}
