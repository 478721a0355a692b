import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const LAST = 999_999;
/** So many are taken from the file at a time: a killed process wastes some and repeats none. */
const BLOCK = 100;

/** A terminal's trace numbers (DE11): 000001 to 999999, then 000001 again; never 000000. */
export interface StanCounter {
  next(): string;
  /** Gives back what was taken from the file and not used. */
  close(): void;
}

/** Goes on where the last run of this terminal stopped; `file` holds the last number given out. */
export function openStan(file: string): StanCounter {
  mkdirSync(dirname(file), { recursive: true });
  let last = readLast(file);
  let reserved = 0;
  return {
    next() {
      if (reserved === 0) {
        writeFileSync(file, String(after(last, BLOCK)));
        reserved = BLOCK;
      }
      reserved -= 1;
      last = after(last, 1);
      return String(last).padStart(6, '0');
    },
    close() {
      if (reserved > 0) writeFileSync(file, String(last));
      reserved = 0;
    },
  };
}

function after(stan: number, steps: number): number {
  return ((stan + steps - 1) % LAST) + 1;
}

function readLast(file: string): number {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^\d{1,6}$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}
