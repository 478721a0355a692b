/**
 * Every error this room throws, in one place: code → message template.
 * `docs/messages.md` has a section per code. Match codes, never texts.
 */
export const isoErrors = {
  ISO_BITMAP_EMPTY: 'the bitmap names no field',
  ISO_BITMAP_INVALID: 'the bitmap is not {expected}: found {found}',
  ISO_CONTENT: 'expected {expected}, found {found}',
  ISO_DIALECT: 'the dialect cannot be compiled: {expected}, found {found}',
  ISO_FIELD_UNDEFINED: 'the dialect does not define this field ({expected}), found {found}',
  ISO_FRAME_LENGTH: 'the frame length is not {expected}: found {found}',
  ISO_FRAME_TOO_LONG: 'a frame may hold {expected}, this one announces {found}',
  ISO_HEADER: 'the header is wrong: expected {expected}, found {found}',
  ISO_IMPORT: 'the specification cannot be imported: expected {expected}, found {found}',
  ISO_LENGTH: 'expected {expected}, found {found}',
  ISO_LENGTH_PREFIX: 'the length prefix is not {expected}: found {found}',
  ISO_MTI: 'expected {expected} as message type, found {found}',
  ISO_PAD: 'expected {expected} as padding, found {found}',
  ISO_TLV: 'malformed TLV: expected {expected}, found {found}',
  ISO_TLV_DUPLICATE: 'tag {found} stands twice: expected {expected}',
  ISO_TRAILING_BYTES: 'expected {expected} after the last field, found {found}',
  ISO_TRUNCATED: 'expected {expected}, found {found}',
  ISO_VALUE: 'expected {expected}, found {found}',
} as const;

export type IsoErrorCode = keyof typeof isoErrors;

export interface IsoErrorDetail {
  /** Where in the message: `MTI`, `DE4`, `DE48.SE42.SF01`, `header`, `frame`. */
  readonly path: string;
  /** Byte offset into the bytes handed to the parser; absent when packing. */
  readonly offset?: number;
  readonly expected: string;
  /** What was there instead. Callers mask what could be card data. */
  readonly found: string;
  /** What had been read before the failure; `mti` is there as soon as it was readable. */
  readonly partial?: PartialMessage;
}

/** The fields an unpack had read when it failed. Values keep their own masking. */
export type PartialMessage = { readonly mti?: string; readonly [property: string]: unknown };

/**
 * The only error a codec, a frame reader or an importer throws on bad input.
 * It never carries a PAN, track, PIN block or verification value.
 */
export class IsoError extends Error {
  readonly code: IsoErrorCode;
  readonly path: string;
  readonly offset: number | undefined;
  readonly expected: string;
  readonly found: string;
  /** Not enumerable: a logger that copies an error's properties leaves it out. */
  declare partial: PartialMessage;

  constructor(code: IsoErrorCode, detail: IsoErrorDetail) {
    const where = detail.offset === undefined ? detail.path : `${detail.path} at byte ${detail.offset}`;
    const text = isoErrors[code]
      .replace('{expected}', () => detail.expected)
      .replace('{found}', () => detail.found);
    super(`${code} ${where}: ${text}`);
    this.name = 'IsoError';
    this.code = code;
    this.path = detail.path;
    this.offset = detail.offset;
    this.expected = detail.expected;
    this.found = detail.found;
    Object.defineProperty(this, 'partial', {
      value: detail.partial ?? {},
      writable: true,
      enumerable: false,
    });
  }
}
