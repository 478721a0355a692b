import { hash } from 'node:crypto';
import type { Pan } from '../../messages/index.ts';
import type { Clock, Random } from '../../runtime/index.ts';
import type { StoredCard } from './inbound.ts';

/**
 * The stored forms of the cards seen last, so that the HSM makes them once and not for each payment. A card is found
 * by a keyed hash of its PAN under a key that this process draws at its start and never shows: no PAN is kept, and
 * what is kept (ciphertext and reference) is what the journal holds in the open. Forms are made anew after an hour,
 * so that a data key that took the place of another is soon the one in use. Bounded; the card seen longest ago leaves
 * first. Knowing a card proves nothing: its message's MAC is verified all the same.
 * Rejected: the HSM's own look-up hash as the name, since asking for it is the trip that is to be saved; and an HMAC,
 * which Node makes a key object for each time: it cost a tenth of a payment. What it guards against, that somebody
 * lengthens what was hashed, would need a hash in somebody's hands, and none leaves this object.
 */
export class KnownCards {
  /** Hexadecimal: it goes before the PAN, which text makes cheap. */
  readonly #key: string;
  readonly #clock: Clock;
  readonly #capacity: number;
  readonly #cards = new Map<string, { readonly card: StoredCard; readonly until: number }>();

  constructor({ clock, random }: { clock: Clock; random: Random }, capacity = CAPACITY) {
    this.#key = random.bytes(KEY_BYTES).toString('hex');
    this.#clock = clock;
    this.#capacity = capacity;
  }

  find(pan: Pan): StoredCard | undefined {
    const name = this.#nameOf(pan);
    const known = this.#cards.get(name);
    if (!known) return undefined;
    this.#cards.delete(name);
    if (known.until <= this.#clock.monotonic()) return undefined;
    // Moved to the end: the front is the one seen longest ago.
    this.#cards.set(name, known);
    return known.card;
  }

  keep(pan: Pan, card: StoredCard): void {
    this.#cards.set(this.#nameOf(pan), { card, until: this.#clock.monotonic() + MADE_ANEW_AFTER_MS });
    const oldest = this.#cards.keys().next().value;
    if (this.#cards.size > this.#capacity && oldest !== undefined) this.#cards.delete(oldest);
  }

  #nameOf(pan: Pan): string {
    return hash('sha256', this.#key + pan.reveal(), 'base64');
  }
}

/** Some 350 bytes each. */
const CAPACITY = 50_000;
const KEY_BYTES = 32;
const MADE_ANEW_AFTER_MS = 3_600_000;
