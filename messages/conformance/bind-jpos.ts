import type { Dialect } from '../dialect.ts';
import { importJpos } from '../import/jpos.ts';
import { child, count, type JsonObject, type Row, text } from './rows.ts';

/**
 * jPOS rows name the class of every field but not its `pad` attribute, so each way of filling odd digits is a candidate.
 * Nor do they give header lengths: what stands in front of the message type is the header, and an inner message may have one byte.
 */
export function bindJpos(row: Row): Dialect[] {
  const spec = row.spec ?? {};
  const nested = Object.values(spec).some((field) => child(field, 'sub'));
  const guesses = pads.flatMap((pad) =>
    (nested ? [0, 1] : [0]).map((innerHeader) => ({ ...pad, innerHeader })),
  );
  return guesses.map((guess) => {
    const elements = Object.entries(spec).map(([id, field]) => element(id, field, guess));
    if (!('1' in spec)) elements.push('<isofield id="1" length="16" class="IFB_BITMAP"/>');
    return importJpos(
      `<isopackager headerLength="${headerLength(row)}">${elements.join('\n')}</isopackager>`,
    );
  });
}

interface Guess {
  /** Odd digits filled up on the left, for fixed and for variable numbers. */
  readonly numeric: boolean;
  readonly num: boolean;
  readonly innerHeader: number;
}

const pads: readonly Omit<Guess, 'innerHeader'>[] = [
  { numeric: true, num: true },
  { numeric: true, num: false },
  { numeric: false, num: false },
];

function element(id: string, field: JsonObject, guess: Guess): string {
  const sub = child(field, 'sub');
  const className = text(field, sub ? 'outer' : 'class');
  const length = count(field, sub ? 'outerLen' : 'len');
  const pad = className.endsWith('NUMERIC') ? guess.numeric : guess.num;
  const attributes = `id="${id}" length="${length}" name="${id}" pad="${pad}" class="${className}"`;
  if (!sub) return `<isofield ${attributes}/>`;
  const inner = Object.keys(sub).map((key) => element(key, child(sub, key) ?? {}, guess));
  const outer = `${attributes} headerLength="${guess.innerHeader}" packager="GenericPackager"`;
  return `<isofieldpackager ${outer}>${inner.join('\n')}</isofieldpackager>`;
}

function headerLength(row: Row): number {
  if (row.isoHeaderLength !== undefined) return row.isoHeaderLength;
  const mtiClass = text(row.spec?.['0'], 'class');
  const mti = row.mti ?? '';
  const ebcdic = Array.from(mti, (digit) => `f${digit}`).join('');
  const written = mtiClass.startsWith('IFB')
    ? mti
    : mtiClass.startsWith('IFE')
      ? ebcdic
      : Buffer.from(mti).toString('hex');
  const bytes = Buffer.from(row.hex, 'hex');
  const at = mti === '' ? -1 : bytes.indexOf(Buffer.from(written, 'hex'));
  return at > 0 && at <= longestHeader ? at : 0;
}

const longestHeader = 32;
