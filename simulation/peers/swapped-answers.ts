import type { World } from '../world/world.ts';
import { isRequestAnswer, type NetworkMessage, withContentOf } from './host-messages.ts';

/** An answer that waits for another to be swapped with leaves as it is after this time. */
const SWAPPED_WITHIN_MS = 400;

/** Answers of one network that change places: each payment gets what the other was answered. */
export class SwappedAnswers<M extends NetworkMessage> {
  readonly #world: World;
  readonly #name: string;
  readonly #after: (ms: number, done: () => void) => void;
  #waiting: { readonly reply: M; send(reply: M): void } | undefined;

  constructor(world: World, name: string, after: (ms: number, done: () => void) => void) {
    this.#world = world;
    this.#name = name;
    this.#after = after;
  }

  /** Sends it, or waits for another answer to change places with, if it is to. */
  send(reply: M, isSwapped: boolean, send: (reply: M) => void): void {
    const other = this.#waiting;
    // A refusal that names no amount tells nobody whose it is.
    const isOfMoney = isRequestAnswer(reply) && Number(reply.de4) > 0;
    if (other && isOfMoney) {
      this.#waiting = undefined;
      this.#world.tell(this.#name, () => 'gives two payments each the answer of the other');
      other.send(withContentOf(other.reply, reply));
      send(withContentOf(reply, other.reply));
    } else if (isSwapped && isOfMoney) {
      const waiting = { reply, send };
      this.#waiting = waiting;
      this.#after(SWAPPED_WITHIN_MS, () => {
        if (this.#waiting !== waiting) return;
        this.#waiting = undefined;
        send(reply);
      });
    } else send(reply);
  }
}
