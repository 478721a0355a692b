/**
 * Wrong PINs of each card in a row, as issuers count them: after three every PIN is refused, right or wrong. A right
 * one before that begins anew. It is kept in memory, so a new start of the simulator opens every card again; bounded,
 * and the card whose PIN was wrong longest ago is forgotten first.
 */
export class PinTries {
  readonly #wrong = new Map<string, number>();

  isUsedUp(card: string): boolean {
    return (this.#wrong.get(card) ?? 0) >= MOST_WRONG;
  }

  wrong(card: string): void {
    const before = this.#wrong.get(card) ?? 0;
    this.#wrong.delete(card);
    this.#wrong.set(card, before + 1);
    if (this.#wrong.size <= MOST_CARDS) return;
    for (const oldest of this.#wrong.keys()) {
      this.#wrong.delete(oldest);
      return;
    }
  }

  right(card: string): void {
    this.#wrong.delete(card);
  }
}

const MOST_WRONG = 3;
const MOST_CARDS = 10_000;
