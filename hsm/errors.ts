/**
 * Every error of this room: its stable code, its number on the wire (never reused), and what it says.
 * `docs/hsm.md` has a section per code. A detail names a key, a limit or an offset; never a secret.
 */
export const HSM_ERRORS = {
  HSM_UNAVAILABLE: { wire: 1, text: 'no HSM process is connected' },
  HSM_TIMEOUT: { wire: 2, text: 'the HSM did not answer before the deadline' },
  HSM_BUSY: { wire: 3, text: 'too many requests are waiting for the HSM' },
  HSM_UNKNOWN_KEY: { wire: 4, text: 'there is no key of this name' },
  HSM_PIN_BLOCK_INVALID: { wire: 5, text: 'the PIN block is not well formed under this key and PAN' },
  HSM_TOKEN_FAILED: { wire: 6, text: 'the token failed' },
  HSM_WRONG_USER_PIN: { wire: 7, text: 'the token refused the user PIN' },
  HSM_KEY_USAGE: { wire: 8, text: 'the key may not be used for this' },
  HSM_REQUEST_INVALID: { wire: 9, text: 'the request is not well formed' },
  HSM_CIPHERTEXT_INVALID: { wire: 10, text: 'the ciphertext was not made by this HSM or was altered' },
  HSM_PROTOCOL: { wire: 11, text: 'the other end of the HSM socket does not speak our protocol' },
  HSM_SETTINGS_INVALID: { wire: 12, text: 'a setting of the HSM process is missing or wrong' },
  HSM_DEVELOPMENT_KEY: { wire: 13, text: 'a development key is on a production token' },
  HSM_PIN_TRANSLATION_FORBIDDEN: { wire: 14, text: 'this translation of a PIN block is forbidden' },
  HSM_KEY_BLOCK_INVALID: { wire: 15, text: 'the key block is not well formed, or not protected by this key' },
  HSM_KSN_REPLAYED: { wire: 16, text: 'the DUKPT counter was used before' },
  HSM_KEY_STATE: { wire: 17, text: 'the key may not be used now' },
  HSM_UNSUPPORTED: { wire: 18, text: 'the token cannot do this' },
  HSM_CEREMONY_ABORTED: { wire: 19, text: 'the ceremony was broken off' },
  HSM_CEREMONY_REFUSED: { wire: 20, text: 'the ceremony cannot go on' },
  HSM_AUDIT_LOG_BROKEN: { wire: 21, text: 'the audit log was altered, or sealed by another token' },
  HSM_LEDGER_FAILED: { wire: 23, text: 'uses of keys and counters cannot be recorded' },
  HSM_KEY_EXPORT: { wire: 24, text: 'the key may not leave so' },
  HSM_KEY_WEAK: { wire: 25, text: 'the value is no key to protect anything with' },
  HSM_PIN_LIMIT: { wire: 26, text: 'too many wrong PINs or malformed PIN blocks of this card' },
  HSM_PIN_FORMAT: { wire: 27, text: 'this is not done with PIN blocks of this format' },
  HSM_NOT_ALLOWED: { wire: 28, text: 'this peer may not ask for this' },
  HSM_NOT_AUTHORISED: { wire: 29, text: 'such a key comes or goes only in the authorised state' },
  HSM_BACKUP_DIFFERS: { wire: 22, text: 'the token does not hold the keys of the backup' },
} as const satisfies Record<string, { wire: number; text: string }>;

export type HsmErrorCode = keyof typeof HSM_ERRORS;

const CODE_BY_WIRE = new Map<number, HsmErrorCode>(
  Object.entries(HSM_ERRORS).map(([code, { wire }]) => [wire, code as HsmErrorCode]),
);

export class HsmError extends Error {
  override readonly name = 'HsmError';
  readonly code: HsmErrorCode;
  /** The key's name, the limit, the offset; empty where there is nothing to add. */
  readonly detail: string;

  constructor(code: HsmErrorCode, detail = '', options?: ErrorOptions) {
    super(`${code}: ${HSM_ERRORS[code].text}${detail === '' ? '' : ` (${detail})`}`, options);
    this.code = code;
    this.detail = detail;
  }
}

/** The code whose wire number this is; a number of a newer peer reads as HSM_PROTOCOL. */
export function codeOfWire(wire: number): HsmErrorCode {
  return CODE_BY_WIRE.get(wire) ?? 'HSM_PROTOCOL';
}

/** Exit codes of the HSM process (`main.ts`). */
export const HSM_EXIT_TOKEN_LOST = 75;
export const HSM_EXIT_WRONG_PIN = 77;
export const HSM_EXIT_SETTINGS = 78;
export const HSM_EXIT_DEVELOPMENT_KEYS = 79;

/** After these a restart is pointless, and after a wrong PIN harmful: tries are counted by the token. */
export const HSM_FINAL_EXIT_CODES: readonly number[] = [
  HSM_EXIT_WRONG_PIN,
  HSM_EXIT_SETTINGS,
  HSM_EXIT_DEVELOPMENT_KEYS,
];
