import { compile } from '../codec.ts';
import type { Dialect, Field } from '../dialect.ts';
import { IsoError } from '../errors.ts';
import { importJpos } from '../import/jpos.ts';
import { jposBitmap, jposField } from '../import/jpos-classes.ts';
import { toPlain } from '../plain.ts';
import { hintedField } from './bind-reference.ts';
import { same } from './compare.ts';
import { child, count, type JsonObject, type Row, text } from './rows.ts';

/**
 * jPOS rows name the class of every field but not its `pad` attribute: the fields whose values come out other than the
 * row has them are filled up on the other side. Nor do they give header lengths: what stands in front of the message
 * type is the header, and an inner message may have one byte. A class that the importer does not know is bound by the
 * words beside it.
 */
export function bindJpos(row: Row): Dialect[] {
  const nested = Object.values(row.spec ?? {}).some((field) => child(field, 'sub'));
  return (nested ? [0, 1] : [0]).flatMap((innerHeader) => {
    const left = dialectOf(row, () => true, innerHeader);
    const other = differingFields(row, left);
    const mixed = other.size > 0 ? [dialectOf(row, (id) => !other.has(id), innerHeader)] : [];
    return [left, ...mixed, dialectOf(row, () => false, innerHeader)];
  });
}

type PadLeft = (id: string) => boolean;

function dialectOf(row: Row, padLeft: PadLeft, innerHeader: number): Dialect {
  const entries = Object.entries(row.spec ?? {});
  const known = entries.filter(([id, field]) => id === '0' || id === '1' || isKnown(field));
  const elements = known.map(([id, field]) => element(id, field, padLeft(id), innerHeader));
  if (!entries.some(([id]) => id === '1')) elements.push('<isofield id="1" length="16" class="IFB_BITMAP"/>');
  const dialect = importJpos(
    `<isopackager headerLength="${headerLength(row)}">${elements.join('\n')}</isopackager>`,
  );
  const hinted = entries.filter(([id, field]) => id !== '0' && id !== '1' && !isKnown(field));
  const fields: Record<string, Field> = { ...dialect.fields };
  for (const [id, field] of hinted) fields[id] = hintedField(id, field);
  return { ...dialect, fields };
}

function isKnown(field: JsonObject): boolean {
  const sub = child(field, 'sub');
  const className = text(field, sub ? 'outer' : 'class');
  const known = jposBitmap(className) ?? jposField(className, { name: '', length: 1, padLeft: true });
  return known !== undefined;
}

/** Fields that a dialect reads to something else than the row says. */
function differingFields(row: Row, dialect: Dialect): Set<string> {
  try {
    const message = compile(dialect, { mti: 'any', emptyBitmap: 'accept', padNibbles: 'accept' }).parse(
      Buffer.from(row.hex, 'hex'),
    );
    const { fields } = toPlain(message, 'revealed');
    const differing = Object.entries(fields).filter(([id, value]) => {
      const expected = row.fields?.[id];
      return typeof expected === 'string' && expected !== value && !same(expected, value);
    });
    return new Set(differing.map(([id]) => id));
  } catch (error) {
    if (error instanceof IsoError) return new Set();
    throw error;
  }
}

function element(id: string, field: JsonObject, padLeft: boolean, innerHeader: number): string {
  const sub = child(field, 'sub');
  const className = text(field, sub ? 'outer' : 'class');
  const length = count(field, sub ? 'outerLen' : 'len');
  const attributes = `id="${id}" length="${length}" name="${id}" pad="${padLeft}" class="${className}"`;
  if (!sub) return `<isofield ${attributes}/>`;
  const inner = Object.keys(sub).map((key) => element(key, child(sub, key) ?? {}, padLeft, innerHeader));
  const outer = `${attributes} headerLength="${innerHeader}" packager="${innerPackager(field)}"`;
  return `<isofieldpackager ${outer}>${inner.join('\n')}</isofieldpackager>`;
}

/** Packagers written in Java count as the generic one that does the same. */
function innerPackager(field: JsonObject): string {
  const name = text(field, 'subPackager');
  return /^(BERTLV|Dataset|ICCData|GenericTagged)/.test(name) ? name : 'GenericPackager';
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
