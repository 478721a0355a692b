import type { CardData } from '../../connectors/index.ts';
import type { PaymentHsm } from '../../hsm/index.ts';
import { type Bytes, IsoError, type PinBlock, parseTlv, type Track2 } from '../../messages/index.ts';
import type { IssuerStandIn } from '../config/stand-in.ts';
import { type ChipDecision, ISSUER_ONLINE, type StandInRefusal } from './rules.ts';

/** The part of the HSM that verifies a card in the issuer's stead. */
export type CardVerifier = Pick<PaymentHsm, 'verifyCvv' | 'verifyPvv' | 'verifyPinOffset'>;

const CRYPTOGRAM_INFORMATION_DATA = '9F27';
/** The two leftmost bits of 9F27: 00 is an AAC, a transaction declined (EMV Book 3, table 15). */
const CRYPTOGRAM_TYPE = 0xc0;
const AAC = 0x00;

export function chipDecision(emv: Bytes | undefined): ChipDecision {
  if (!emv) return 'no-chip';
  try {
    const data = parseTlv(emv, { path: 'DE55' }).find(({ tag }) => tag === CRYPTOGRAM_INFORMATION_DATA);
    const first = data?.value.buffer()[0];
    return first !== undefined && (first & CRYPTOGRAM_TYPE) === AAC ? 'declined' : 'online';
  } catch (error) {
    if (error instanceof IsoError) return 'unreadable';
    throw error;
  }
}

/** EMV tags: the chip's own copy of its track 2; service code and expiry (YYMMDD) by themselves. */
const TRACK_2_EQUIVALENT = '57';
const SERVICE_CODE = '5F30';
const EXPIRY = '5F24';

interface ChipTrack {
  readonly expiries: readonly string[];
  readonly serviceCode?: string | undefined;
}

/** What the chip gives of a track: one that was read without its track has the same expiry and service code. */
function chipTrack(emv: Bytes | undefined): ChipTrack {
  if (!emv) return { expiries: [] };
  try {
    const found = parseTlv(emv, { path: 'DE55' });
    const hexOf = (wanted: string) => found.find(({ tag }) => tag === wanted)?.value.hex();
    const [, expiry, code] = /d([0-9]{4})([0-9]{3})/i.exec(hexOf(TRACK_2_EQUIVALENT) ?? '') ?? [];
    const expiries = [expiry, hexOf(EXPIRY)?.slice(0, 4)].flatMap((each) => each ?? []);
    return { expiries, serviceCode: code ?? hexOf(SERVICE_CODE)?.slice(-3) };
  } catch (error) {
    if (error instanceof IsoError) return { expiries: [] }; // its decision is unreadable, too, and refused for it
    throw error;
  }
}

type Read = Pick<CardData, 'track1' | 'track2' | 'emv'>;

/** Of a track, or of what the chip says; where one of them asks for the issuer, that. */
export function serviceCodeOf({ track1, track2, emv }: Read): string | undefined {
  const told = [track2?.serviceCode(), track1?.serviceCode(), chipTrack(emv).serviceCode];
  return told.find((code) => code?.[1] === ISSUER_ONLINE) ?? told.find((code) => code !== undefined);
}

/** YYMM, wherever the message gives one: DE14, a track, the chip. A card is as old as the oldest of them. */
export function expiriesOf({ expiry, track1, track2, emv }: Read & Pick<CardData, 'expiry'>): string[] {
  const told = [expiry, track2?.expiry(), track1?.expiry(), ...chipTrack(emv).expiries];
  return told.flatMap((each) => each ?? []);
}

/** DE22 positions 1 and 2: read from a chip, by contact or not (ISO 8583:1987 with the values of EMV terminals). */
const CHIP_ENTRY: ReadonlySet<string> = new Set(['05', '07', '95']);
/** What an iCVV is made with in place of the service code, so that a chip's track is no good on a stripe. */
const ICVV_SERVICE_CODE = '999';
const CVV_DIGITS = 3;
const PVV_DIGITS = 4;

/** @returns why the card may not be believed. @throws HsmError */
export async function checkCardValue(
  { pan, track2 }: Pick<CardData, 'pan' | 'track2'>,
  posEntryMode: string,
  { cvv }: IssuerStandIn,
  hsm: CardVerifier,
): Promise<StandInRefusal | undefined> {
  if (!cvv) return undefined;
  const expiry = track2?.expiry();
  const isChip = CHIP_ENTRY.has(posEntryMode.slice(0, 2));
  const serviceCode = isChip ? ICVV_SERVICE_CODE : track2?.serviceCode();
  const value = digitsOf(track2, cvv.valueAt, CVV_DIGITS);
  if (expiry === undefined || serviceCode === undefined || value === undefined) return 'card-unverifiable';
  return (await hsm.verifyCvv(cvv.key, { pan, expiry, serviceCode }, value)) ? undefined : 'card-wrong';
}

export interface EnteredPin {
  readonly block: PinBlock;
  /** The terminal's key that the block is under. */
  readonly key: string;
  /** Where it is not 0. */
  readonly format?: 4;
}

/**
 * How a PIN of this card can be verified, or nothing where it cannot.
 * @returns a check that resolves to whether the PIN is right, and throws HsmError
 */
export function pinCheck(
  { pan, track2 }: Pick<CardData, 'pan' | 'track2'>,
  { pin }: IssuerStandIn,
  hsm: CardVerifier,
): ((entered: EnteredPin) => Promise<boolean>) | undefined {
  if (pin?.method === 'pvv') {
    const keyIndex = digitsOf(track2, pin.keyIndexAt, 1);
    const pvv = digitsOf(track2, pin.valueAt, PVV_DIGITS);
    if (keyIndex === undefined || pvv === undefined) return undefined;
    return (entered) => hsm.verifyPvv({ pin: entered, pan, pvk: pin.key, keyIndex: Number(keyIndex), pvv });
  }
  if (pin?.method === 'ibm-3624') {
    const { key, start, length, pad, table } = pin;
    const offset = digitsOf(track2, pin.offsetAt, pin.offsetLength);
    if (offset === undefined) return undefined;
    const rule = { start, length, pad, table };
    return (entered) => hsm.verifyPinOffset({ pin: entered, pan, pvk: key, offset, rule });
  }
  return undefined;
}

/** Digits of the discretionary data: what follows expiry and service code (ISO/IEC 7813). */
function digitsOf(track2: Track2 | undefined, at: number, length: number): string | undefined {
  const discretionary = track2?.reveal().match(/^[0-9]+[=D][0-9]{7}([0-9]*)/)?.[1];
  const digits = discretionary?.slice(at, at + length);
  return digits?.length === length ? digits : undefined;
}
