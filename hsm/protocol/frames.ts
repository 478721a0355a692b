import { HsmError } from '../errors.ts';

/**
 * Both directions: a greeting, then frames of `length u32 | body`, big-endian, at most MAX_FRAME bytes of body.
 * Request body:  `id u32 | operation u8 | budget u16 (ms) | fields`; operation 0 cancels the request of that id.
 * Reply body:    `id u32 | status u8 | fields`; status 0 is success, another the wire number of an HSM error,
 * followed by its detail.
 */
const MAX_FRAME = 70_000;
export const CANCEL = 0;
export const STATUS_OK = 0;
export const MAX_BUDGET_MS = 0xffff;

const VERSION = 3;
const MAGIC = Buffer.from('EHSM', 'latin1');

/** What each end says first: four letters and a version. */
export const GREETING = Buffer.concat([MAGIC, Buffer.from([VERSION])]);

/** Cuts a byte stream into the peer's greeting and its frames. */
export class FrameSplitter {
  readonly #onGreeting: () => void;
  readonly #onFrame: (body: Buffer) => void;
  #greeted = false;
  #rest: Buffer | undefined;

  constructor(onGreeting: () => void, onFrame: (body: Buffer) => void) {
    this.#onGreeting = onGreeting;
    this.#onFrame = onFrame;
  }

  /** @throws HSM_PROTOCOL where the stream cannot be ours; the connection is then of no more use */
  push(chunk: Buffer): void {
    const input = this.#rest === undefined ? chunk : joined(this.#rest, chunk);
    let offset = this.#greeted ? 0 : this.#takeGreeting(input);
    while (this.#greeted && input.length - offset >= 4) {
      const length = input.readUInt32BE(offset);
      if (length > MAX_FRAME) throw new HsmError('HSM_PROTOCOL', `a frame of ${length} bytes`);
      if (input.length - offset - 4 < length) break;
      this.#onFrame(input.subarray(offset + 4, offset + 4 + length));
      offset += 4 + length;
    }
    this.#rest = offset === input.length ? undefined : input.subarray(offset);
  }

  #takeGreeting(input: Buffer): number {
    const known = input.subarray(0, GREETING.length);
    if (!known.equals(GREETING.subarray(0, known.length))) {
      throw new HsmError('HSM_PROTOCOL', 'the greeting or its version differs');
    }
    if (known.length < GREETING.length) return 0;
    this.#greeted = true;
    this.#onGreeting();
    return GREETING.length;
  }
}

/** Frames are wiped by whoever reads them; what they were put together from is wiped here. */
function joined(rest: Buffer, chunk: Buffer): Buffer {
  const whole = Buffer.concat([rest, chunk]);
  rest.fill(0);
  chunk.fill(0);
  return whole;
}
