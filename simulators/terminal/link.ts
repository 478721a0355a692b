import { IsoError, responseMti } from '../../messages/index.ts';
import type { Address, Clock, Connection, Sockets, Timer } from '../../runtime/index.ts';
import { SimulatorError } from '../errors.ts';
import type { Profile, TerminalMessage } from './profiles.ts';

const MAX_FRAME_BYTES = 8_192;

export interface Reply {
  message: TerminalMessage;
  /** Without frame and frame header: what the MAC is computed over. */
  packed: Buffer;
}

/** A connection to the switch that terminals may share; it is made when needed, and again after a break. */
export interface TerminalLink {
  readonly profile: Profile;
  /**
   * Sends a frame and waits for the answer to it: the response type, same terminal, same STAN.
   * @throws {SimulatorError} SIM_TERMINAL_BUSY, _UNREACHABLE (nothing was sent), _CLOSED, _NO_ANSWER
   */
  request(frame: Buffer, message: TerminalMessage, timeoutMs: number): Promise<Reply>;
  /** Answers nobody waited for (late, duplicate, misdirected), and frames that are no message. */
  readonly unexpected: number;
  close(): void;
}

export interface LinkOptions {
  profile: Profile;
  address: Address;
  sockets: Sockets;
  clock: Clock;
  /** Told of every answer that nobody waits for. */
  onUnexpected?(message: TerminalMessage): void;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: SimulatorError): void;
  timer: Timer;
}

export function terminalLink(options: LinkOptions): TerminalLink {
  const { address, clock, profile, sockets } = options;
  const peer = `${address.host}:${address.port}`;
  const waiting = waitingRoom(clock);
  let connection: Connection | undefined;
  let isOpen = false;
  let unexpected = 0;

  const onFrame = (packed: Buffer) => {
    let message: TerminalMessage;
    try {
      message = profile.codec.parse(packed);
    } catch (error) {
      if (!(error instanceof IsoError)) throw error;
      unexpected += 1;
      return;
    }
    if (waiting.resolve(keyOf(message.mti, message), { message, packed })) return;
    unexpected += 1;
    options.onUnexpected?.(message);
  };

  const onClose = (reason?: Error) => {
    const error = isOpen
      ? new SimulatorError('SIM_TERMINAL_CLOSED', { peer })
      : new SimulatorError('SIM_TERMINAL_UNREACHABLE', { peer, reason: reason?.message ?? 'closed' });
    connection = undefined;
    isOpen = false;
    waiting.rejectAll(error);
  };

  const connect = () => {
    const reader = profile.framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
    const made = sockets.connect(address, {
      onOpen() {
        isOpen = true;
      },
      onData(chunk) {
        try {
          reader.push(chunk, onFrame);
        } catch (error) {
          if (!(error instanceof IsoError)) throw error;
          unexpected += 1;
          made.destroy();
        }
      },
      onClose,
    });
    return made;
  };

  return {
    profile,
    get unexpected() {
      return unexpected;
    },
    request(frame, message, timeoutMs) {
      const key = keyOf(responseMti(message.mti), message);
      if (waiting.has(key)) return Promise.reject(busy(message));
      const late = () => new SimulatorError('SIM_TERMINAL_NO_ANSWER', { peer, limit: timeoutMs });
      const answer = waiting.add(key, timeoutMs, late);
      connection ??= connect();
      connection.write(frame);
      return answer;
    },
    close() {
      connection?.end();
    },
  };
}

function busy({ de11: stan = '', de41: terminal = '' }: TerminalMessage): SimulatorError {
  return new SimulatorError('SIM_TERMINAL_BUSY', { terminal, stan });
}

/** Who waits for which answer. */
function waitingRoom(clock: Clock) {
  const waiting = new Map<string, Waiting>();
  const take = (key: string) => {
    const entry = waiting.get(key);
    waiting.delete(key);
    entry?.timer.cancel();
    return entry;
  };
  return {
    has: (key: string) => waiting.has(key),
    add: (key: string, timeoutMs: number, late: () => SimulatorError) =>
      new Promise<Reply>((resolve, reject) => {
        const timer = clock.after(timeoutMs, () => take(key)?.reject(late()));
        waiting.set(key, { resolve, reject, timer });
      }),
    /** False where nobody waits for it. */
    resolve(key: string, reply: Reply): boolean {
      const entry = take(key);
      entry?.resolve(reply);
      return entry !== undefined;
    },
    rejectAll(error: SimulatorError) {
      for (const key of [...waiting.keys()]) take(key)?.reject(error);
    },
  };
}

function keyOf(mti: string, { de11, de41 }: TerminalMessage): string {
  return `${mti}|${de41?.trimEnd()}|${de11}`;
}
