import { HsmError } from '../errors.ts';

/**
 * Versions of TR-31 / ANSI X9.143 key blocks: A and C bind by key variants (triple DES), B by derivation (triple DES),
 * D by derivation (AES); E is the AES counter mode block of ISO 20038.
 */
export type KeyBlockVersion = 'A' | 'B' | 'C' | 'D' | 'E';

export interface OptionalBlock {
  /** Two letters or digits. */
  id: string;
  data: string;
}

export interface KeyBlockHeader {
  version: KeyBlockVersion;
  /** Two characters: P0 PIN, M3 MAC, B0 BDK, K1 key block protection … */
  usage: string;
  /** A AES, T triple DES, H HMAC, D DES, R RSA, E elliptic curve … */
  algorithm: string;
  /** B both ways, C generate and verify, D decrypt only, E encrypt only, G, N, S, T, V, X derive, Y. */
  mode: string;
  /** `00` where keys have no version. */
  keyVersion: string;
  /** E exportable, N not, S under a trusted key. */
  exportability: string;
  optionalBlocks: OptionalBlock[];
}

const FIXED_LENGTH = 16;
const LONGEST_KEY_BLOCK = 9_999;
/** The optional block that says nothing: it only fills the header up. */
export const PADDING_ID = 'PB';

/**
 * In these a key may come unless a setting says otherwise. A and C bind header and key by four bytes and by variants of
 * one key, and are deprecated (X9.143, PCI PIN 18-3).
 */
export const KEY_BLOCK_VERSIONS: ReadonlySet<KeyBlockVersion> = new Set(['B', 'D', 'E']);

export const MAC_LENGTH: Readonly<Record<KeyBlockVersion, number>> = { A: 4, B: 8, C: 4, D: 16, E: 16 };

/** What a payload, and a header with optional blocks, is a multiple of. */
export const BLOCK_MULTIPLE: Readonly<Record<KeyBlockVersion, number>> = { A: 8, B: 8, C: 8, D: 16, E: 16 };

export interface ParsedKeyBlock {
  header: KeyBlockHeader;
  /** The header as it stands, which the MAC covers. */
  headerText: string;
  encrypted: Buffer;
  mac: Buffer;
}

/** @throws HSM_KEY_BLOCK_INVALID naming the field and its offset */
export function parseKeyBlock(text: string): ParsedKeyBlock {
  if (text.length > LONGEST_KEY_BLOCK || !/^[\x20-\x7e]*$/.test(text)) {
    throw invalid('length or characters', 0);
  }
  const version = text[0] ?? '';
  if (!isVersion(version)) throw invalid('version', 0);
  if (text.length < FIXED_LENGTH) throw invalid('header', text.length);
  if (text.slice(1, 5) !== String(text.length).padStart(4, '0')) throw invalid('length', 1);
  const fixed = /^([A-Z0-9]{2})([A-Z0-9])([A-Z0-9])([A-Za-z0-9]{2})([A-Z0-9])([0-9]{2})00$/.exec(
    text.slice(5, 16),
  );
  if (!fixed) throw invalid('header', 5);
  const [, usage = '', algorithm = '', mode = '', keyVersion = '', exportability = '', count = ''] = fixed;
  const { blocks, end } = parseOptionalBlocks(text, Number(count), version);
  const macDigits = MAC_LENGTH[version] * 2;
  const body = text.slice(end);
  if (body.length <= macDigits) throw invalid('encrypted key', end);
  return {
    header: { version, usage, algorithm, mode, keyVersion, exportability, optionalBlocks: blocks },
    headerText: text.slice(0, end),
    encrypted: encryptedOf(body.slice(0, -macDigits), version, end),
    mac: fromHex(body.slice(-macDigits), text.length - macDigits),
  };
}

function encryptedOf(digits: string, version: KeyBlockVersion, offset: number): Buffer {
  const encrypted = fromHex(digits, offset);
  if (version !== 'E' && encrypted.length % BLOCK_MULTIPLE[version] !== 0) {
    throw invalid('encrypted key', offset);
  }
  return encrypted;
}

function parseOptionalBlocks(
  text: string,
  count: number,
  version: KeyBlockVersion,
): { blocks: OptionalBlock[]; end: number } {
  const blocks: OptionalBlock[] = [];
  let offset = FIXED_LENGTH;
  for (let i = 0; i < count; i++) {
    const id = text.slice(offset, offset + 2);
    if (!/^[A-Z0-9]{2}$/.test(id)) throw invalid('optional block', offset);
    const { length, digits } = optionalLength(text, offset);
    if (length < digits || offset + length > text.length) throw invalid('optional block length', offset + 2);
    if (blocks.some((block) => block.id === id)) throw invalid(`optional block ${id} twice`, offset);
    if (id !== PADDING_ID) blocks.push({ id, data: text.slice(offset + digits, offset + length) });
    offset += length;
  }
  if (count > 0 && offset % BLOCK_MULTIPLE[version] !== 0) throw invalid('optional blocks', offset);
  return { blocks, end: offset };
}

/** Two hex digits; or `00`, two digits telling how many follow, and these. `digits` counts id and length. */
function optionalLength(text: string, offset: number): { length: number; digits: number } {
  const short = hexNumber(text.slice(offset + 2, offset + 4), offset + 2);
  if (short !== 0) return { length: short, digits: 4 };
  const width = hexNumber(text.slice(offset + 4, offset + 6), offset + 4);
  if (width === 0 || width > 8) throw invalid('optional block length', offset + 4);
  return {
    length: hexNumber(text.slice(offset + 6, offset + 6 + width), offset + 6, width),
    digits: 6 + width,
  };
}

function hexNumber(digits: string, offset: number, width = 2): number {
  if (digits.length !== width || !/^[0-9A-Fa-f]+$/.test(digits)) {
    throw invalid('optional block length', offset);
  }
  return Number.parseInt(digits, 16);
}

/**
 * The header of a key block to be: fixed part, optional blocks, and padding where the version asks for it.
 * @param payloadLength bytes of the encrypted key. @throws HSM_REQUEST_INVALID
 */
export function formatHeader(header: KeyBlockHeader, payloadLength: number): string {
  const { version, usage, algorithm, mode, keyVersion, exportability, optionalBlocks } = header;
  const fields = `${usage}${algorithm}${mode}${keyVersion}${exportability}`;
  if (!/^[A-Z0-9]{2}[A-Z0-9][A-Z0-9][A-Za-z0-9]{2}[A-Z0-9]$/.test(fields)) {
    throw new HsmError('HSM_REQUEST_INVALID', `key block header ${fields}`);
  }
  let optional = optionalBlocks.map(formatOptionalBlock).join('');
  let count = optionalBlocks.length;
  const excess = optional.length % BLOCK_MULTIPLE[version];
  if (excess !== 0) {
    let padding = BLOCK_MULTIPLE[version] - excess;
    if (padding < 4) padding += BLOCK_MULTIPLE[version];
    optional += formatOptionalBlock({ id: PADDING_ID, data: '0'.repeat(padding - 4) });
    count += 1;
  }
  const length = FIXED_LENGTH + optional.length + (payloadLength + MAC_LENGTH[version]) * 2;
  if (length > LONGEST_KEY_BLOCK || count > 99) {
    throw new HsmError('HSM_REQUEST_INVALID', `a key block of ${length}`);
  }
  return `${version}${String(length).padStart(4, '0')}${fields}${String(count).padStart(2, '0')}00${optional}`;
}

function formatOptionalBlock({ id, data }: OptionalBlock): string {
  if (!/^[A-Z0-9]{2}$/.test(id) || !/^[\x20-\x7e]*$/.test(data)) {
    throw new HsmError('HSM_REQUEST_INVALID', `optional block ${id}`);
  }
  const hex = (value: number, width: number) => value.toString(16).toUpperCase().padStart(width, '0');
  const short = data.length + 4;
  return short <= 0xff ? `${id}${hex(short, 2)}${data}` : `${id}0004${hex(data.length + 10, 4)}${data}`;
}

function isVersion(character: string): character is KeyBlockVersion {
  return character in MAC_LENGTH;
}

function fromHex(digits: string, offset: number): Buffer {
  if (digits.length % 2 !== 0 || !/^[0-9A-F]*$/.test(digits)) throw invalid('hexadecimal digits', offset);
  return Buffer.from(digits, 'hex');
}

function invalid(field: string, offset: number): HsmError {
  return new HsmError('HSM_KEY_BLOCK_INVALID', `${field}, offset ${offset}`);
}
