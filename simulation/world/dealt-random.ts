import { SeededRandom } from './seeded-random.ts';

/** What one deal of a seed has in common with another: what is asked for, when, and what peers make of it. */
const OF_PHYSICS = /^(network|database|projector|proof service|node-\d+|boot of .*)$/;
const OF_PEERS = /^(network (visa|iso87)|TERM\d+|ACQ\d+)$/;

/**
 * The chance of a run, dealt anew in part: latencies and disks with every deal, and with every second one what hosts
 * answer too. Where payments are left out of a failing seed, what is left meets other latencies than before; a fault
 * that needs two things at one moment shows under another deal. Deal 0 is the seed itself.
 */
export class DealtRandom extends SeededRandom {
  readonly #deal: number;

  constructor(seed: number, stream: string, deal: number) {
    super(seed, stream);
    this.#deal = deal;
  }

  override stream(name: string): SeededRandom {
    const deal = this.#deal;
    const isDealt = deal > 0 && (OF_PHYSICS.test(name) || (deal % 2 === 0 && OF_PEERS.test(name)));
    return super.stream(isDealt ? `${name}, dealt ${deal}` : name);
  }
}
