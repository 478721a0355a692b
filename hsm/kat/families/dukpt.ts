import {
  AES_DUKPT_USAGE,
  aesDukptKeyTypeOf,
  aesInitialKey,
  aesTransactionKey,
  aesUpdateKey,
  aesWorkingKey,
} from '../../dukpt/aes.ts';
import {
  type Direction,
  dataKey,
  initialKey,
  mac,
  pinKey,
  tdesCmac,
  transactionKey,
} from '../../dukpt/tdes.ts';
import { cmac } from '../../mac/mac.ts';
import { pad } from '../../mac/padding.ts';
import { decodePinBlock, LONGEST_PIN } from '../../pin/formats.ts';
import { decryptPinBlock, encodeAndEncrypt, type PinSide } from '../../pin/translate.ts';
import type { HmacHash, Secret, SecretType } from '../../token/secrets.ts';
import { type Answer, digits, type Family, hex, type Laboratory } from '../family.ts';
import { type Inputs, VectorError } from '../vector.ts';
import { encryptWithRandom } from './clear-pin.ts';

export const dukptFamily: Family = {
  'dukpt.tdes.ik': (lab, inputs) => ({
    ik: hex(lab.value(initialKey(lab.scratch, lab.bdk(inputs), inputs.hex('ksn')))),
  }),
  'dukpt.tdes.txn_key': (lab, inputs) => ({
    txn_key: hex(lab.value(transactionKey(lab.scratch, lab.bdk(inputs), inputs.hex('ksn')))),
  }),
  'dukpt.tdes.pin_encrypt_iso0': (lab, inputs) => {
    const pin = lab.scratch.hostFrom(inputs.digits('pin')).bytes;
    return {
      encrypted_block: hex(encodeAndEncrypt(lab.scratch, tdesPinSide(lab, inputs), inputs.ascii('pan'), pin)),
    };
  },
  'dukpt.tdes.pin_decrypt_iso0': (lab, inputs) => ({
    pin: openPin(lab, tdesPinSide(lab, inputs), inputs, inputs.hex('block')),
  }),
  'dukpt.tdes.mac_request': (lab, inputs) => ({ mac: hex(tdesMac(lab, inputs, 'request').subarray(0, 4)) }),
  'dukpt.tdes.mac_response': (lab, inputs) => ({ mac: hex(tdesMac(lab, inputs, 'response').subarray(0, 4)) }),
  'dukpt.tdes.mac_request_8': (lab, inputs) => ({ mac: hex(tdesMac(lab, inputs, 'request')) }),
  'dukpt.tdes.mac_response_8': (lab, inputs) => ({ mac: hex(tdesMac(lab, inputs, 'response')) }),
  'dukpt.tdes.cmac_request': (lab, inputs) => tdesCmacAnswer(lab, inputs, 'request'),
  'dukpt.tdes.cmac_response': (lab, inputs) => tdesCmacAnswer(lab, inputs, 'response'),
  'dukpt.tdes.data_request_encrypt': (lab, inputs) => tdesData(lab, inputs, 'request'),
  'dukpt.tdes.data_response_encrypt': (lab, inputs) => tdesData(lab, inputs, 'response'),
  'dukpt.aes.ik': (lab, inputs) => ({
    ik: hex(lab.value(aesInitialKey(lab.scratch, lab.aes(inputs, 'bdk'), inputs.hex('initial_key_id')))),
  }),
  'dukpt.aes.txn_key': (lab, inputs) => ({
    txn_key: hex(lab.value(aesTransactionKey(lab.scratch, lab.aes(inputs, 'bdk'), inputs.hex('ksn')))),
  }),
  'dukpt.aes.working_key': (lab, inputs) => {
    return { key: hex(lab.value(workingKey(lab, inputs, shownAs(inputs)))) };
  },
  'dukpt.aes.update_key': (lab, inputs) => {
    const keyType = aesDukptKeyTypeOf(inputs.text('key_type'));
    const counter = inputs.hexOr('derivation_counter', Buffer.alloc(4, 0xff)).readUInt32BE();
    const id = inputs.hex('initial_key_id');
    const key = aesUpdateKey(lab.scratch, lab.aes(inputs, 'ik'), id, keyType, counter, shownAs(inputs));
    return { key: hex(lab.value(key)) };
  },
  'dukpt.aes.pin_encrypt_iso4': (lab, inputs) => {
    const random = inputs.hex('pin_field').subarray(8);
    return { encrypted_block: hex(encryptWithRandom(lab, aesPinSide(lab, inputs), inputs, random)) };
  },
  'dukpt.aes.pin_decrypt_iso4': (lab, inputs) => ({
    pin: openPin(lab, aesPinSide(lab, inputs), inputs, inputs.hex('encrypted_block')),
  }),
  'dukpt.aes.cmac_request': aesCmac,
  'dukpt.aes.cmac_response': aesCmac,
  'dukpt.aes.hmac_request': aesHmac,
  'dukpt.aes.hmac_response': aesHmac,
  'dukpt.aes.data_request': aesData,
  'dukpt.aes.data_response': aesData,
};

export function tdesPinSide(lab: Laboratory, inputs: Inputs): PinSide {
  return { key: pinKey(lab.scratch, lab.bdk(inputs), inputs.hex('ksn')), algorithm: 'T', format: 0 };
}

export function aesPinSide(lab: Laboratory, inputs: Inputs): PinSide {
  const keyType = aesDukptKeyTypeOf(inputs.textOr('key_type', `AES${inputs.hex('bdk').length * 8}`));
  const bdk = lab.aes(inputs, 'bdk');
  const key = aesWorkingKey(lab.scratch, bdk, inputs.hex('ksn'), AES_DUKPT_USAGE.pinEncryption, keyType);
  return { key, algorithm: 'A', format: 4 };
}

/** A token sets the parity of what becomes a DES key: to be shown, such a key is asked for as a plain value. */
function shownAs(inputs: Inputs): SecretType | undefined {
  return inputs.text('key_type').endsWith('TDEA') ? 'generic' : undefined;
}

function openPin(lab: Laboratory, side: PinSide, inputs: Inputs, block: Buffer): string {
  const clear = decryptPinBlock(lab.scratch, side, inputs.ascii('pan'), block, false);
  const pin = lab.scratch.host(LONGEST_PIN).bytes;
  const length = decodePinBlock(side.format, lab.scratch.bytesOf(clear), inputs.ascii('pan'), pin);
  return digits(pin.subarray(0, length));
}

function tdesMac(lab: Laboratory, inputs: Inputs, direction: Direction): Buffer {
  return mac(lab.scratch, lab.bdk(inputs), inputs.hex('ksn'), direction, dataOf(inputs));
}

function tdesCmacAnswer(lab: Laboratory, inputs: Inputs, direction: Direction): Answer {
  return { mac: hex(tdesCmac(lab.scratch, lab.bdk(inputs), inputs.hex('ksn'), direction, dataOf(inputs))) };
}

function tdesData(lab: Laboratory, inputs: Inputs, direction: Direction): Answer {
  const key = dataKey(lab.scratch, lab.bdk(inputs), inputs.hex('ksn'), direction);
  return { ciphertext: hex(lab.scratch.encrypt(key, 'T', wholeBlocks(dataOf(inputs), 8), ivOf(inputs, 8))) };
}

function workingKey(lab: Laboratory, inputs: Inputs, type?: SecretType): Secret {
  const keyType = aesDukptKeyTypeOf(inputs.text('key_type'));
  return aesWorkingKey(
    lab.scratch,
    lab.aes(inputs, 'bdk'),
    inputs.hex('ksn'),
    usageOf(inputs),
    keyType,
    type,
  );
}

function aesCmac(lab: Laboratory, inputs: Inputs): Answer {
  const algorithm = inputs.text('key_type').endsWith('TDEA') ? 'T' : 'A';
  return { mac: hex(cmac(lab.scratch, workingKey(lab, inputs), algorithm, dataOf(inputs))) };
}

function aesHmac(lab: Laboratory, inputs: Inputs): Answer {
  const hash = inputs.textOr('hash', 'SHA-256').toLowerCase().replace('-', '') as HmacHash;
  return { mac: hex(lab.scratch.hmac(workingKey(lab, inputs), hash, dataOf(inputs))) };
}

function aesData(lab: Laboratory, inputs: Inputs): Answer {
  const algorithm = inputs.text('key_type').endsWith('TDEA') ? 'T' : 'A';
  const block = algorithm === 'A' ? 16 : 8;
  const padded = wholeBlocks(dataOf(inputs), block);
  const iv = ivOf(inputs, block);
  return { ciphertext: hex(lab.scratch.encrypt(workingKey(lab, inputs), algorithm, padded, iv)) };
}

/** Zeroes fill the last block. */
function wholeBlocks(data: Buffer, block: number): Buffer {
  return pad(data, block, 1);
}

function dataOf(inputs: Inputs): Buffer {
  return inputs.has('data_ascii') ? inputs.ascii('data_ascii') : inputs.hex('data_hex');
}

/** Absent in ECB mode. */
function ivOf(inputs: Inputs, block: number): Buffer | undefined {
  return inputs.textOr('mode', 'CBC') === 'ECB' ? undefined : inputs.hexOr('iv', Buffer.alloc(block));
}

/** A usage indicator stands at the end of its description: `PIN encryption 0x1000`. */
function usageOf(inputs: Inputs): number {
  const match = /0x([0-9A-Fa-f]{4})$/.exec(inputs.text('usage'));
  if (!match) throw new VectorError('usage must end with its indicator, 0x and four hex digits');
  return Number.parseInt(match[1] ?? '', 16);
}
