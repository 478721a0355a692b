/** The public face of messages/: bytes ⇄ messages, framing, MTIs, code tables, sensitive types. */
export { Bytes } from './bytes.ts';
export { decodeCommand } from './cli/decode.ts';
export { encodeCommand } from './cli/encode.ts';
export { type Codec, compile, type MacSlot } from './codec.ts';
export type { Dialect, Field, Message, ValueOf } from './dialect.ts';
export { cb2aLike } from './dialects/cb2a-like.ts';
export { type DialectName, dialectNamed, dialects } from './dialects/index.ts';
export { iso87Ascii } from './dialects/iso87-ascii.ts';
export { iso87AsciiHex } from './dialects/iso87-ascii-hex.ts';
export { iso87Bcd } from './dialects/iso87-bcd.ts';
export { iso93Ascii } from './dialects/iso93-ascii.ts';
export { iso2003Ascii } from './dialects/iso2003-ascii.ts';
export { mastercardCis } from './dialects/mastercard-cis.ts';
export { posBcd } from './dialects/pos-bcd.ts';
export { visaBase1 } from './dialects/visa-base1.ts';
export { emvTagName, emvTags, isSensitiveTag } from './emv-tags.ts';
export { IsoError, type IsoErrorCode, isoErrors, type PartialMessage } from './errors.ts';
export { explain } from './explain.ts';
export { withOddFiller } from './fillers.ts';
export {
  type FrameReader,
  type Framing,
  type FramingName,
  type FramingShape,
  framing,
  framingNames,
  framings,
  type OnFrame,
} from './framing.ts';
export { type VisaHeader, visaReplyHeader } from './header-visa.ts';
export { exportDialect, importDialect } from './import/dialect-json.ts';
export { importJpos } from './import/jpos.ts';
export { importMoov } from './import/moov.ts';
export { writtenAs } from './import/written-as.ts';
export { type LaidOut, layout, type StandardFields, type Style } from './layout.ts';
export {
  isKnownMti,
  isRepeat,
  isRequest,
  type MtiParts,
  mtiName,
  mtiParts,
  responseMti,
  withoutRepeat,
} from './mti.ts';
export { fromPlain, type PlainMessage, type PlainValue, toPlain } from './plain.ts';
export { referencePage } from './reference.ts';
export { responseCodeName, responseCodes } from './response-codes.ts';
export { AccountNumber } from './sensitive/account.ts';
export { CardVerificationValue } from './sensitive/card-verification-value.ts';
export { Sensitive } from './sensitive/mask.ts';
export { Pan } from './sensitive/pan.ts';
export { PinBlock } from './sensitive/pin-block.ts';
export { Secret } from './sensitive/secret.ts';
export { Track1, Track2, Track3 } from './sensitive/tracks.ts';
export { iso87 } from './standards/iso87.ts';
export { iso93 } from './standards/iso93.ts';
export { iso2003 } from './standards/iso2003.ts';
export { type Strictness, strict } from './strictness.ts';
export { isTlv, packTlv, parseTlv, type Tlv } from './tlv.ts';
export { type ElementPolicy, elementPolicies, type Tolerance } from './tolerance.ts';
