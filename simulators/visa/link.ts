import { type Codec, framing, IsoError } from '../../messages/index.ts';
import type { Connection, ConnectionHandlers, Log } from '../../runtime/index.ts';
import type { VisaMessage } from './exchange.ts';
import { rejectMessage } from './reject.ts';

const MAX_FRAME_BYTES = 8_192;
const GARBAGE = Buffer.alloc(40, 0xff);

/** One acquirer's connection. Nothing is sent after it closed. */
export interface VisaLink {
  readonly peer: string;
  signedOn: boolean;
  send(message: VisaMessage): void;
  /** A frame of the right length around bytes that are no message. */
  sendGarbage(): void;
  /** Returns a message that could not be understood to its sender. */
  reject(received: Buffer): void;
  drop(): void;
}

interface LinkHandlers {
  onMessage(message: VisaMessage, link: VisaLink, received: Buffer): void;
  onClose(link: VisaLink): void;
}

/** Frames, polls, parsing, rejects and back-pressure of one connection. */
export function visaLink(
  connection: Connection,
  codec: Codec<VisaMessage>,
  log: Log,
  handlers: LinkHandlers,
): { link: VisaLink; connectionHandlers: ConnectionHandlers } {
  const frames = framing('visa');
  const reader = frames.reader({ maxFrameBytes: MAX_FRAME_BYTES });
  let open = true;

  const write = (body: Buffer) => {
    if (open && !connection.write(frames.encode(body))) connection.pause();
  };
  const link: VisaLink = {
    peer: connection.peer,
    signedOn: false,
    send: (message) => write(codec.pack(message)),
    sendGarbage: () => write(GARBAGE),
    reject(received) {
      const rejected = rejectMessage(received);
      if (rejected) write(rejected);
      else link.drop();
    },
    drop: () => connection.destroy(),
  };

  const onFrame = (body: Buffer) => {
    if (body.length === 0) return write(body);
    let message: VisaMessage;
    try {
      message = codec.parse(body);
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      log.warn(
        { event: 'visa.unreadable', peer: link.peer, code: error.code, path: error.path },
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
          log.warn({ event: 'visa.out-of-step', peer: link.peer, code: error.code }, error.message);
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
