/** Base of every value that must not be printed by accident: each way to a string goes through `masked()`. */
export abstract class Sensitive {
  abstract masked(): string;

  toString(): string {
    return this.masked();
  }

  toJSON(): string {
    return this.masked();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.masked();
  }
}
