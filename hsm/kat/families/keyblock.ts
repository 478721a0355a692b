import { HsmError } from '../../errors.ts';
import type { KeyBlockHeader } from '../../keyblock/header.ts';
import { parseKeyBlock } from '../../keyblock/header.ts';
import {
  algorithmOfVersion,
  clearVariant,
  derivedKey,
  type ProtectionKey,
  unwrapKeyBlock,
  variantKeys,
} from '../../keyblock/keyblock.ts';
import { checkBlock } from '../../keys/create.ts';
import type { CipherAlgorithm } from '../../token/host-cipher.ts';
import { type Answer, type Family, hex, type Laboratory } from '../family.ts';
import { type Inputs, VectorError } from '../vector.ts';

export const keyBlockFamily: Family = {
  'tr31.unwrap': unwrap,
  'tr31.kbpk_variant': (lab, inputs) => {
    const protection = variantProtection(lab, inputs.hex('kbpk'));
    const keys = protection.variants ?? variantKeys(lab.scratch, protection.key);
    return { key: hex(lab.value(keys[purposeOf(inputs)])) };
  },
  'tr31.kbpk_derive': (lab, inputs) => {
    const kbpk = inputs.hex('kbpk');
    const algorithm = derivationAlgorithm(inputs, kbpk);
    const protection = { key: lab.key(kbpk, algorithm) };
    // As a plain value: a token sets the parity of what becomes a DES key.
    const key = derivedKey(lab.scratch, protection, algorithm, purposeOf(inputs), false, 'generic');
    return { key: hex(lab.value(key)) };
  },
};

function unwrap(lab: Laboratory, inputs: Inputs): Answer {
  const kbpk = inputs.hex('kbpk');
  const text = inputs.text('key_block');
  const { version } = parseKeyBlock(text).header;
  const byVariant = version === 'A' || version === 'C';
  checkLength(kbpk, version === 'D' || version === 'E' ? [16, 24, 32] : [8, 16, 24]);
  const protection = byVariant
    ? variantProtection(lab, kbpk)
    : { key: lab.key(kbpk, algorithmOfVersion(version)) };
  const { header, key } = unwrapKeyBlock(lab.scratch, protection, text);
  const value = lab.value(key);
  return { key: hex(value), header: published(header), ...checkValue(lab, header.algorithm, value) };
}

function checkLength(kbpk: Buffer, allowed: readonly number[]): void {
  if (!allowed.includes(kbpk.length)) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', 'length of the protection key');
  }
}

/** A whole block of it, by the algorithm in the header: vectors give as many leading bytes as they like. */
function checkValue(lab: Laboratory, algorithm: string, value: Buffer): Answer {
  const des = (algorithm === 'T' || algorithm === 'D') && [8, 16, 24].includes(value.length);
  const aes = algorithm === 'A' && [16, 24, 32].includes(value.length);
  if (!des && !aes) return {};
  const cipher = des ? 'T' : 'A';
  return { kcv_leading: hex(checkBlock(lab.scratch, lab.key(value, cipher), cipher)) };
}

function variantProtection(lab: Laboratory, kbpk: Buffer): ProtectionKey {
  const key = lab.key(kbpk, 'T');
  if (lab.scratch.profile.canCompute) return { key };
  return {
    key,
    variants: {
      encryption: lab.key(clearVariant(kbpk, 'encryption'), 'T'),
      authentication: lab.key(clearVariant(kbpk, 'authentication'), 'T'),
    },
  };
}

function purposeOf(inputs: Inputs): 'encryption' | 'authentication' {
  const purpose = inputs.text('purpose');
  if (purpose === 'kbek') return 'encryption';
  if (purpose === 'kbak') return 'authentication';
  throw new VectorError(`purpose ${purpose}`);
}

/** A key of 32 bytes can only be AES; of 16 or 24 it is triple DES unless the vector says otherwise. */
function derivationAlgorithm(inputs: Inputs, kbpk: Buffer): CipherAlgorithm {
  const said = inputs.textOr('algorithm', inputs.textOr('version', ''));
  if (said !== '') return /^(A|D|E)/.test(said) ? 'A' : 'T';
  return kbpk.length === 32 ? 'A' : 'T';
}

/** The header by the names vectors use. */
function published(header: KeyBlockHeader): Answer {
  return {
    version_id: header.version,
    key_usage: header.usage,
    algorithm: header.algorithm,
    mode_of_use: header.mode,
    version_num: header.keyVersion,
    exportability: header.exportability,
    blocks: Object.fromEntries(header.optionalBlocks.map(({ id, data }) => [id, data])),
  };
}
