import { Type } from 'typebox';

// How a terminal protects the PINs that it sends, where that is not format 0 under a key of its own.

/** Of a terminal that derives a key for each PIN (DUKPT, ANSI X9.24). */
export const DukptSettings = Type.Object({
  /** Name of the base derivation key in the HSM. */
  baseKey: Type.String({ minLength: 1, maxLength: 128 }),
  /** The element that has the key serial number. */
  serialNumber: Type.Union([Type.Literal('de53'), Type.Literal('de62'), Type.Literal('de63')]),
  /** How many characters stand before it in DE62 or DE63; none where absent. */
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 990 })),
  /** Its bytes, where more stands behind it: 8 or 10 of triple DES, 12 of AES. */
  bytes: Type.Optional(Type.Union([Type.Literal(8), Type.Literal(10), Type.Literal(12)])),
});

/** ISO 9564-1: 0 under triple DES, 4 under AES. */
export const PinFormatSetting = Type.Union([Type.Literal(0), Type.Literal(4)]);

/** What DE52 of a listener's dialect has room for. */
export const PinBlockBytes = Type.Union([Type.Literal(8), Type.Literal(16)]);

/** What DE53 of a listener's dialect is made of. */
export const SecurityControl = Type.Union([Type.Literal('digits'), Type.Literal('hexadecimal')]);
