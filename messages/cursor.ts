import { IsoError, type IsoErrorCode } from './errors.ts';
import type { Strictness } from './strictness.ts';

/** The nibble of an odd BCD number that is not used, and where it stands. */
export interface Filler {
  readonly side: 'left' | 'right';
  readonly with: string;
}

/** A place in the bytes being read. `end` is where the current message, field or part stops. */
export class Cursor {
  readonly bytes: Buffer;
  readonly strictness: Strictness;
  at: number;
  end: number;
  /** Fillers of odd numbers that are not what the dialect writes, by path; none as a rule. */
  fillers: Map<string, Filler> | undefined = undefined;

  constructor(bytes: Buffer, at: number, end: number, strictness: Strictness) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.strictness = strictness;
  }

  /** Steps over `count` bytes and gives the offset of the first. */
  take(count: number, path: string): number {
    const at = this.at;
    if (count > this.end - at) {
      throw new IsoError('ISO_TRUNCATED', {
        path,
        offset: at,
        expected: `${count} bytes`,
        found: `${this.end - at}`,
      });
    }
    this.at = at + count;
    return at;
  }

  /** Keeps a filler that is not what the dialect writes. */
  keepFiller(path: string, filler: Filler): void {
    this.fillers ??= new Map();
    this.fillers.set(path, filler);
  }

  fail(code: IsoErrorCode, path: string, offset: number, expected: string, found: string): never {
    throw new IsoError(code, { path, offset, expected, found });
  }
}
