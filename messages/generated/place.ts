/** Where the generated code stands in the bytes: a local variable plus a constant. */
export class Place {
  #base = '';
  #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** The expression of the place `ahead` bytes on. */
  at(ahead = 0): string {
    const offset = this.#offset + ahead;
    if (this.#base === '') return String(offset);
    return offset === 0 ? this.#base : `${this.#base} + ${offset}`;
  }

  step(bytes: number): void {
    this.#offset += bytes;
  }

  /** Continues from the value of a local variable. */
  from(variable: string): void {
    this.#base = variable;
    this.#offset = 0;
  }
}
