import { IsoError } from '../../messages/index.ts';
import type { Connection, ConnectionHandlers, Log } from '../../runtime/index.ts';
import type { HostDialect, HostMessage } from './host-dialect.ts';

const MAX_FRAME_BYTES = 8_192;
const GARBAGE = Buffer.alloc(40, 0xff);

/** One acquirer's connection. Nothing is sent after it closed. */
export interface HostLink<M extends HostMessage> {
  readonly peer: string;
  signedOn: boolean;
  /** Echoes of ours that came back. */
  readonly echoes: number;
  echoAnswered(): void;
  send(message: M): void;
  /** A frame of the right length around bytes that are no message. */
  sendGarbage(): void;
  /** Returns a message that could not be understood to its sender. */
  reject(received: Buffer): void;
  drop(): void;
}

interface LinkHandlers<M extends HostMessage> {
  onMessage(message: M, link: HostLink<M>, received: Buffer): void;
  onClose(link: HostLink<M>): void;
}

/** Frames, polls, parsing, rejects and back-pressure of one connection. */
export function hostLink<M extends HostMessage>(
  connection: Connection,
  { codec, framing, reject }: HostDialect<M>,
  log: Log,
  handlers: LinkHandlers<M>,
): { link: HostLink<M>; connectionHandlers: ConnectionHandlers } {
  const reader = framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
  let open = true;
  let echoes = 0;

  const write = (body: Buffer) => {
    if (open && !connection.write(framing.encode(body))) connection.pause();
  };
  const link: HostLink<M> = {
    peer: connection.peer,
    signedOn: false,
    get echoes() {
      return echoes;
    },
    echoAnswered() {
      echoes += 1;
    },
    send: (message) => write(codec.pack(message)),
    sendGarbage: () => write(GARBAGE),
    reject(received) {
      const rejected = reject?.(received);
      if (rejected) write(rejected);
      else link.drop();
    },
    drop: () => connection.destroy(),
  };

  const onFrame = (body: Buffer) => {
    if (body.length === 0) return write(body);
    let message: M;
    try {
      message = codec.parse(body);
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      log.warn(
        { event: 'network.unreadable', peer: link.peer, code: error.code, path: error.path },
        error.message,
      );
      return link.reject(body);
    }
    handlers.onMessage(message, link, body);
  };

  return {
    link,
    connectionHandlers: {
      onData(chunk) {
        try {
          reader.push(chunk, onFrame);
        } catch (error) {
          if (!(error instanceof IsoError)) throw error;
          log.warn({ event: 'network.out-of-step', peer: link.peer, code: error.code }, error.message);
          link.drop();
        }
      },
      onDrain: () => connection.resume(),
      onClose() {
        open = false;
        handlers.onClose(link);
      },
    },
  };
}
