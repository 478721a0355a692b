import type { TerminalSettings } from '../config/settings.ts';
import type { TerminalMessage } from './terminal-message.ts';

// The key serial number (KSN) of DUKPT: which key a PIN is under, and which of a device's keys that is. There is no
// element for it in ISO 8583:1987, so terminals put it where there is room: as hexadecimal digits, or as bytes where
// the element's policy lets them pass. A terminal's record says where; nothing is looked for anywhere else.

type Dukpt = NonNullable<TerminalSettings['dukpt']>;

/** In bytes: triple DES without its leading FFFF, triple DES, AES. */
const LENGTHS: readonly number[] = [8, 10, 12];
const TDES_LENGTH = 10;
const SHORT_LENGTH = 8;
const HEX_DIGITS = /^[0-9A-Fa-f]*/;
/** What stands for itself and not for a digit. */
const NO_TEXT = /[^\x20-\x7e]/;

/** The number as the HSM takes it, 10 bytes or 12; nothing where there is none. */
export function serialNumberOf(
  message: Pick<TerminalMessage, 'de53' | 'de62' | 'de63'>,
  { serialNumber, offset = 0, bytes }: Omit<Dukpt, 'baseKey'>,
): Buffer | undefined {
  const text = message[serialNumber]?.slice(offset) ?? '';
  const found = inDigits(text, bytes) ?? inBytes(text, bytes);
  if (found?.length !== SHORT_LENGTH) return found;
  return Buffer.concat([Buffer.alloc(TDES_LENGTH - SHORT_LENGTH, 0xff), found]);
}

function inDigits(text: string, bytes: number | undefined): Buffer | undefined {
  const run = HEX_DIGITS.exec(text)?.[0] ?? '';
  const digits = bytes === undefined ? run : run.slice(0, 2 * bytes);
  return isLength(digits.length / 2, bytes) ? Buffer.from(digits, 'hex') : undefined;
}

function inBytes(text: string, bytes: number | undefined): Buffer | undefined {
  const raw = bytes === undefined ? text : text.slice(0, bytes);
  return NO_TEXT.test(raw) && isLength(raw.length, bytes) ? Buffer.from(raw, 'latin1') : undefined;
}

function isLength(found: number, bytes: number | undefined): boolean {
  return bytes === undefined ? LENGTHS.includes(found) : found === bytes;
}
