import { type Clock, DAY_MS, type Monotonic } from '../../runtime/index.ts';

// What an issuer has declined it declines again, or wants to see authenticated (a soft decline): that its network goes
// away a minute later is no reason to approve it in its stead. What a node saw itself is remembered for a day; to ask
// the projection was rejected, it is behind, and the database may be what is slow while a network is away.

/** More is not worth the memory; who was declined longest ago makes room. */
const MAX_CARDS = 20_000;

/**
 * Codes that say nothing of the card: the issuer or its network could not do its part, or did not understand; a wrong
 * PIN, which is verified anew.
 */
const NOT_OF_THE_CARD: ReadonlySet<string> = new Set([
  '06',
  '09',
  '12',
  '13',
  '19',
  '30',
  '55',
  '58',
  '68',
  '89',
  '90',
  '91',
  '92',
  '94',
  '95',
  '96',
]);

export class DeclinedCards {
  readonly #clock: Clock;
  readonly #until = new Map<string, Monotonic>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param code DE39 of the issuer's refusal */
  note(cardReference: string, code: string): void {
    if (NOT_OF_THE_CARD.has(code)) return;
    this.#until.delete(cardReference);
    this.#until.set(cardReference, this.#clock.monotonic() + DAY_MS);
    if (this.#until.size <= MAX_CARDS) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      break;
    }
  }

  /** The issuer has approved it since: what was wrong is over. */
  forget(cardReference: string): void {
    this.#until.delete(cardReference);
  }

  has(cardReference: string): boolean {
    return (this.#until.get(cardReference) ?? 0) > this.#clock.monotonic();
  }
}
