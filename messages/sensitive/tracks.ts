import { IsoError } from '../errors.ts';
import { Sensitive } from './mask.ts';
import { maskDigits, Pan } from './pan.ts';

/** Track 2 as in ISO/IEC 7813: PAN, separator (`=` or `D`), expiry YYMM, service code, discretionary data. */
export class Track2 extends Sensitive {
  #data: string;
  #packed: boolean;

  private constructor(data: string, packed = false) {
    super();
    this.#data = data;
    this.#packed = packed;
  }

  /** @throws {IsoError} ISO_VALUE unless it is PAN, `=` or `D`, and digits, 37 characters at most, no sentinels */
  static of(data: string): Track2 {
    if (data.length > 37 || !/^[0-9]{1,19}[=D][0-9=D]*$/.test(data)) {
      throw new IsoError('ISO_VALUE', {
        path: 'track 2',
        expected: 'digits with a separator, 37 characters at most',
        found: `${data.length} characters`,
      });
    }
    return new Track2(data);
  }

  static fromWire(data: string): Track2 {
    return new Track2(data);
  }

  /** For the codec: nibbles as lower-case hex, whose separators (`d`) are only rewritten when somebody looks. */
  static fromPacked(nibbles: string): Track2 {
    return new Track2(nibbles, true);
  }

  reveal(): string {
    if (this.#packed) {
      this.#data = this.#data.replaceAll('d', '=');
      this.#packed = false;
    }
    return this.#data;
  }

  pan(): Pan {
    return Pan.of(this.#part(/^[0-9]+/));
  }

  /** YYMM, or undefined when the card leaves it out. */
  expiry(): string | undefined {
    return this.#afterSeparator().match(/^[0-9]{4}/)?.[0];
  }

  /** Three digits, or undefined when the card leaves it out. */
  serviceCode(): string | undefined {
    return this.#afterSeparator().match(/^(?:[0-9]{4}|[=D])([0-9]{3})/)?.[1];
  }

  masked(): string {
    return `${maskDigits(this.#part(/^[0-9]*/))}=***`;
  }

  #afterSeparator(): string {
    return this.reveal().replace(/^[0-9]*[=D]?/, '');
  }

  #part(pattern: RegExp): string {
    return this.reveal().match(pattern)?.[0] ?? '';
  }
}

/** Track 1, format B, as in ISO/IEC 7813: `B` PAN `^` name `^` expiry YYMM, service code, discretionary data. */
export class Track1 extends Sensitive {
  readonly #data: string;

  private constructor(data: string) {
    super();
    this.#data = data;
  }

  /** @throws {IsoError} ISO_VALUE unless 1 to 79 printable ASCII characters */
  static of(data: string): Track1 {
    return new Track1(printable(data, 79, 'track 1'));
  }

  static fromWire(data: string): Track1 {
    return new Track1(data);
  }

  reveal(): string {
    return this.#data;
  }

  pan(): Pan {
    return Pan.of(this.#data.match(/^[A-Z]?([0-9]{1,19})\^/)?.[1] ?? '');
  }

  expiry(): string | undefined {
    return this.#data.match(/^[^^]*\^[^^]*\^([0-9]{4})/)?.[1];
  }

  serviceCode(): string | undefined {
    return this.#data.match(/^[^^]*\^[^^]*\^(?:[0-9]{4}|\^)([0-9]{3})/)?.[1];
  }

  masked(): string {
    return '***track 1***';
  }
}

/** Track 3 as in ISO/IEC 4909; kept whole, since its use is national. */
export class Track3 extends Sensitive {
  #data: string;
  #packed: boolean;

  private constructor(data: string, packed = false) {
    super();
    this.#data = data;
    this.#packed = packed;
  }

  /** @throws {IsoError} ISO_VALUE unless 1 to 107 printable ASCII characters */
  static of(data: string): Track3 {
    return new Track3(printable(data, 107, 'track 3'));
  }

  static fromWire(data: string): Track3 {
    return new Track3(data);
  }

  /** For the codec: nibbles as lower-case hex, whose separators (`d`) are only rewritten when somebody looks. */
  static fromPacked(nibbles: string): Track3 {
    return new Track3(nibbles, true);
  }

  reveal(): string {
    if (this.#packed) {
      this.#data = this.#data.replaceAll('d', '=');
      this.#packed = false;
    }
    return this.#data;
  }

  masked(): string {
    return '***track 3***';
  }
}

function printable(data: string, max: number, path: string): string {
  if (data.length === 0 || data.length > max || !/^[ -~]+$/.test(data)) {
    throw new IsoError('ISO_VALUE', {
      path,
      expected: `1 to ${max} printable characters`,
      found: `${data.length} characters`,
    });
  }
  return data;
}
