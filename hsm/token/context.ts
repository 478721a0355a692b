import type { KeyTable } from './keys.ts';
import type { TokenSession } from './pkcs11.ts';

/** What an operation works with: a logged-in session and the keys it may name. */
export interface TokenKeys {
  readonly session: TokenSession;
  readonly keys: KeyTable;
}
