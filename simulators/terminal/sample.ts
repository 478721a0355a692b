import { IsoError } from '../../messages/index.ts';
import { type Address, type Clock, type Sockets, systemClock, tcpSockets } from '../../runtime/index.ts';
import { SimulatorError } from '../errors.ts';
import { profiles, type TerminalDialect, type TerminalMessage, terminalDialects } from './profiles.ts';

const MAX_SAMPLE_BYTES = 128 * 1024;
const MAX_FRAME_BYTES = 65_535;

/** A raw message as it goes on the wire, frame included. */
export interface Sample {
  dialect: TerminalDialect;
  bytes: Buffer;
}

/**
 * Reads a sample: lines of hex digits, blanks between them as you like; `#` begins a comment, and the comment
 * `# dialect: NAME` says which listener it is for.
 * @throws {SimulatorError} SIM_TERMINAL_SAMPLE
 */
export function parseSample(file: string, text: string, dialect?: TerminalDialect): Sample {
  const fail = (reason: string) => new SimulatorError('SIM_TERMINAL_SAMPLE', { file, reason });
  const named = text.match(/^#\s*dialect:\s*(\S+)\s*$/m)?.[1];
  const chosen = dialect ?? terminalDialects.find((known) => known === named);
  if (!chosen) throw fail(`expected a line "# dialect: ${terminalDialects.join('|')}"`);
  const hex = text.replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (hex === '' || hex.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(hex)) {
    throw fail('expected an even number of hex digits');
  }
  if (hex.length / 2 > MAX_SAMPLE_BYTES) throw fail(`expected at most ${MAX_SAMPLE_BYTES} bytes`);
  return { dialect: chosen, bytes: Buffer.from(hex, 'hex') };
}

/** What came back: a message, bytes that are none, or an end without an answer. */
export type SampleReply =
  | { outcome: 'answered'; message: TerminalMessage; packed: Buffer }
  | { outcome: 'unreadable'; reason: string }
  | { outcome: 'closed' }
  | { outcome: 'silent' };

export interface SamplePlan {
  readonly address: Address;
  readonly timeoutMs: number;
  readonly sockets?: Sockets;
  readonly clock?: Clock;
}

/**
 * Sends the bytes as they are and gives what comes back first.
 * @throws {SimulatorError} SIM_TERMINAL_UNREACHABLE
 */
export function sendSample(
  { bytes, dialect }: Sample,
  { address, timeoutMs, sockets = tcpSockets, clock = systemClock }: SamplePlan,
): Promise<SampleReply> {
  const { codec, framing } = profiles[dialect];
  const reader = framing.reader({ maxFrameBytes: MAX_FRAME_BYTES });
  return new Promise((resolve, reject) => {
    let connected = false;
    const settle = (reply: SampleReply) => {
      timer.cancel();
      resolve(reply);
      connection.destroy();
    };
    const connection = sockets.connect(address, {
      onOpen() {
        connected = true;
      },
      onData(chunk) {
        try {
          reader.push(chunk, (packed) =>
            settle({ outcome: 'answered', message: codec.parse(packed), packed }),
          );
        } catch (error) {
          if (!(error instanceof IsoError)) throw error;
          settle({ outcome: 'unreadable', reason: error.message });
        }
      },
      onClose(reason) {
        timer.cancel();
        if (connected) return resolve({ outcome: 'closed' });
        const peer = `${address.host}:${address.port}`;
        reject(new SimulatorError('SIM_TERMINAL_UNREACHABLE', { peer, reason: reason?.message ?? 'closed' }));
      },
    });
    const timer = clock.after(timeoutMs, () => settle({ outcome: 'silent' }));
    connection.write(bytes);
  });
}
