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

/** A frame whose length is known and whose rest has not come. */
interface Begun {
  readonly body: Buffer;
  filled: number;
}

/** Cuts a byte stream into the peer's greeting and its frames. Each byte is copied once, however it comes in pieces. */
export class FrameSplitter {
  readonly #onGreeting: () => void;
  readonly #onFrame: (body: Buffer) => void;
  #greeted = false;
  /** Too few bytes to know what comes. */
  #rest: Buffer | undefined;
  #begun: Begun | undefined;

  constructor(onGreeting: () => void, onFrame: (body: Buffer) => void) {
    this.#onGreeting = onGreeting;
    this.#onFrame = onFrame;
  }

  /** Whether the last byte that came is not the last of a frame. */
  get isCutShort(): boolean {
    return this.#begun !== undefined || this.#rest !== undefined;
  }

  /** @throws HSM_PROTOCOL where the stream cannot be ours; the connection is then of no more use */
  push(chunk: Buffer): void {
    let offset = 0;
    if (this.#begun) {
      offset = this.#fill(this.#begun, chunk);
      if (this.#begun) return;
    }
    const input = this.#rest === undefined ? chunk : joined(this.#rest, chunk);
    this.#rest = undefined;
    if (!this.#greeted) offset = this.#takeGreeting(input);

    while (this.#greeted && input.length - offset >= 4) {
      const length = input.readUInt32BE(offset);
      if (length > MAX_FRAME) throw new HsmError('HSM_PROTOCOL', `a frame of ${length} bytes`);
      offset += 4;
      if (input.length - offset < length) {
        this.#begun = { body: Buffer.alloc(length), filled: 0 };
        input.fill(0, offset - 4, offset);
        this.#fill(this.#begun, input.subarray(offset));
        return;
      }
      this.#onFrame(input.subarray(offset, offset + length));
      offset += length;
    }
    this.#rest = offset === input.length ? undefined : input.subarray(offset);
  }

  /** @returns how many bytes of the chunk belong to the frame */
  #fill(begun: Begun, chunk: Buffer): number {
    const taken = chunk.subarray(0, begun.body.length - begun.filled);
    taken.copy(begun.body, begun.filled);
    taken.fill(0);
    begun.filled += taken.length;
    if (begun.filled === begun.body.length) {
      this.#begun = undefined;
      this.#onFrame(begun.body);
    }
    return taken.length;
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
