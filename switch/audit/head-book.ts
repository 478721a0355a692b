import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where heads are published: kept in their order, never changed. */
export interface HeadBook {
  /** The line that was written last; undefined in an empty book. */
  last(): Promise<string | undefined>;
  /** Resolves once it is durable. @param at milliseconds since the Unix epoch */
  append(line: string, at: number): Promise<void>;
  /** Puts the public key beside them, once. */
  keepKey(fingerprint: string, pem: string): Promise<void>;
}

/** What a read from the end of a file takes at least: a head has less than this. */
const TAIL_BYTES = 4_096;
const MONTH = /^\d{4}-\d{2}\.jsonl$/;

/**
 * Files in one folder: one for each node and month (UTC), `node-1.2026-11.jsonl`, a head a line. Nothing is ever
 * removed here.
 */
export class HeadFolder implements HeadBook {
  readonly #folder: string;
  readonly #node: string;
  #isSound = false;

  constructor(folder: string, node: string) {
    this.#folder = folder;
    this.#node = node;
  }

  async last(): Promise<string | undefined> {
    for (const name of (await this.#files()).reverse()) {
      const line = await lastLine(join(this.#folder, name));
      if (line !== undefined) return line;
    }
    return undefined;
  }

  async append(line: string, at: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    if (!this.#isSound) await this.#dropTornLine();
    this.#isSound = false; // until this line is whole
    const month = new Date(at).toISOString().slice(0, 7);
    // A clock that is set back does not begin an earlier month again: the order of the files is that of the heads.
    const file = [`${this.#node}.${month}.jsonl`, ...(await this.#files())].sort().at(-1) ?? '';
    const handle = await open(join(this.#folder, file), 'a', 0o640);
    try {
      await handle.writeFile(`${line}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await this.#syncFolder();
    this.#isSound = true;
  }

  async keepKey(fingerprint: string, pem: string): Promise<void> {
    const file = join(this.#folder, `${fingerprint.slice(0, 16)}.pem`);
    await mkdir(this.#folder, { recursive: true, mode: 0o750 });
    if ((await readFile(file, 'utf8').catch(() => undefined)) === pem) return;
    await writeFile(`${file}.new`, pem, { mode: 0o640 });
    await rename(`${file}.new`, file);
  }

  async #files(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const prefix = `${this.#node}.`;
    const isOurs = (name: string) => name.startsWith(prefix) && MONTH.test(name.slice(prefix.length));
    return names.filter(isOurs).sort();
  }

  /** A crash in the middle of a line: it was not published, since nobody was told that it was. */
  async #dropTornLine(): Promise<void> {
    const newest = (await this.#files()).at(-1);
    if (newest === undefined) return;
    const handle = await open(join(this.#folder, newest), 'r+');
    try {
      const { text, size } = await tailOf(handle);
      const torn = text.length - text.lastIndexOf('\n') - 1;
      if (torn > 0) await handle.truncate(size - torn);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #syncFolder(): Promise<void> {
    const handle = await open(this.#folder, 'r');
    await handle.sync().finally(() => handle.close());
  }
}

async function lastLine(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r');
  try {
    const { text } = await tailOf(handle);
    return text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) || undefined;
  } finally {
    await handle.close();
  }
}

async function tailOf(handle: Awaited<ReturnType<typeof open>>): Promise<{ text: string; size: number }> {
  const { size } = await handle.stat();
  const length = Math.min(size, TAIL_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return { text: buffer.toString('latin1'), size };
}
