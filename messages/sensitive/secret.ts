import { Sensitive } from './mask.ts';

/** Text that is never shown at all: a PIN block or chip data in hex digits, or whatever a dialect marks so. */
export class Secret extends Sensitive {
  readonly #text: string;

  private constructor(text: string) {
    super();
    this.#text = text;
  }

  static of(text: string): Secret {
    return new Secret(text);
  }

  static fromWire(text: string): Secret {
    return new Secret(text);
  }

  reveal(): string {
    return this.#text;
  }

  masked(): string {
    return '***';
  }
}
