import { createHash } from 'node:crypto';
import { HsmError } from '../errors.ts';

interface LastSeen {
  counter: number;
  /** Hash of the request, so that the same one may be asked again: a retry gives away nothing new. */
  digest: string;
}

/**
 * Refuses DUKPT counters that were used before (X9.24-3, 5.5): per device and purpose, a counter must be greater than
 * the last one, or the request the very same. Bounded: the device heard of longest ago is forgotten first. It lives as
 * long as the process; across processes the switch's own record of transactions is what refuses a repeat.
 */
export class KsnMemory {
  readonly #capacity: number;
  readonly #seen = new Map<string, LastSeen>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * @param device what names key and device. @param content what is decrypted or verified
   * @returns what remembers the counter: called once the request succeeded, so that rubbish blocks no device
   * @throws HSM_KSN_REPLAYED
   */
  check(device: string, purpose: string, counter: number, content: Uint8Array): () => void {
    const name = `${purpose}/${device}`;
    const digest = createHash('sha256').update(content).digest('base64');
    const last = this.#seen.get(name);
    const repeated = last !== undefined && last.counter === counter && last.digest === digest;
    if (last !== undefined && counter <= last.counter && !repeated) {
      throw new HsmError('HSM_KSN_REPLAYED', `counter ${counter}, last ${last.counter}`);
    }
    return () => this.#remember(name, { counter, digest });
  }

  #remember(name: string, seen: LastSeen): void {
    this.#seen.delete(name);
    this.#seen.set(name, seen);
    const oldest = this.#seen.keys().next().value;
    if (this.#seen.size > this.#capacity && oldest !== undefined) this.#seen.delete(oldest);
  }
}
