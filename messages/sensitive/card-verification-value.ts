import { IsoError } from '../errors.ts';
import { Sensitive } from './mask.ts';

/** The three or four digits on the card (CVV2, CVC2, CID). */
export class CardVerificationValue extends Sensitive {
  readonly #digits: string;

  private constructor(digits: string) {
    super();
    this.#digits = digits;
  }

  /** @throws {IsoError} ISO_VALUE unless 3 or 4 digits */
  static of(digits: string): CardVerificationValue {
    if (!/^[0-9]{3,4}$/.test(digits)) {
      throw new IsoError('ISO_VALUE', {
        path: 'card verification value',
        expected: '3 or 4 digits',
        found: `${digits.length} characters`,
      });
    }
    return new CardVerificationValue(digits);
  }

  static fromWire(text: string): CardVerificationValue {
    return new CardVerificationValue(text);
  }

  reveal(): string {
    return this.#digits;
  }

  masked(): string {
    return '***CVV***';
  }
}
