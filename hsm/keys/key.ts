import { HsmError } from '../errors.ts';
import type { Handle } from '../token/pkcs11.ts';
import type { TokenSecret } from '../token/secrets.ts';
import type { KeyAlgorithm, KeyPart, KeyUsage } from './usage.ts';

/** A key ready for use: objects of the open session, one for each form. */
export interface SessionKey {
  /** The name in errors and logs: a label, or a key record's identifier. */
  readonly name: string;
  readonly usage: KeyUsage;
  readonly algorithm: KeyAlgorithm;
  /** Bytes of the whole key. */
  readonly length: number;
  /** Known for keys that cannot compute it any more: those that only wrap or derive. */
  readonly kcv: string | undefined;
  /** Hex; of key block protection keys: see `keyblock/keyblock.ts`. Of an IBM 3624 key: its rule, `pin/rule.ts`. */
  readonly subkey: string | undefined;
  /** Mode of use, one letter of X9.143: what of its usage the key may do. */
  readonly mode: string;
  handle(part: KeyPart): Handle | undefined;
}

/** One form of a key as a secret to work with. */
export function secretOf(key: SessionKey, part: KeyPart = 'whole'): TokenSecret {
  const handle = key.handle(part);
  if (!handle) throw new HsmError('HSM_UNKNOWN_KEY', `${key.name} lacks its ${part} part`);
  const type = key.algorithm === 'H' ? 'hmac' : key.algorithm;
  return { place: 'token', type, length: part === 'left' ? 24 : key.length, handle, lasting: true };
}
