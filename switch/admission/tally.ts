/** How many of each are there now, and whether one more may be. Whoever has none is forgotten. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** False, and not counted, where there are `most` already. */
  enter(name: string, most: number): boolean {
    const count = this.#counts.get(name) ?? 0;
    if (count >= most) return false;
    this.#counts.set(name, count + 1);
    return true;
  }

  leave(name: string): void {
    const count = (this.#counts.get(name) ?? 0) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
