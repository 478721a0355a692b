import { Sensitive } from './mask.ts';

/** An account identification (DE34, DE102, DE103): printed with its last four characters only. */
export class AccountNumber extends Sensitive {
  readonly #text: string;

  private constructor(text: string) {
    super();
    this.#text = text;
  }

  static of(text: string): AccountNumber {
    return new AccountNumber(text);
  }

  static fromWire(text: string): AccountNumber {
    return new AccountNumber(text);
  }

  reveal(): string {
    return this.#text;
  }

  masked(): string {
    return this.#text.length < 8 ? '***' : `***${this.#text.slice(-4)}`;
  }
}
