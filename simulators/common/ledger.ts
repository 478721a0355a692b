import { createReadStream, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { SimulatorError } from '../errors.ts';

const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What every row of every ledger has: what happened, and when (RFC 3339). */
export interface LedgerRow {
  kind: string;
  at: string;
}

/**
 * A simulator's own book: an append-only file of JSON lines, written in batches. Nothing is forced to the
 * disk, so a row survives the death of the process, not that of the machine.
 */
export interface Ledger<Row extends LedgerRow> {
  /** Resolves once the system holds the row: answer after that, and a killed process forgets no effect it told. */
  append(row: Row): Promise<void>;
  /** Resolves once every row appended so far is in the file. */
  flush(): Promise<void>;
  /** Every row, oldest first, read back from the file. */
  rows(): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * Opens or creates the ledger and hands every row it holds to `replay`. A last line that a killed process
 * left unfinished is cut off. `onBroken` is called once, if the file cannot be written any more.
 * @throws {SimulatorError} SIM_LEDGER_CORRUPT for any other line that is not a row
 */
export async function openLedger<Row extends LedgerRow>(
  file: string,
  replay: (row: Row) => void,
  onBroken: (error: unknown) => void,
): Promise<Ledger<Row>> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'a+', 0o600);
  try {
    const length = await cutUnfinishedLine(handle);
    if (length > 0) await replayRows(file, length, replay);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new BatchedLedger<Row>(file, handle, onBroken);
}

/**
 * The rows of one turn of the event loop are one write, made at the end of that turn by this thread: the system takes a
 * few microseconds to copy them, a thread of the pool ten times as many to be woken and to report.
 */
class BatchedLedger<Row extends LedgerRow> implements Ledger<Row> {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #onBroken: (error: unknown) => void;
  #waiting = '';
  #batch: PromiseWithResolvers<void> | undefined;
  #failure: unknown;

  constructor(file: string, handle: FileHandle, onBroken: (error: unknown) => void) {
    this.#file = file;
    this.#handle = handle;
    this.#onBroken = onBroken;
  }

  append(row: Row): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.length > MAX_WAITING_BYTES) {
      const details = { file: this.#file, limit: MAX_WAITING_BYTES };
      return Promise.reject(new SimulatorError('SIM_LEDGER_BEHIND', details));
    }
    this.#waiting += `${JSON.stringify(row)}\n`;
    this.#batch ??= this.#newBatch();
    return this.#batch.promise;
  }

  async flush(): Promise<void> {
    await this.#batch?.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async rows(): Promise<Row[]> {
    await this.flush();
    return parseRows<Row>(this.#file, await readFile(this.#file, 'utf8'));
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#failure ??= new SimulatorError('SIM_LEDGER_CLOSED', { file: this.#file });
      await this.#handle.close();
    }
  }

  #newBatch(): PromiseWithResolvers<void> {
    const batch = Promise.withResolvers<void>();
    batch.promise.catch(() => {});
    setImmediate(() => this.#write(batch));
    return batch;
  }

  #write(batch: PromiseWithResolvers<void>): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#batch = undefined;
    try {
      for (let from = 0; from < bytes.length; ) from += writeSync(this.#handle.fd, bytes, from);
      batch.resolve();
    } catch (error) {
      this.#failure = error;
      batch.reject(error);
      this.#onBroken(error);
    }
  }
}

/** Gives the length that is left. */
async function cutUnfinishedLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const chunk = Buffer.alloc(64 * 1024);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - chunk.length);
    const { bytesRead } = await handle.read(chunk, 0, end - start, start);
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) {
      end = start + newline + 1;
      break;
    }
    end = start;
  }
  if (end < size) await handle.truncate(end);
  return end;
}

async function replayRows<Row extends LedgerRow>(
  file: string,
  length: number,
  replay: (row: Row) => void,
): Promise<void> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, { end: length - 1 }) })) {
    line += 1;
    replay(parseRow<Row>(file, text, line));
  }
}

function parseRows<Row extends LedgerRow>(file: string, text: string): Row[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line, index) => parseRow<Row>(file, line, index + 1));
}

function parseRow<Row extends LedgerRow>(file: string, text: string, line: number): Row {
  try {
    const row: Row | null = JSON.parse(text);
    if (typeof row?.kind === 'string') return row;
  } catch {}
  throw new SimulatorError('SIM_LEDGER_CORRUPT', { file, line });
}
