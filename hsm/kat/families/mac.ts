import { HsmError } from '../../errors.ts';
import { cbcMac, cmac, retailMac, retailMacOfTwoKeys } from '../../mac/mac.ts';
import { pad, paddingMethodOf } from '../../mac/padding.ts';
import { type Family, hex, type Laboratory } from '../family.ts';
import type { Inputs } from '../vector.ts';

const LONGEST_KCV = 5;

export const macFamily: Family = {
  'cmac.aes': (lab, inputs) => ({
    mac: hex(cmac(lab.scratch, lab.aes(inputs, 'key'), 'A', inputs.hex('data_hex'))),
  }),
  'cmac.tdes': (lab, inputs) => ({
    mac: hex(cmac(lab.scratch, lab.tdes(inputs, 'key'), 'T', inputs.hex('data_hex'))),
  }),
  'mac.pad_iso9797': (_lab, inputs) => {
    const method = paddingMethodOf(inputs.number('method'));
    return { padded: hex(pad(inputs.hex('data'), inputs.numberOr('block_size', 8), method)) };
  },
  'mac.iso9797_alg3': (lab, inputs) => ({ mac: hex(cut(algorithm3(lab, inputs), inputs)) }),
  'mac.iso9797_alg1_tdes_cbc': (lab, inputs) => {
    const padded = pad(inputs.hex('data_hex'), 8, paddingMethodOf(inputs.number('padding')));
    return { mac: hex(cut(cbcMac(lab.scratch, lab.tdes(inputs, 'key'), 'T', padded), inputs)) };
  },
  'kcv.tdes_zero': (lab, inputs) => ({
    kcv: hex(
      lab.scratch
        .encrypt(lab.tdes(inputs, 'key'), 'T', Buffer.alloc(8))
        .subarray(0, inputs.numberOr('length', 3)),
    ),
  }),
  'kcv.aes_zero': (lab, inputs) => ({
    kcv: hex(
      lab.scratch
        .encrypt(lab.aes(inputs, 'key'), 'A', Buffer.alloc(16))
        .subarray(0, inputs.numberOr('length', 3)),
    ),
  }),
  'kcv.aes_cmac': (lab, inputs) => {
    const mac = cmac(lab.scratch, lab.aes(inputs, 'key'), 'A', Buffer.alloc(16));
    return { kcv: hex(mac.subarray(0, inputs.numberOr('length', LONGEST_KCV))) };
  },
  'key.variant': (lab, inputs) => ({ key: hex(keyVariant(lab, inputs)) }),
};

/** A key of 32 or 48 bytes is two triple DES keys, one after the other. */
function algorithm3(lab: Laboratory, inputs: Inputs): Buffer {
  const key = inputs.hex('key');
  const data = inputs.hex('data_hex');
  const padding = paddingMethodOf(inputs.number('padding'));
  if (key.length <= 24) return retailMac(lab.scratch, lab.macKey(key), data, padding);
  const half = key.length / 2;
  const [first, second] = [lab.key(key.subarray(0, half), 'T'), lab.key(key.subarray(half), 'T')];
  return retailMacOfTwoKeys(lab.scratch, first, second, data, padding);
}

function cut(mac: Buffer, inputs: Inputs): Buffer {
  const length = inputs.numberOr('length', mac.length);
  if (length < 1 || length > mac.length) {
    throw new HsmError('HSM_REQUEST_INVALID', `a MAC of ${length} bytes`);
  }
  return mac.subarray(0, length);
}

/** Old host variants: the variant's five bits XORed into the first byte of each part of a key. */
function keyVariant(lab: Laboratory, inputs: Inputs): Buffer {
  const key = inputs.hex('key');
  const variant = inputs.number('variant');
  if (variant < 0 || variant > 31 || ![8, 16, 24].includes(key.length)) {
    throw new HsmError('HSM_REQUEST_INVALID', 'a variant of a triple DES key is 0 to 31');
  }
  const mask = Buffer.from(key.map((_, index) => (index % 8 === 0 ? variant << 3 : 0)));
  const secret = lab.scratch.profile.canCompute
    ? lab.scratch.import(key, 'generic')
    : lab.scratch.hostFrom(key);
  return lab.value(lab.scratch.xor(secret, mask));
}
