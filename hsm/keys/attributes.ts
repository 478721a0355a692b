import { HsmError } from '../errors.ts';
import type { KeyBlockHeader, OptionalBlock } from '../keyblock/header.ts';
import type { KeyUsage } from './usage.ts';

/**
 * What a key block's header says of its key beside usage and algorithm: it is sealed in the key's record, and obeyed.
 *
 * A key that came for decryption only encrypts nothing; one that came as not exportable never leaves; a component
 * serves as no key. A key made here may do all its usage allows, and leaves; so may keys of the token and records that
 * were made before this was kept.
 *
 * Rejected: telling the caller what the header said and leaving the rest to him. The caller is whom the rule binds.
 *
 * Source: ANSI X9.143, tables of modes of use, exportability and key version.
 */
export interface KeyAttributes {
  /** One letter, see `MODES`. */
  readonly mode: string;
  readonly exportability: Exportability;
  /** Two characters; `00` where the key has no version. */
  readonly keyVersion: string;
  readonly optionalBlocks: readonly OptionalBlock[];
}

/** E under a trusted key, N not at all, S also in ways that trust the receiver more. */
export type Exportability = 'E' | 'N' | 'S';

export const ALL_ALLOWED: KeyAttributes = {
  mode: 'N',
  exportability: 'E',
  keyVersion: '00',
  optionalBlocks: [],
};

/** What an operation does with a key. */
export type KeyAct = 'encrypt' | 'decrypt' | 'generate' | 'verify' | 'derive';

const ACTS_OF_MODE: Readonly<Record<string, readonly KeyAct[]>> = {
  B: ['encrypt', 'decrypt'],
  C: ['generate', 'verify'],
  D: ['decrypt'],
  E: ['encrypt'],
  G: ['generate'],
  N: ['encrypt', 'decrypt', 'generate', 'verify', 'derive'],
  V: ['verify'],
  X: ['derive'],
};

/** Modes of use that fit a usage (X9.143, table of modes); `N` is for those that say nothing. */
const MODES: Readonly<Partial<Record<KeyUsage, string>>> = {
  P0: 'BDEN',
  PT: 'BDEN',
  M1: 'CGVN',
  M3: 'CGVN',
  M6: 'CGVN',
  M7: 'CGVN',
  B0: 'XN',
  C0: 'CGVN',
  V1: 'CGVN',
  V2: 'CGVN',
  E0: 'XN',
  E1: 'XN',
  E2: 'XN',
  D0: 'BDEN',
  K1: 'BDEN',
};

/** What may be asked for where a key is of this exportability. */
const MAY_LEAVE_AS: Readonly<Record<Exportability, string>> = { N: '', E: 'EN', S: 'SEN' };

/** A key version that begins so numbers a component, of which several make a key. */
const COMPONENT = 'c';
/** Of all optional blocks together: they stand in the record, which has a bound of its own. */
const LONGEST_OPTIONAL = 600;

/** @throws HSM_KEY_USAGE where this mode and what the operation does exclude each other */
export function checkAct(name: string, mode: string, act: KeyAct): void {
  if (!ACTS_OF_MODE[mode]?.includes(act)) {
    throw new HsmError('HSM_KEY_USAGE', `${name} has mode of use ${mode} and may not ${act}`);
  }
}

/** @throws HSM_KEY_USAGE */
function checkMode(usage: KeyUsage, mode: string): void {
  if (mode.length !== 1 || !MODES[usage]?.includes(mode)) {
    throw new HsmError('HSM_KEY_USAGE', `mode ${mode} of a key of usage ${usage}`);
  }
}

/** What is kept of a header that came. @throws HSM_KEY_USAGE, HSM_KEY_BLOCK_INVALID */
export function attributesOf(header: KeyBlockHeader, usage: KeyUsage): KeyAttributes {
  const { mode, keyVersion, exportability, optionalBlocks } = header;
  checkMode(usage, mode);
  if (keyVersion.startsWith(COMPONENT)) {
    throw new HsmError('HSM_KEY_USAGE', `key version ${keyVersion} is a component, and no key`);
  }
  if (!isExportability(exportability)) {
    throw new HsmError('HSM_KEY_BLOCK_INVALID', `exportability ${exportability}`);
  }

  const length = optionalBlocks.reduce((sum, { id, data }) => sum + id.length + data.length, 0);
  if (length > LONGEST_OPTIONAL) {
    throw new HsmError(
      'HSM_KEY_BLOCK_INVALID',
      `${length} characters of optional blocks, more than ${LONGEST_OPTIONAL}`,
    );
  }
  return { mode, exportability, keyVersion, optionalBlocks };
}

/** What a key leaves with: what it has, made narrower as asked. */
export interface AskedAttributes {
  readonly mode: string;
  readonly exportability: string;
  readonly optionalBlocks: readonly OptionalBlock[];
}

/** @throws HSM_KEY_EXPORT, HSM_KEY_USAGE, HSM_REQUEST_INVALID where more is asked than the key has */
export function attributesToLeaveWith(
  name: string,
  usage: KeyUsage,
  has: KeyAttributes,
  asked: AskedAttributes,
): KeyAttributes {
  const { mode, exportability } = asked;
  checkMode(usage, mode);
  for (const act of ACTS_OF_MODE[mode] ?? []) {
    // A key that says nothing of its mode may do what its usage allows, and no other mode may say more than it has.
    if (has.mode !== 'N') checkAct(name, has.mode, act);
  }
  if (!isExportability(exportability)) {
    throw new HsmError('HSM_REQUEST_INVALID', `exportability ${exportability}: E, N or S`);
  }
  if (!MAY_LEAVE_AS[has.exportability].includes(exportability)) {
    throw new HsmError(
      'HSM_KEY_EXPORT',
      has.exportability === 'N'
        ? `${name} is not exportable`
        : `${name} has exportability ${has.exportability} and cannot leave as ${exportability}`,
    );
  }

  const added = new Set(asked.optionalBlocks.map(({ id }) => id));
  const kept = has.optionalBlocks.filter(({ id }) => !added.has(id));
  return {
    mode,
    exportability,
    keyVersion: has.keyVersion,
    optionalBlocks: [...kept, ...asked.optionalBlocks],
  };
}

function isExportability(letter: string): letter is Exportability {
  return letter.length === 1 && letter in MAY_LEAVE_AS;
}
