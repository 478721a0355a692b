import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseCsvLine } from '../csv.ts';
import { ReconError } from '../errors.ts';
import type { Fields, Place } from './records.ts';

const MAX_RECORDS = 2_000_000;
const MAX_LINE = 8_192;
const MAX_BYTES = 1024 * 1024 * 1024;

/** What the records of a file are. */
export interface RecordShape<Record> {
  /** Columns that a CSV file must have: one that is misspelt would count as nothing. */
  readonly columns: readonly string[];
  read(fields: Fields, place: Place): Record;
}

/**
 * Reads a ledger file: JSON Lines, or CSV whose first line names the columns.
 * @throws ReconError SW_RECON_SOURCE, SW_RECON_RECORD, SW_RECON_TOO_LARGE
 */
export async function readLedgerFile<Record>(file: string, shape: RecordShape<Record>): Promise<Record[]> {
  const records: Record[] = [];
  const reader = new LineReader(file, shape);
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new ReconError('SW_RECON_TOO_LARGE', { source: file, limit: MAX_BYTES });
    for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
      const record = reader.next(text);
      if (record === undefined) continue;
      if (records.length === MAX_RECORDS) {
        throw new ReconError('SW_RECON_TOO_LARGE', { source: file, limit: MAX_RECORDS });
      }
      records.push(record);
    }
  } catch (cause) {
    if (cause instanceof ReconError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReconError('SW_RECON_SOURCE', { source: file, reason }, { cause });
  }
  return records;
}

class LineReader<Record> {
  readonly #source: string;
  readonly #shape: RecordShape<Record>;
  #line = 0;
  #columns: readonly string[] | undefined;

  constructor(source: string, shape: RecordShape<Record>) {
    this.#source = source;
    this.#shape = shape;
  }

  /** The record of the next line; nothing for an empty one, and for the one that names the columns. */
  next(raw: string): Record | undefined {
    this.#line += 1;
    const place = { source: this.#source, line: this.#line };
    if (raw.length > MAX_LINE) throw new ReconError('SW_RECON_RECORD', { ...place, limit: MAX_LINE });
    const text = raw.replace(/^\uFEFF/, '').trim();
    if (text === '') return undefined;
    if (text.startsWith('{')) return this.#shape.read(jsonFields(text, place), place);
    if (this.#columns) return this.#shape.read(csvFields(text, this.#columns, place), place);
    this.#columns = headColumns(text, place, this.#shape.columns);
    return undefined;
  }
}

function headColumns(text: string, place: Place, required: readonly string[]): readonly string[] {
  const columns = parseCsvLine(text)?.map((column) => column.trim()) ?? [];
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new ReconError('SW_RECON_RECORD', { ...place, expected: `the columns ${missing.join(', ')}` });
  }
  return columns;
}

function jsonFields(text: string, place: Place): Fields {
  try {
    return JSON.parse(text) as Fields;
  } catch {
    throw new ReconError('SW_RECON_RECORD', { ...place, expected: 'a JSON object' }); // its text is not repeated
  }
}

function csvFields(text: string, columns: readonly string[], place: Place): Fields {
  const cells = parseCsvLine(text);
  if (cells?.length !== columns.length) {
    throw new ReconError('SW_RECON_RECORD', { ...place, expected: `${columns.length} cells` });
  }
  return Object.fromEntries(columns.map((column, index) => [column, cells[index]]));
}
