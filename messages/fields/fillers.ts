import type { Filler } from '../cursor.ts';
import type { Pad } from '../dialect.ts';
import { IsoError } from '../errors.ts';

// Which nibble of an odd BCD number is the one that is not used. The side that the dialect names comes first; peers
// that fill up some fields on the other side, or with another nibble, are read as far as that is beyond doubt: a number
// that loses a digit and keeps its filler comes out as another one, and nobody notices.

/**
 * The filler of an odd number that is not the dialect's; undefined where none can be told.
 * @param nibbles all of them, in upper-case hex
 * @param isLenient fillers that the dialect does not name are read too, unless either end could hold one
 */
export function fillerOf(nibbles: string, pad: Pad, isLenient: boolean): Filler | undefined {
  const named = [pad.side, otherSide(pad.side)].find((side) =>
    pad.also?.[side]?.includes(nibbleAt(nibbles, side)),
  );
  if (named) return { side: named, with: nibbleAt(nibbles, named) };
  const side = isLenient ? likelySide(nibbles, pad.side) : undefined;
  return side && { side, with: nibbleAt(nibbles, side) };
}

/**
 * A letter is a filler wherever it stands, but for the D that parts a track; a zero is one where the other end has
 * none.
 * Where neither end looks like one it is what the dialect says, whatever its nibble.
 */
function likelySide(nibbles: string, near: Pad['side']): Pad['side'] | undefined {
  const sides = [near, otherSide(near)];
  const letter = sides.find((side) => /[ABCEF]/.test(nibbleAt(nibbles, side)));
  if (letter) return letter;
  const zeros = sides.filter((side) => nibbleAt(nibbles, side) === '0');
  return zeros.length > 1 ? undefined : (zeros[0] ?? near);
}

/** @throws {IsoError} ISO_DIALECT where a filler of the dialect is no nibble */
export function checkFillers({ also }: Pad, path: string): void {
  for (const nibbles of [also?.left ?? '', also?.right ?? '']) {
    if (/^[0-9A-F]*$/.test(nibbles)) continue;
    throw new IsoError('ISO_DIALECT', { path, expected: 'fillers from 0 to F', found: nibbles.slice(0, 20) });
  }
}

function nibbleAt(nibbles: string, side: Pad['side']): string {
  return nibbles.charAt(side === 'left' ? 0 : nibbles.length - 1);
}

function otherSide(side: Pad['side']): Pad['side'] {
  return side === 'left' ? 'right' : 'left';
}
