import { settle } from '../../../test/support/virtual-clock.ts';
import type { PendingEntry } from '../entry.ts';
import type { AppendResult } from '../journal.ts';
import { FlushError, type Flushed, type Writer } from '../writer.ts';

/** A writer whose every answer the test gives. */
export class ScriptedWriter implements Writer {
  readonly batches: (readonly PendingEntry[])[] = [];
  readonly attaches: (readonly number[])[] = [];
  readonly lowWaters: number[] = [];
  readonly stored = new Set<number>();
  isFenced = false;
  isReachable = true;
  drops = 0;
  readonly links: string[] = [];
  readonly claimed = new Set<string>();
  #flush: PromiseWithResolvers<Flushed> | undefined;

  async attach(unsettled: readonly number[]) {
    this.attaches.push(unsettled);
    if (!this.isReachable) throw new Error('unreachable');
    const found = new Set(unsettled.filter((each) => this.stored.has(each)));
    return { isFenced: this.isFenced, found, claimed: this.claimed };
  }

  flush(batch: readonly PendingEntry[], link: string) {
    this.batches.push(batch);
    this.links.push(link);
    this.#flush = Promise.withResolvers();
    return this.#flush.promise;
  }

  async renew(lowWater: number) {
    this.lowWaters.push(lowWater);
    return !this.isFenced;
  }

  drop() {
    this.drops += 1;
    this.fail('lost');
  }

  async succeed(refused: readonly [number, AppendResult][] = [], owned: readonly string[] = []) {
    for (const { sequence } of this.batches.at(-1) ?? []) this.stored.add(sequence);
    this.#flush?.resolve({ refused: new Map(refused), owned: new Set(owned) });
    await settle();
  }

  async fail(failure: 'lost' | 'fenced' | 'expired' | 'again' | 'refused') {
    this.#flush?.reject(new FlushError(failure, new Error('scripted')));
    await settle();
  }

  sizes() {
    return this.batches.map((batch) => batch.length);
  }
}
