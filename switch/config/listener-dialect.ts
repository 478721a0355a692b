import { readFileSync } from 'node:fs';
import {
  type Dialect,
  importDialect,
  importJpos,
  importMoov,
  iso87Ascii,
  iso87AsciiHex,
  iso87Bcd,
  posBcd,
  writtenAs,
} from '../../messages/index.ts';
import type { ListenerSettings } from './settings.ts';

// In what a listener reads and writes: one of our dialects, or our elements as somebody's specification writes them.
// The specification gives bytes alone; what an element means, and in which words a terminal is answered, stays the
// dialect's, so nothing behind the codec knows of it.

const DIALECTS: Readonly<Record<ListenerSettings['dialect'], Dialect>> = {
  'iso87-ascii': iso87Ascii,
  'iso87-ascii-hex': iso87AsciiHex,
  'iso87-bcd': iso87Bcd,
  'pos-bcd': posBcd,
};

type Packager = NonNullable<ListenerSettings['packager']>;

const IMPORT: Readonly<Record<Packager['format'], (text: string) => Dialect>> = {
  jpos: (xml) => importJpos(xml),
  moov: (json) => importMoov(json),
  dialect: importDialect,
};

const MAX_FILE_BYTES = 1_048_576;

/**
 * All of them lay out the elements of ISO 8583:1987 with the same types of values, and differ in bytes only.
 * @throws {IsoError} where the specification does not import, or cannot hold our elements
 * @throws {Error} where its file cannot be read
 */
export function listenerDialect({
  dialect,
  packager,
}: Pick<ListenerSettings, 'dialect' | 'packager'>): typeof iso87Ascii {
  const ours = DIALECTS[dialect] as typeof iso87Ascii;
  return packager ? writtenAs(ours, IMPORT[packager.format](textOf(packager.file))) : ours;
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) throw new Error(`${file} is longer than ${MAX_FILE_BYTES} bytes`);
  return bytes.toString('utf8');
}
