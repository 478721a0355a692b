import type { Log } from '../../runtime/index.ts';
import { type FlushKeeper, type FlushPlace, type KeptFlush, placeText } from '../journal/kept-flush.ts';
import type { ComparedDatabase, WithDatabase } from './compared-database.ts';
import type { CopyStatus, KeptFile, KeptFiles } from './kept-files.ts';

export interface OwnCopyParts {
  readonly node: string;
  readonly files: KeptFiles;
  readonly database: WithDatabase;
  readonly log: Log;
}

/** What became of what the database lacked. */
interface WrittenAgain {
  written: number;
  conflicts: number;
  unreadable: number;
}

/**
 * What a node itself knows of what it answered, whatever becomes of the database. A standby that was promoted, or a
 * copy that was restored, may lack what was acknowledged. Commits are in one order, so the last flush that is kept
 * tells: where the database has it, under its link, all before it is there too. Where it has not, an alarm is raised,
 * and what it lacks is written again before anything else: under its own epoch, numbers and links, so that the chain is
 * the one whose heads were signed. To append it anew was rejected: the chain would have a hole for ever, and nobody
 * could tell that what stands there is what was lost.
 */
export class OwnCopy implements FlushKeeper {
  readonly #parts: OwnCopyParts;

  constructor(parts: OwnCopyParts) {
    this.#parts = parts;
  }

  status(): CopyStatus {
    return this.#parts.files.status();
  }

  keep(flush: KeptFlush): void {
    this.#parts.files.put(flush);
  }

  async compare(name: string): Promise<void> {
    const { files, database } = this.#parts;
    files.use(name);
    const newest = await files.newest();
    if (!newest) return;
    await database(async (compared) => {
      if (!(await compared.holds(newest))) await this.#bringBack(compared, newest);
      else await compared.vouch(await this.#oldestEpoch(newest));
    });
  }

  close(): Promise<void> {
    return this.#parts.files.close();
  }

  async #bringBack(compared: ComparedDatabase, newest: FlushPlace): Promise<void> {
    const { node, log, files } = this.#parts;
    log.error({ event: 'journal.data-lost', node, epoch: newest.epoch, sequence: newest.last });
    const summary = `the database lacks what ${node} had committed up to ${placeText(newest)}: a fail-over lost it`;
    await compared.noteLoss(newest, summary);

    await files.settled();
    const done = await this.#writeAgain(compared);
    const note = `${done.written} entries written again, ${done.conflicts} conflicts, ${done.unreadable} flushes unreadable`;
    await compared.tell(newest, note);
    log.warn({ event: 'journal.written-again', node, ...done });
    if (done.unreadable === 0) await compared.vouch(await this.#oldestEpoch(newest));
  }

  /** From the first flush that the database lacks on, in their order. */
  async #writeAgain(compared: ComparedDatabase): Promise<WrittenAgain> {
    const { files } = this.#parts;
    const done: WrittenAgain = { written: 0, conflicts: 0, unreadable: 0 };
    for (const { file, from } of await this.#lacking(compared)) {
      for await (const flush of files.read(file, from)) {
        if (!flush) {
          done.unreadable += 1;
          continue;
        }
        const { written, conflicts } = await compared.writeAgain(flush);
        done.written += written;
        done.conflicts += conflicts;
      }
    }
    return done;
  }

  /** Files with something that the database lacks, the oldest first, and from where on. */
  async #lacking(compared: ComparedDatabase): Promise<{ file: KeptFile; from: number }[]> {
    const lacking: { file: KeptFile; from: number }[] = [];
    for await (const file of this.#parts.files.files()) {
      const from = await firstMissing(file.places, compared);
      if (from < file.places.length) lacking.unshift({ file, from });
      if (from > 0) break;
    }
    return lacking;
  }

  async #oldestEpoch(newest: FlushPlace): Promise<number> {
    let oldest = newest.epoch;
    for await (const { places } of this.#parts.files.files()) {
      oldest = Math.min(oldest, places[0]?.epoch ?? oldest);
    }
    return oldest;
  }
}

/** What is there comes before what is not: commits are in one order. */
async function firstMissing(places: readonly FlushPlace[], compared: ComparedDatabase): Promise<number> {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const place = places[middle];
    if (place && (await compared.holds(place))) low = middle + 1;
    else high = middle;
  }
  return low;
}
