import { HsmError } from '../errors.ts';

/** Appends to one growing buffer; what was written is taken as a copy, and the buffer is used again. */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(16_384);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16BE(value, this.#length);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value, this.#length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  latin1(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  /** Overwrites four bytes written before: a frame's length is known at its end only. */
  patchU32(offset: number, value: number): void {
    this.#buffer.writeUInt32BE(value, offset);
  }

  /** Forgets everything written after `length`: a frame that could not be completed. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** The copy is whoever takes it to wipe; nothing of it stays here. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.#buffer.fill(0, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** Reads one frame from front to back. Byte strings are views on the frame, not copies. */
export class Reader {
  readonly #frame: Buffer;
  #offset = 0;

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  u8(): number {
    return this.#frame.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#frame.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#frame.readUInt32BE(this.#advance(4));
  }

  raw(length: number): Buffer {
    const start = this.#advance(length);
    return this.#frame.subarray(start, start + length);
  }

  latin1(length: number): string {
    const start = this.#advance(length);
    return this.#frame.toString('latin1', start, start + length);
  }

  /** Nobody needs the frame any more: it holds a message as it came, card data and all. */
  wipe(): void {
    this.#frame.fill(0);
  }

  /** @throws HSM_PROTOCOL where bytes are left over */
  end(): void {
    if (this.#offset !== this.#frame.length) throw new HsmError('HSM_PROTOCOL', `offset ${this.#offset}`);
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (start + length > this.#frame.length) throw new HsmError('HSM_PROTOCOL', `offset ${start}`);
    this.#offset = start + length;
    return start;
  }
}

/** How one value of a request or reply travels. */
export interface Field<T> {
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
}

/** A short name: at most 255 Latin-1 characters. */
export const name: Field<string> = {
  write(writer, value) {
    if (value.length > 0xff) {
      throw new HsmError('HSM_REQUEST_INVALID', `a name of ${value.length} characters`);
    }
    writer.u8(value.length);
    writer.latin1(value);
  },
  read: (reader) => reader.latin1(reader.u8()),
};

/** A key: the label of one on the token, or a sealed record. */
export const reference: Field<string> = {
  write(writer, value) {
    if (value.length > 0xffff) throw new HsmError('HSM_REQUEST_INVALID', 'a key reference too long');
    writer.u16(value.length);
    writer.latin1(value);
  },
  read: (reader) => reader.latin1(reader.u16()),
};

export const u8: Field<number> = {
  write: (writer, value) => writer.u8(value),
  read: (reader) => reader.u8(),
};

export const u32: Field<number> = {
  write: (writer, value) => writer.u32(value),
  read: (reader) => reader.u32(),
};

/** Milliseconds since the epoch; the end of time is the year 10889. */
export const instant: Field<number> = {
  write(writer, value) {
    const bounded = Math.max(0, Math.min(value, 2 ** 48 - 1));
    writer.u16(Math.floor(bounded / 2 ** 32));
    writer.u32(bounded % 2 ** 32);
  },
  read: (reader) => reader.u16() * 2 ** 32 + reader.u32(),
};

/** Bytes, at most 65,535 of them. The reader's value is a view: copy it to keep it. */
export const bytes: Field<Uint8Array> = {
  write(writer, value) {
    if (value.length > 0xffff) throw new HsmError('HSM_REQUEST_INVALID', `${value.length} bytes of data`);
    writer.u16(value.length);
    writer.raw(value);
  },
  read: (reader) => reader.raw(reader.u16()),
};

export const flag: Field<boolean> = {
  write: (writer, value) => writer.u8(value ? 1 : 0),
  read: (reader) => reader.u8() !== 0,
};

export type ValueOf<S> = { [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** A record: its fields in the order they are declared. */
export function record<S extends Record<string, Field<unknown>>>(shape: S): Field<ValueOf<S>> {
  const fields = Object.entries(shape);
  return {
    write(writer, value) {
      const values = value as Record<string, unknown>;
      for (const [key, field] of fields) field.write(writer, values[key]);
    },
    read(reader) {
      const values: Record<string, unknown> = {};
      for (const [key, field] of fields) values[key] = field.read(reader);
      return values as ValueOf<S>;
    },
  };
}
