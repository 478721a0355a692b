import { blockLength, encodePinBlock } from '../../pin/formats.ts';
import { encryptClearBlock, type PinSide } from '../../pin/translate.ts';
import type { Laboratory } from '../family.ts';
import type { Inputs } from '../vector.ts';

/** As the HSM encodes and encrypts, with the vector's random bytes in place of its own. */
export function encryptWithRandom(lab: Laboratory, side: PinSide, inputs: Inputs, random: Buffer): Buffer {
  const clear = lab.scratch.host(blockLength(side.format));
  const pan = inputs.ascii('pan');
  encodePinBlock(side.format, inputs.digits('pin'), { pan, random }, clear.bytes);
  return encryptClearBlock(lab.scratch, side, pan, clear);
}
