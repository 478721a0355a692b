import { type FrameReader, IsoError } from '../../messages/index.ts';
import type { Connection, ConnectionHandlers, Log } from '../../runtime/index.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';

const MAX_FRAME_BYTES = 8_192;
const GARBAGE = Buffer.alloc(40, 0xff);

export interface LinkHandlers<M extends HostMessage> {
  onMessage(message: M, link: HostLink<M>, received: Buffer): void;
  onClose(link: HostLink<M>): void;
}

interface LinkParts<M extends HostMessage> {
  readonly dialect: HostDialect<M>;
  readonly log: Log;
  readonly handlers: LinkHandlers<M>;
}

/**
 * One acquirer's connection: frames, polls, parsing, rejects and back-pressure. Nothing is sent after it closed; what
 * is sent in one turn of the event loop leaves in one write.
 */
export class HostLink<M extends HostMessage> implements ConnectionHandlers {
  readonly peer: string;
  signedOn = false;
  /** Echoes of ours that came back. */
  echoes = 0;
  readonly #connection: Connection;
  readonly #dialect: HostDialect<M>;
  readonly #log: Log;
  readonly #handlers: LinkHandlers<M>;
  readonly #reader: FrameReader;
  #isOpen = true;

  constructor(connection: Connection, { dialect, log, handlers }: LinkParts<M>) {
    this.peer = connection.peer;
    this.#connection = connection;
    this.#dialect = dialect;
    this.#log = log;
    this.#handlers = handlers;
    this.#reader = dialect.framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
  }

  echoAnswered(): void {
    this.echoes += 1;
  }

  send(message: M): void {
    this.#write(this.#dialect.codec.pack(message));
  }

  /** A frame of the right length around bytes that are no message. */
  sendGarbage(): void {
    this.#write(GARBAGE);
  }

  /** Returns a message that could not be understood to its sender. */
  reject(received: Buffer): void {
    const rejected = this.#dialect.reject?.(received);
    if (rejected) this.#write(rejected);
    else this.drop();
  }

  drop(): void {
    this.#connection.destroy();
  }

  onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, (body) => this.#onFrame(body));
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      this.#log.warn({ event: 'network.out-of-step', peer: this.peer, code: error.code }, error.message);
      this.drop();
    }
  }

  onDrain(): void {
    this.#connection.resume();
  }

  onClose(): void {
    this.#isOpen = false;
    this.#handlers.onClose(this);
  }

  #onFrame(body: Buffer): void {
    if (body.length === 0) {
      this.#write(body);
      return;
    }
    let message: M;
    try {
      message = this.#dialect.codec.parse(body);
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      const { code, path } = error;
      this.#log.warn({ event: 'network.unreadable', peer: this.peer, code, path }, error.message);
      this.reject(body);
      return;
    }
    this.#handlers.onMessage(message, this, body);
  }

  #write(body: Buffer): void {
    if (!this.#isOpen) return;
    if (!this.#connection.write(this.#dialect.framing.encode(body))) this.#connection.pause();
  }
}
