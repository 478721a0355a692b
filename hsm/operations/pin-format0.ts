import { HsmError } from '../errors.ts';

/** ISO 9564-1 format 0: `0 L P P P P P/F … F F` XOR `0000` and the 12 rightmost PAN digits but the check digit. */
export const PIN_BLOCK_LENGTH = 8;

const SHORTEST_PIN = 4;
const LONGEST_PIN = 12;

/**
 * Checks a clear format 0 block in place: control nibble, length 4–12, decimal digits, fill.
 * A wrong key or PAN turns the block into noise, which this notices but for a small chance.
 * @throws HSM_PIN_BLOCK_INVALID, saying no more than that
 */
export function checkFormat0(clear: Buffer, pan: Uint8Array): void {
  const length = clear[0] ?? 0;
  // Bit tests are gathered, not branched on: the time taken tells nothing of where a block went wrong.
  let wrong = length >> 4;
  if (length < SHORTEST_PIN || length > LONGEST_PIN) wrong = 1;
  for (let position = 0; position < 14; position++) {
    const index = 1 + (position >> 1);
    const block = (clear[index] ?? 0) ^ panByte(pan, index);
    const nibble = position % 2 === 0 ? block >> 4 : block & 0x0f;
    const isDigit = nibble <= 9 ? 1 : 0;
    const isFill = nibble === 0x0f ? 1 : 0;
    wrong |= position < length ? isDigit ^ 1 : isFill ^ 1;
  }
  if (wrong !== 0) throw new HsmError('HSM_PIN_BLOCK_INVALID');
}

/** Byte `index` (0–7) of the PAN field of formats 0 and 3. */
function panByte(pan: Uint8Array, index: number): number {
  if (index < 2) return 0;
  const position = pan.length - 13 + (index - 2) * 2;
  return (digit(pan, position) << 4) | digit(pan, position + 1);
}

function digit(pan: Uint8Array, position: number): number {
  return position < 0 ? 0 : (pan[position] ?? 0x30) - 0x30;
}

/** @throws HSM_REQUEST_INVALID unless 12 to 19 ASCII digits */
export function checkPan(pan: Uint8Array): void {
  const digits = pan.every((character) => character >= 0x30 && character <= 0x39);
  if (!digits || pan.length < 12 || pan.length > 19) throw new HsmError('HSM_REQUEST_INVALID', 'PAN');
}
