import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../end-to-end/row.ts';
import type { Facts } from './facts.ts';

/** One run, as it is kept. */
export interface Result extends Facts {
  readonly postgres: string;
  readonly args: readonly string[];
  readonly rows: readonly Row[];
}

/** Writes a run beside the others, named by date and commit; gives the file's name. */
export function saveResult(result: Result): string {
  const time = result.at.slice(0, 19).replaceAll(':', '').replace('T', '-');
  const file = join(import.meta.dirname, `${time}-${result.commit.replace('+', '-changed')}.json`);
  const rows = result.rows.map((row) => JSON.stringify(row));
  const { rows: _, ...head } = result;
  const text = `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rows": [\n    ${rows.join(',\n    ')}\n  ]\n}\n`;
  writeFileSync(file, text);
  return file;
}
