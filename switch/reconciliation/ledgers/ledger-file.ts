import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseCsvLine } from '../csv.ts';
import { ReconError } from '../errors.ts';
import type { Fields, Place } from './records.ts';

const MAX_RECORDS = 2_000_000;
const MAX_LINE = 8_192;

/**
 * Reads a ledger file: JSON Lines, or CSV whose first line names the columns.
 * @throws ReconError SW_RECON_SOURCE, SW_RECON_RECORD, SW_RECON_TOO_LARGE
 */
export async function readLedgerFile<Record>(
  file: string,
  record: (fields: Fields, place: Place) => Record,
): Promise<Record[]> {
  const records: Record[] = [];
  let line = 0;
  let columns: readonly string[] | undefined;
  try {
    for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
      line += 1;
      const place = { source: file, line };
      if (text.trim() === '') continue;
      if (text.length > MAX_LINE) throw new ReconError('SW_RECON_RECORD', { ...place, limit: MAX_LINE });
      if (records.length === MAX_RECORDS) {
        throw new ReconError('SW_RECON_TOO_LARGE', { source: file, limit: MAX_RECORDS });
      }
      if (text.startsWith('{')) records.push(record(jsonFields(text, place), place));
      else if (columns) records.push(record(csvFields(text, columns, place), place));
      else columns = parseCsvLine(text.replace(/^\uFEFF/, ''));
    }
  } catch (cause) {
    if (cause instanceof ReconError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReconError('SW_RECON_SOURCE', { source: file, reason }, { cause });
  }
  return records;
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
