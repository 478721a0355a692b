/** So many a second, and as many at once. Time is handed in: milliseconds that never go back. */
export class TokenBucket {
  readonly #perSecond: number;
  #level: number;
  #at: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#level = Math.max(1, perSecond);
  }

  /** @returns whether there was one left */
  take(now: number): boolean {
    const passed = now - (this.#at ?? now);
    this.#at = now;
    this.#level = Math.min(Math.max(1, this.#perSecond), this.#level + (passed * this.#perSecond) / 1_000);
    if (this.#level < 1) return false;
    this.#level -= 1;
    return true;
  }
}
