/**
 * The files of a node's own copy: a ring in one folder, written beside the hot path. What is put is sealed and written
 * with the next write, and one write is under way at a time, so under load many flushes share one. No reply waits for
 * it, and nothing is forced to the disk: what the page cache has outlives the process, not the machine. To wait for the
 * disk was rejected: it is the second copy of what the database has forced to its own already, and would cost every
 * payment a third commit.
 */
import type { KeyObject } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log, Monotonic, Random } from '../../runtime/index.ts';
import type { FlushPlace, KeptFlush } from '../journal/kept-flush.ts';
import { newSealingKey, type SealingHsm, type SealingKey, sealingKeyOf } from '../sealing/sealing-key.ts';
import { type FileHead, flushOf, headBytes, headOf, recordBytes, recordsOf } from './records.ts';
import { keyOfFile } from './seal.ts';

export interface KeptFilesParts {
  readonly folder: string;
  readonly hsm: SealingHsm;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What is older is given up, and so is the oldest where all together is larger. */
  readonly keepMs: number;
  readonly maxBytes: number;
}

/** How well the copy is kept. */
export interface CopyStatus {
  /** Flushes that wait to be written. */
  readonly waiting: number;
  /** Flushes that were given up since the process started, because they could not be written. */
  readonly lost: number;
}

/** The ring has about so many files. */
const FILES = 16;
const SUFFIX = '.kept';
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const AGAIN_AFTER_MS = 1_000;
const STAMP_DIGITS = 15;
const SALT_BYTES = 16;

interface OpenFile {
  readonly handle: FileHandle;
  readonly key: KeyObject;
  readonly since: Monotonic;
  count: number;
  bytes: number;
}

/** A file that can be read, with where it begins. */
export interface KeptFile {
  readonly path: string;
  readonly places: readonly FlushPlace[];
}

export class KeptFiles {
  readonly #parts: KeptFilesParts;
  readonly #keys = new Map<string, SealingKey>();
  #database = '';
  #key: SealingKey | undefined;
  #file: OpenFile | undefined;
  #waiting: KeptFlush[] = [];
  #waitingBytes = 0;
  #newest: FlushPlace | undefined;
  #lost = 0;
  #isFailing = false;
  #work: Promise<void> | undefined;

  constructor(parts: KeptFilesParts) {
    this.#parts = parts;
  }

  /** Of which database all is from now on. */
  use(database: string): void {
    this.#database = database;
  }

  status(): CopyStatus {
    return { waiting: this.#waiting.length, lost: this.#lost };
  }

  put(flush: KeptFlush): void {
    this.#newest = flush;
    this.#waiting.push(flush);
    this.#waitingBytes += sizeOf(flush);
    while (this.#waitingBytes > MAX_WAITING_BYTES) this.#giveUpOldest();
    if (!this.#isFailing) this.#work ??= this.#write();
  }

  /** Resolves once nothing is being written. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** What was kept last, by this process or by those before it. */
  async newest(): Promise<FlushPlace | undefined> {
    if (this.#newest) return this.#newest;
    for (const path of (await this.#paths()).reverse()) {
      const place = (await this.#placesOf(path)).at(-1);
      if (place) return place;
    }
    return undefined;
  }

  /** Those of this database with at least one flush, the newest first. */
  async *files(): AsyncGenerator<KeptFile> {
    for (const path of (await this.#paths()).reverse()) {
      const places = await this.#placesOf(path);
      if (places.length > 0) yield { path, places };
    }
  }

  /**
   * The flushes of a file, from one of them on; undefined for each that was altered.
   * @throws HsmError where its key cannot be had now
   */
  async *read({ path }: KeptFile, from: number): AsyncGenerator<KeptFlush | undefined> {
    const bytes = await readFile(path);
    const head = headOf(bytes);
    if (!head) return;
    const key = keyOfFile(await this.#keyOf(head), head.salt);
    for (const record of recordsOf(bytes, head)) {
      if (record.count >= from) yield this.#opened(() => flushOf(record, key), path);
    }
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#file?.handle.close().catch(() => {});
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeWaiting();
      if (this.#isFailing) this.#parts.log.info({ event: 'own-copy.kept-again' });
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#parts.log.error({ event: 'own-copy.failed', err: error });
      this.#isFailing = true;
      this.#parts.clock.after(AGAIN_AFTER_MS, () => {
        this.#work ??= this.#write();
      });
    } finally {
      this.#work = undefined;
    }
  }

  async #writeWaiting(): Promise<void> {
    const file = await this.#fileToWrite();
    const flushes = this.#waiting;
    [this.#waiting, this.#waitingBytes] = [[], 0];
    try {
      const bytes = Buffer.concat(flushes.map((flush) => recordBytes(flush, file.key, file.count++)));
      await file.handle.write(bytes);
      file.bytes += bytes.length;
    } catch (error) {
      this.#file = undefined; // what is torn ends a file
      await file.handle.close().catch(() => {});
      this.#waiting.unshift(...flushes);
      for (const flush of flushes) this.#waitingBytes += sizeOf(flush);
      throw error;
    }
  }

  #giveUpOldest(): void {
    const oldest = this.#waiting.shift();
    if (!oldest) return;
    this.#waitingBytes -= sizeOf(oldest);
    this.#lost += 1;
  }

  async #fileToWrite(): Promise<OpenFile> {
    const { clock, keepMs, maxBytes } = this.#parts;
    const file = this.#file;
    const isFull = file && (file.bytes > maxBytes / FILES || clock.monotonic() - file.since > keepMs / FILES);
    if (file && !isFull) return file;

    this.#file = undefined;
    await file?.handle.close();
    this.#file = await this.#newFile();
    await this.#dropOld();
    return this.#file;
  }

  async #newFile(): Promise<OpenFile> {
    const { folder, hsm, clock, random } = this.#parts;
    this.#key ??= await newSealingKey(hsm, random);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const salt = Buffer.from(random.bytes(SALT_BYTES));
    const head = headBytes({ database: this.#database, salt, handle: this.#key.handle });
    // A clock that is set back does not come before what is there: the order of the names is that of the files.
    const after = stampOf((await this.#paths()).at(-1) ?? '') + 1;
    const stamp = String(Math.max(clock.wall(), after)).padStart(STAMP_DIGITS, '0');
    const name = `${stamp}-${random.bytes(4).toString('hex')}${SUFFIX}`;
    const handle = await open(join(folder, name), 'ax', 0o600);
    await handle.write(head);
    const key = keyOfFile(this.#key, salt);
    return { handle, key, since: clock.monotonic(), count: 0, bytes: head.length };
  }

  /** What is older than is asked for, by when the next one began; then the oldest, until the rest has room. */
  async #dropOld(): Promise<void> {
    const { clock, keepMs, maxBytes, log } = this.#parts;
    const paths = await this.#paths();
    const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
    let total = sizes.reduce((sum, size) => sum + size, 0);
    for (const [index, path] of paths.slice(0, -1).entries()) {
      const isOld = stampOf(paths[index + 1] ?? '') < clock.wall() - keepMs;
      if (!isOld && total <= maxBytes) break;
      if (!isOld) log.warn({ event: 'own-copy.short', keepMs, maxBytes });
      await rm(path, { force: true });
      total -= sizes[index] ?? 0;
    }
  }

  async #paths(): Promise<string[]> {
    const { folder } = this.#parts;
    const names = await readdir(folder).catch(() => []);
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => join(folder, name));
  }

  async #placesOf(path: string): Promise<FlushPlace[]> {
    const bytes = await readFile(path);
    const head = headOf(bytes);
    if (head?.database !== this.#database) return [];
    return [...recordsOf(bytes, head)].map(({ place }) => place);
  }

  async #keyOf({ handle }: FileHead): Promise<SealingKey> {
    const name = handle.toString('hex');
    const key = this.#keys.get(name) ?? (await sealingKeyOf(this.#parts.hsm, handle));
    this.#keys.set(name, key);
    return key;
  }

  #opened(openRecord: () => KeptFlush, path: string): KeptFlush | undefined {
    try {
      return openRecord();
    } catch (error) {
      this.#parts.log.error({ event: 'own-copy.unreadable', file: path, err: error });
      return undefined;
    }
  }
}

const stampOf = (path: string): number => Number(/(\d{15})-[0-9a-f]{8}\.kept$/.exec(path)?.[1] ?? 0);

function sizeOf({ lines }: KeptFlush): number {
  return lines.entries.length + lines.claims.length + lines.followUps.length + lines.takes.length;
}
