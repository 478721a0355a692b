/** Beyond so many circles at once the others are one. */
const MOST = 1_024;
const OTHERS = 'others';

/**
 * Counts what came to nothing by the circle (an address, a certificate) that it came from: wrong MACs, bytes that are
 * no message, connections that had to go. Whether that is a flood is for somebody else to say: here it costs one
 * addition. What waited in vain for its turn is not counted: that may be the HSM's fault, and not the peer's.
 */
export class TurnedAway {
  #counts = new Map<string, number>();

  note(circle: string): void {
    const key = this.#counts.has(circle) || this.#counts.size < MOST ? circle : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** What was counted since the last time. */
  take(): ReadonlyMap<string, number> {
    const counts = this.#counts;
    if (counts.size > 0) this.#counts = new Map();
    return counts;
  }
}
