import { IsoError } from '../errors.ts';
import { Sensitive } from './mask.ts';

/**
 * A primary account number. It prints masked; only `reveal()` gives the digits.
 * Masking shows at most the first six and last four digits (PCI DSS 4.0.1, 3.4.1).
 */
export class Pan extends Sensitive {
  readonly #digits: string;

  private constructor(digits: string) {
    super();
    this.#digits = digits;
  }

  /**
   * @param digits 12 to 19 decimal digits (ISO/IEC 7812-1 allows 10 to 19; payment cards use 12 and more)
   * @param options.luhn also require a valid check digit (ISO/IEC 7812-1, annex B); default false
   * @throws {IsoError} ISO_VALUE
   */
  static of(digits: string, options: { luhn?: boolean } = {}): Pan {
    if (!/^[0-9]{12,19}$/.test(digits)) {
      throw new IsoError('ISO_VALUE', { path: 'PAN', expected: '12 to 19 digits', found: describe(digits) });
    }
    if (options.luhn && !passesLuhn(digits)) {
      throw new IsoError('ISO_VALUE', { path: 'PAN', expected: 'a valid check digit', found: 'another' });
    }
    return new Pan(digits);
  }

  /** For the codec, which has checked the digits and also meets identifiers shorter than a PAN in DE2. */
  static fromWire(digits: string): Pan {
    return new Pan(digits);
  }

  reveal(): string {
    return this.#digits;
  }

  get length(): number {
    return this.#digits.length;
  }

  masked(): string {
    return maskDigits(this.#digits);
  }

  /** The issuer identification number: the first 6 or 8 digits. */
  iin(length: 6 | 8): string {
    return this.#digits.slice(0, length);
  }

  lastFour(): string {
    return this.#digits.slice(-4);
  }

  /** Whether its last digit is the check digit of the others (ISO/IEC 7812-1, annex B). */
  hasCheckDigit(): boolean {
    return passesLuhn(this.#digits);
  }

  equals(other: Pan): boolean {
    return this.#digits === other.#digits;
  }
}

export function maskDigits(digits: string): string {
  if (digits.length < 12) return '*'.repeat(digits.length);
  return digits.slice(0, 6) + '*'.repeat(digits.length - 10) + digits.slice(-4);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `a text of ${value.length} characters` : typeof value;
}
