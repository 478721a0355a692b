import { HsmError } from '../../errors.ts';
import {
  blockLength,
  decodePinBlock,
  encodePinBlock,
  LONGEST_PIN,
  type PinFormat,
  panField4,
  pinFormatOf,
} from '../../pin/formats.ts';
import { decryptPinBlock, type PinSide, translatePinBlock } from '../../pin/translate.ts';
import { type Ibm3624Rule, ibm3624Offset, ibm3624Pin, pvvOfPin } from '../../pin/verify.ts';
import { digits, type Family, hex, type Laboratory } from '../family.ts';
import { type Inputs, VectorError } from '../vector.ts';
import { encryptWithRandom } from './clear-pin.ts';
import { aesPinSide, tdesPinSide } from './dukpt.ts';

export const pinFamily: Family = {
  'pinblock.encode': (lab, inputs) => ({ block: hex(encoded(lab, inputs, formatOf(inputs.text('format')))) }),
  'pinblock.encode_prefix': (lab, inputs) => ({
    block_prefix: hex(encoded(lab, inputs, formatOf(inputs.text('format')))),
  }),
  'pinblock.decode': (lab, inputs) => ({
    pin: decoded(lab, formatOf(inputs.text('format')), inputs.hex('block'), panOf(inputs)),
  }),
  'pinblock.iso4.pan_field': (_lab, inputs) => ({ pan_field: hex(panField4(inputs.ascii('pan'))) }),
  'pinblock.iso4.pin_field_prefix': (lab, inputs) => ({ prefix: hex(encoded(lab, inputs, 4)) }),
  'pinblock.iso4.pin_field_decode': (lab, inputs) => ({
    pin: decoded(lab, 4, inputs.hex('pin_field'), undefined),
  }),
  'pinblock.iso4.encrypt': (lab, inputs) => {
    const side: PinSide = { key: lab.aes(inputs, 'key'), algorithm: 'A', format: 4 };
    const random = inputs.has('random_hex') ? inputs.hex('random_hex') : lab.scratch.session.random(8);
    return { block: hex(encryptWithRandom(lab, side, inputs, random)) };
  },
  'pinblock.iso4.decrypt': (lab, inputs) => ({
    pin: decrypted(
      lab,
      inputs,
      { key: lab.aes(inputs, 'key'), algorithm: 'A', format: 4 },
      inputs.hex('pin_block'),
    ),
  }),
  'pin.decrypt_iso0_tdes': (lab, inputs) => ({
    pin: decrypted(
      lab,
      inputs,
      { key: lab.tdes(inputs, 'key'), algorithm: 'T', format: 0 },
      inputs.hex('block'),
    ),
  }),
  'pin.translate': (lab, inputs) => {
    const to = sideOf(lab, inputs, inputs.text('dst'), 'zpk');
    const from = sideOf(lab, inputs, inputs.text('src'), 'key');
    const block = translatePinBlock(lab.scratch, from, to, inputs.ascii('pan'), inputs.hex('block'));
    // Opened again under the target key: the PIN the vector tells is the one that arrived.
    return { block: hex(block), pin: lab.check(() => decrypted(lab, inputs, to, block)) };
  },
  'pvv.visa': (lab, inputs) => {
    const pin = lab.scratch.hostFrom(inputs.digits('pin')).bytes;
    const pvk = lab.tdes(inputs, 'pvk');
    return { pvv: digits(pvvOfPin(lab.scratch, pvk, inputs.ascii('pan'), inputs.number('pvki'), pin)) };
  },
  'ibm3624.pin': (lab, inputs) => {
    const offset = inputs.digits('offset');
    return {
      pin: digits(
        ibm3624Pin(lab.scratch, lab.tdes(inputs, 'pvk'), ruleOf(inputs), inputs.ascii('pan'), offset),
      ),
    };
  },
  'ibm3624.offset': (lab, inputs) => {
    const pin = inputs.digits('pin');
    return {
      offset: digits(
        ibm3624Offset(lab.scratch, lab.tdes(inputs, 'pvk'), ruleOf(inputs), inputs.ascii('pan'), pin),
      ),
    };
  },
};

function formatOf(name: string): PinFormat {
  const match = /ISO-?([0-9])$/.exec(name);
  if (!match) throw new VectorError(`PIN block format ${name}`);
  return pinFormatOf(Number(match[1]));
}

function panOf(inputs: Inputs): Buffer | undefined {
  return inputs.has('pan') ? inputs.ascii('pan') : undefined;
}

function encoded(lab: Laboratory, inputs: Inputs, format: PinFormat): Buffer {
  const block = lab.scratch.host(blockLength(format)).bytes;
  const random = inputs.has('random_hex') ? inputs.hex('random_hex') : lab.scratch.session.random(8);
  encodePinBlock(format, inputs.digits('pin'), { pan: panOf(inputs), random }, block);
  return block;
}

function decoded(lab: Laboratory, format: PinFormat, clear: Buffer, pan: Buffer | undefined): string {
  const pin = lab.scratch.host(LONGEST_PIN).bytes;
  return digits(pin.subarray(0, decodePinBlock(format, clear, pan, pin)));
}

function decrypted(lab: Laboratory, inputs: Inputs, side: PinSide, block: Buffer): string {
  if (block.length !== blockLength(side.format)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'PIN block length');
  }
  const clear = decryptPinBlock(lab.scratch, side, inputs.ascii('pan'), block, false);
  return decoded(lab, side.format, lab.scratch.bytesOf(clear), inputs.ascii('pan'));
}

/** One side of a translation from its description: `TDES DUKPT ISO-0`, `AES-128 DUKPT ISO-4`, `ZPK TDES ISO-0`. */
function sideOf(lab: Laboratory, inputs: Inputs, description: string, keyName: string): PinSide {
  const format = formatOf(description);
  const algorithm = description.includes('AES') ? 'A' : 'T';
  if (description.includes('DUKPT')) {
    const side = algorithm === 'A' ? aesPinSide(lab, inputs) : tdesPinSide(lab, inputs);
    return { ...side, format };
  }
  return { key: lab.key(inputs.hex(keyName), algorithm), algorithm, format };
}

function ruleOf(inputs: Inputs): Ibm3624Rule {
  return {
    start: inputs.number('pan_verify_offset'),
    length: inputs.number('pan_verify_length'),
    pad: hexDigitOf(inputs.text('pan_pad')),
    conversionTable: inputs.digits('conversion_table'),
  };
}

/** NaN, which no rule takes, where it is none. */
function hexDigitOf(text: string): number {
  return /^[0-9A-Fa-f]$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
}
