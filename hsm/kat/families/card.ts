import {
  cardholderAuthenticationValue,
  cardVerificationValue,
  dynamicCardVerificationValue,
  dynamicCvc3,
} from '../../card/verification-value.ts';
import { applicationCryptogram, arpcMethod1, arpcMethod2 } from '../../emv/cryptograms.ts';
import {
  type CardKeyOption,
  commonSessionKey,
  type DerivedKey,
  emvDiversifier,
  iccMasterKey,
  mastercardDiversifier,
  setOddParity,
  treeSessionKey,
  visaSessionKeyOf,
} from '../../emv/keys.ts';
import { CardScheme, type CardTransaction, cryptogramVersionOf } from '../../emv/schemes.ts';
import {
  encryptCommandData,
  type ScriptEncryption,
  scriptMac,
  visaPinChangeBlock,
} from '../../emv/scripts.ts';
import type { RetailMacKey } from '../../mac/mac.ts';
import { type PaddingMethod, paddingMethodOf } from '../../mac/padding.ts';
import type { Secret } from '../../token/secrets.ts';
import { type Answer, type Family, hex, type Laboratory } from '../family.ts';
import { type Inputs, VectorError } from '../vector.ts';

export const cardFamily: Family = {
  cvv: (lab, inputs) => {
    const [pan, expiry, service] = [inputs.text('pan'), inputs.text('expiry'), inputs.text('service_code')];
    return { cvv: cardVerificationValue(lab.scratch, lab.macKey(inputs.hex('cvk')), pan, expiry, service) };
  },
  cavv: (lab, inputs) => {
    const result = inputs.text('auth_result_code');
    const key = lab.macKey(inputs.hex('cvk'));
    const [pan, number, factor] = [inputs.text('pan'), inputs.text('upn'), inputs.text('second_factor_code')];
    return { cavv: cardholderAuthenticationValue(lab.scratch, key, pan, number, result, factor) };
  },
  dcvv: (lab, inputs) => {
    const key = cardKey(lab, inputs, 'imk').asMacKey();
    const [pan, expiry, service] = [inputs.text('pan'), inputs.text('expiry'), inputs.text('service_code')];
    return { dcvv: dynamicCardVerificationValue(lab.scratch, key, pan, expiry, service, inputs.text('atc')) };
  },
  'emv.cvc3': (lab, inputs) => {
    const key = inputs.has('icc_cvc3')
      ? lab.macKey(inputs.hex('icc_cvc3'))
      : cardKey(lab, inputs, 'imk').asMacKey();
    const template = inputs.hex('track_template');
    return { cvc3: dynamicCvc3(lab.scratch, key, template, inputs.hex('un'), inputs.hex('atc')) };
  },
  'emv.icc_mk_option_a': (lab, inputs) => masterKeyAnswer(lab, inputs, 'A'),
  'emv.icc_mk_option_b': (lab, inputs) => masterKeyAnswer(lab, inputs, 'B'),
  'emv.sk_common': (lab, inputs) => {
    const key = commonSessionKey(lab.scratch, lab.tdes(inputs, 'icc_mk'), inputs.hex('r'));
    return { sk: parityHex(lab, key.asCipherKey()) };
  },
  'emv.sk_visa_sm': (lab, inputs) => {
    const value = inputs.hex('icc_mk');
    const master = lab.scratch.profile.canCompute ? lab.key(value, 'T') : lab.scratch.hostFrom(value);
    return { sk: parityHex(lab, visaSessionKeyOf(lab.scratch, master, inputs.hex('atc'))) };
  },
  'emv.sk_emv2000_tree': (lab, inputs) => {
    const tree = {
      height: inputs.numberOr('height', 8),
      branchFactor: inputs.numberOr('branch_factor', 4),
      initialVector: inputs.hexOr('iv', Buffer.alloc(16)),
    };
    const master = lab.scratch.hostFrom(inputs.hex('icc_mk'));
    return { sk: parityHex(lab, treeSessionKey(lab.scratch, master, inputs.hex('atc'), tree)) };
  },
  'emv.ac': (lab, inputs) => {
    const padding = inputs.textOr('padding_type', 'EMV') === 'VISA' ? 1 : 2;
    const key = lab.macKey(inputs.hex('sk_ac'));
    const cryptogram = applicationCryptogram(lab.scratch, key, inputs.hex('data'), padding);
    return { ac: hex(cryptogram.subarray(0, inputs.numberOr('length', 8))) };
  },
  'emv.arpc_method1': (lab, inputs) => {
    const key = lab.macKey(inputs.hex('sk_ac'));
    return { arpc: hex(arpcMethod1(lab.scratch, key, inputs.hex('arqc'), inputs.hex('arpc_rc'))) };
  },
  'emv.arpc_method2': (lab, inputs) => {
    const key = lab.macKey(inputs.hex('sk_ac'));
    const data = proprietaryData(inputs);
    return { arpc: hex(arpcMethod2(lab.scratch, key, inputs.hex('arqc'), inputs.hex('csu'), data)) };
  },
  'emv.arqc_full': (lab, inputs) => {
    const key = requestKey(lab, inputs);
    return { arqc: hex(applicationCryptogram(lab.scratch, key, inputs.hex('data_hex'), paddingOf(inputs))) };
  },
  'emv.arpc_full': arpcFull,
  'emv.script_mac': (lab, inputs) => {
    const key = lab.macKey(inputs.hex('sk_smi'));
    return { mac: hex(scriptMac(lab.scratch, key, inputs.hex('command'), inputs.numberOr('length', 8))) };
  },
  'emv.script_encrypt': (lab, inputs) => {
    const data = lab.scratch.hostFrom(inputs.hex('command_data'));
    const key = lab.tdes(inputs, 'sk_smc');
    const encryption = encryptionOf(inputs.text('encryption_type'));
    return { ciphertext: hex(encryptCommandData(lab.scratch, key, data, encryption)) };
  },
  'emv.vis_pin_block': (lab, inputs) => {
    const key = lab.scratch.hostFrom(inputs.hex('icc_mk_ac')).bytes;
    return {
      block: hex(visaPinChangeBlock(lab.scratch, key, inputs.digits('pin'), currentPin(inputs)).bytes),
    };
  },
  'emv.cvn.ac': (lab, inputs) => ({
    out: hex(scheme(lab, inputs).requestCryptogram(cryptogramData(inputs))),
  }),
  'emv.cvn.arpc': (lab, inputs) => {
    const status = inputs.has('arpc_rc') ? inputs.hex('arpc_rc') : inputs.hex('csu');
    return { out: hex(scheme(lab, inputs).responseCryptogram(status, proprietaryData(inputs))) };
  },
  'emv.cvn.command_mac': (lab, inputs) => {
    const data = inputs.hexOr('command_data', Buffer.alloc(0));
    return { out: hex(scheme(lab, inputs).commandMac(inputs.hex('command_header'), data)) };
  },
  'emv.cvn.pin_change_command': (lab, inputs) => ({
    out: hex(scheme(lab, inputs).pinChangeCommand(inputs.digits('pin'), currentPin(inputs))),
  }),
};

/** ARPC under the card's key for Visa and M/Chip, under the session key for the EMV common method. */
function arpcFull(lab: Laboratory, inputs: Inputs): Answer {
  const master = cardKey(lab, inputs, 'imk_ac');
  const session = inputs.text('skd') === 'EMV_CSKD';
  const key = session ? requestKey(lab, inputs) : master.asMacKey();
  const arqc = inputs.hex('arqc');
  if (inputs.number('method') === 1) {
    return { arpc: hex(arpcMethod1(lab.scratch, key, arqc, inputs.hex('arc'))) };
  }
  const data = proprietaryData(inputs);
  return { arpc: hex(arpcMethod2(lab.scratch, key, arqc, inputs.hex('csu'), data)) };
}

/** Vectors know it by two names. */
function proprietaryData(inputs: Inputs): Buffer {
  return inputs.hexOr('proprietary_auth_data', inputs.hexOr('prop_auth_data', Buffer.alloc(0)));
}

function requestKey(lab: Laboratory, inputs: Inputs): RetailMacKey {
  const master = cardKey(lab, inputs, 'imk_ac');
  const method = inputs.text('skd');
  if (method === 'VSDC') return master.asMacKey();
  if (method !== 'MCHIP' && method !== 'EMV_CSKD') throw new VectorError(`session key method ${method}`);
  const counter = inputs.hex('atc');
  const diversifier =
    method === 'MCHIP' ? mastercardDiversifier(counter, inputs.hex('un')) : emvDiversifier(counter);
  return commonSessionKey(lab.scratch, master.asCipherKey(), diversifier).asMacKey();
}

function cardKey(lab: Laboratory, inputs: Inputs, issuerKey: string): DerivedKey {
  const option = inputs.textOr('mkd', 'OPTION_A') === 'OPTION_B' ? 'B' : 'A';
  return masterKey(lab, inputs, issuerKey, option);
}

function masterKey(lab: Laboratory, inputs: Inputs, issuerKey: string, option: CardKeyOption): DerivedKey {
  return iccMasterKey(
    lab.scratch,
    lab.tdes(inputs, issuerKey),
    option,
    inputs.text('pan'),
    inputs.textOr('psn', '00'),
  );
}

function masterKeyAnswer(lab: Laboratory, inputs: Inputs, option: CardKeyOption): Answer {
  return { icc_mk: parityHex(lab, masterKey(lab, inputs, 'iss_mk', option).asCipherKey()) };
}

/** Card keys are published with odd parity, which their use does not need. */
function parityHex(lab: Laboratory, key: Secret): string {
  return hex(setOddParity(lab.value(key)));
}

function paddingOf(inputs: Inputs): PaddingMethod {
  return paddingMethodOf(Number(inputs.text('padding').slice(-1)));
}

function encryptionOf(name: string): ScriptEncryption {
  if (name === 'VISA' || name === 'MASTERCARD' || name === 'EMV') return name;
  throw new VectorError(`encryption type ${name}`);
}

function currentPin(inputs: Inputs): Buffer | undefined {
  return inputs.has('current_pin') ? inputs.digits('current_pin') : undefined;
}

const CRYPTOGRAM_TAGS = ['9f02', '9f03', '9f1a', '95', '5f2a', '9a', '9c', '9f37', '82', '9f36', '9f10'];

/** The tags in the order all versions share, then what the version adds of its own. */
function cryptogramData(inputs: Inputs): Buffer {
  const tags = CRYPTOGRAM_TAGS.map((tag) => inputs.hexOr(`tag_${tag}`, Buffer.alloc(0)));
  return Buffer.concat([
    ...tags,
    inputs.hexOr('cvr', Buffer.alloc(0)),
    inputs.hexOr('counters', Buffer.alloc(0)),
  ]);
}

function scheme(lab: Laboratory, inputs: Inputs): CardScheme {
  const keys = {
    cryptogram: lab.tdes(inputs, 'iss_mk_ac'),
    integrity: lab.tdes(inputs, 'iss_mk_smi'),
    confidentiality: lab.tdes(inputs, 'iss_mk_smc'),
  };
  const optional = (tag: string) => (inputs.has(`tag_${tag}`) ? inputs.hex(`tag_${tag}`) : undefined);
  const card: CardTransaction = {
    pan: inputs.text('pan'),
    sequenceNumber: inputs.textOr('psn', '00'),
    counter: optional('9f36'),
    unpredictableNumber: optional('9f37'),
    cryptogram: optional('9f26'),
  };
  return new CardScheme(lab.scratch, cryptogramVersionOf(inputs.text('scheme')), keys, card);
}
