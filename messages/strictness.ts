/** What a codec refuses. The defaults refuse everything that a careful peer never sends. */
export interface Strictness {
  /** Bytes after the last field. */
  readonly trailingBytes: 'reject' | 'ignore';
  /** Characters foreign to a field's content: letters in n, control characters or NUL in text. */
  readonly content: 'reject' | 'accept';
  /** An unused BCD nibble that is not the dialect's padding. */
  readonly padNibbles: 'reject' | 'accept';
  /** `known`: every digit has a meaning in the standard. `digits`: any four digits. `any`: any four characters. */
  readonly mti: 'known' | 'digits' | 'any';
  /** A bitmap that names no field. */
  readonly emptyBitmap: 'reject' | 'accept';
  /** The same tag twice in TLV data or a tagged composite. */
  readonly duplicateTags: 'reject' | 'accept';
}

export const strict: Strictness = {
  trailingBytes: 'reject',
  content: 'reject',
  padNibbles: 'reject',
  mti: 'known',
  emptyBitmap: 'reject',
  duplicateTags: 'reject',
};
