import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Pkcs11 from 'pkcs11js';
import { HsmError } from '../errors.ts';
import type { PinLimits } from '../pin/guard.ts';
import { isSoftware } from './software.ts';
import { StandingCiphers } from './standing-ciphers.ts';

/** A CommonJS module whose names Node cannot see in advance: it is required, not imported. */
export const pkcs11 = createRequire(import.meta.url)('pkcs11js') as typeof Pkcs11;

export type Handle = Pkcs11.Handle;
export type Mechanism = Pkcs11.Mechanism;
export type Template = Pkcs11.Template;

/** Where Debian and its kin put SoftHSM; `PKCS11_MODULE` names any other module. */
const SOFTHSM_PATHS = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

/** @throws HSM_SETTINGS_INVALID where SoftHSM is not installed */
export function findSoftHsm(): string {
  const found = SOFTHSM_PATHS.find((path) => existsSync(path));
  if (found === undefined) {
    throw new HsmError('HSM_SETTINGS_INVALID', 'SoftHSM is not installed: set PKCS11_MODULE, or install it');
  }
  return found;
}

/** What a PKCS#11 call answered: the function and its CKR_ code. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly ckr: number;

  constructor(method: string, ckr: number, options?: ErrorOptions) {
    super(`${method}: 0x${ckr.toString(16)}`, options);
    this.ckr = ckr;
  }
}

const CKR = {
  cryptokiAlreadyInitialized: 0x191,
  keyFunctionNotPermitted: 0x68,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLengthRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  userAlreadyLoggedIn: 0x100,
  userPinNotInitialized: 0x102,
} as const;

const WRONG_PIN: readonly number[] = [
  CKR.pinIncorrect,
  CKR.pinInvalid,
  CKR.pinLengthRange,
  CKR.pinExpired,
  CKR.pinLocked,
  CKR.userPinNotInitialized,
];

/** CKR_FUNCTION_NOT_SUPPORTED and CKR_MECHANISM_INVALID: the token cannot do this, with any key or data. */
const UNSUPPORTED: readonly number[] = [0x54, 0x70];

export function isUnsupported(error: unknown): boolean {
  return error instanceof TokenError && UNSUPPORTED.includes(error.ckr);
}

/** The key has no leave for this: for one, it was put on a token that could derive, and this one cannot. */
export function isNotPermitted(error: unknown): boolean {
  return error instanceof TokenError && error.ckr === CKR.keyFunctionNotPermitted;
}

/**
 * Runs one PKCS#11 call and gives its failure one shape: pkcs11js puts the CKR_ code in `code` for some
 * functions and only in the message for others.
 */
export function call<T>(method: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: string };
    const inMessage = /CKR_\w+:(\d+)/.exec(message ?? '')?.[1];
    const ckr = inMessage !== undefined ? Number(inMessage) : typeof code === 'number' ? code : -1;
    throw new TokenError(method, ckr, { cause: error });
  }
}

/** Stands between us and a PKCS#11 module. */
export type Instrument = (module: Pkcs11.PKCS11) => Pkcs11.PKCS11;

/** Which module, which token on it, and how to log in. */
export interface TokenSettings {
  modulePath: string;
  label: string;
  /** The slot's identifier, where several tokens have one label (the members of a network HSM's group). */
  slot?: number;
  /** NSS softokn takes its configuration this way. */
  libraryParameters?: string;
  /** How many working keys stay open as session objects; default 8,192, which are 4,096 terminals. */
  openKeys?: number;
  /** How many milliseconds an operation may stay open for the next request; default 25, and 0 for its turn only. */
  operationMs?: number;
  /** Versions of key blocks in which a key may come; default B, D and E. */
  keyBlockVersions?: ReadonlySet<string>;
  /** How many wrong PINs and malformed PIN blocks of one card are borne: see `pin/guard.ts`. */
  pinLimits?: PinLimits;
  /** Of working keys that are made or come, in bits; absent: any that is a key. */
  leastStrength?: number;
  /** In production: keys that anybody knows are not used, and come by no way. */
  refusesDevelopmentKeys?: boolean;
  /** In production: a token that is a program is not opened. */
  refusesSoftware?: boolean;
}

export const SOFTWARE_REFUSED =
  'PKCS11_MODULE is a software token, which protects no key: production needs HSM_ALLOW_SOFTWARE_TOKEN=1';

/** A logged-in session on one token. All calls are synchronous, on one thread: see docs/hsm.md for why. */
export class TokenSession {
  readonly module: Pkcs11.PKCS11;
  readonly handle: Handle;

  readonly standing: StandingCiphers;
  readonly refusesDevelopmentKeys: boolean;

  private constructor(module: Pkcs11.PKCS11, openSession: () => Handle, refusesDevelopmentKeys: boolean) {
    this.module = module;
    this.refusesDevelopmentKeys = refusesDevelopmentKeys;
    this.handle = call('C_OpenSession', openSession);
    this.standing = new StandingCiphers(module, openSession);
  }

  /** @throws HSM_WRONG_USER_PIN (never retried), HSM_TOKEN_FAILED */
  static open(
    settings: TokenSettings,
    userPin: string,
    instrument: Instrument = (module) => module,
  ): TokenSession {
    const module = instrument(new pkcs11.PKCS11());
    try {
      call('load', () => module.load(settings.modulePath));
      initialise(module, settings);
      const slot = slotOf(module, settings.label, settings.slot);
      const flags = pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION;
      if (settings.refusesSoftware && isSoftware(module.C_GetInfo(), module.C_GetTokenInfo(slot))) {
        throw new HsmError('HSM_SETTINGS_INVALID', SOFTWARE_REFUSED);
      }
      const refuses = settings.refusesDevelopmentKeys ?? false;
      const session = new TokenSession(module, () => module.C_OpenSession(slot, flags), refuses);
      session.#login(userPin);
      return session;
    } catch (error) {
      finalise(module);
      if (error instanceof HsmError) throw error;
      throw new HsmError('HSM_TOKEN_FAILED', error instanceof Error ? error.message : '', { cause: error });
    }
  }

  close(): void {
    finalise(this.module);
  }

  /** @returns the part of `output` that was written */
  encrypt(mechanism: Mechanism, key: Handle, input: Buffer, output: Buffer): Buffer {
    call('C_EncryptInit', () => this.module.C_EncryptInit(this.handle, mechanism, key));
    const written = call('C_Encrypt', () => this.module.C_Encrypt(this.handle, input, output));
    return written.length >= input.length ? written : tooShort('C_Encrypt', written);
  }

  /** @returns the part of `output` that was written */
  decrypt(mechanism: Mechanism, key: Handle, input: Buffer, output: Buffer): Buffer {
    call('C_DecryptInit', () => this.module.C_DecryptInit(this.handle, mechanism, key));
    return call('C_Decrypt', () => this.module.C_Decrypt(this.handle, input, output));
  }

  /** @returns the part of `output` that was written */
  sign(mechanism: Mechanism, key: Handle, input: Buffer, output: Buffer): Buffer {
    call('C_SignInit', () => this.module.C_SignInit(this.handle, mechanism, key));
    return call('C_Sign', () => this.module.C_Sign(this.handle, input, output));
  }

  random(length: number): Buffer {
    return call('C_GenerateRandom', () => this.module.C_GenerateRandom(this.handle, Buffer.alloc(length)));
  }

  /** Fills a buffer that is no copy of anything: for values that are secret from their first byte. */
  randomInto(target: Buffer): void {
    call('C_GenerateRandom', () => this.module.C_GenerateRandom(this.handle, target));
  }

  create(template: Template): Handle {
    return call('C_CreateObject', () => this.module.C_CreateObject(this.handle, template));
  }

  generate(mechanism: Mechanism, template: Template): Handle {
    return call('C_GenerateKey', () => this.module.C_GenerateKey(this.handle, mechanism, template));
  }

  generatePair(mechanism: Mechanism, publicTemplate: Template, privateTemplate: Template): void {
    call('C_GenerateKeyPair', () =>
      this.module.C_GenerateKeyPair(this.handle, mechanism, publicTemplate, privateTemplate),
    );
  }

  copy(key: Handle, template: Template): Handle {
    return call('C_CopyObject', () => this.module.C_CopyObject(this.handle, key, template));
  }

  /** @returns the part of `output` that was written */
  wrap(mechanism: Mechanism, wrappingKey: Handle, key: Handle, output: Buffer): Buffer {
    return call('C_WrapKey', () => this.module.C_WrapKey(this.handle, mechanism, wrappingKey, key, output));
  }

  unwrap(mechanism: Mechanism, unwrappingKey: Handle, wrapped: Buffer, template: Template): Handle {
    return call('C_UnwrapKey', () =>
      this.module.C_UnwrapKey(this.handle, mechanism, unwrappingKey, wrapped, template),
    );
  }

  derive(mechanism: Mechanism, base: Handle, template: Template): Handle {
    return call('C_DeriveKey', () => this.module.C_DeriveKey(this.handle, mechanism, base, template));
  }

  /** For objects that may be gone already, with the session or the token. */
  destroyQuietly(key: Handle): void {
    try {
      this.module.C_DestroyObject(this.handle, key);
    } catch {
      // Nothing of it is left to destroy.
    }
  }

  destroy(key: Handle): void {
    call('C_DestroyObject', () => this.module.C_DestroyObject(this.handle, key));
  }

  /** Every object that matches: linear in the token's objects on some tokens, so for start-up only. */
  find(template: Template): Handle[] {
    call('C_FindObjectsInit', () => this.module.C_FindObjectsInit(this.handle, template));
    try {
      const found: Handle[] = [];
      for (;;) {
        const some = call('C_FindObjects', () => this.module.C_FindObjects(this.handle, 100));
        if (some.length === 0) return found;
        found.push(...some);
      }
    } finally {
      call('C_FindObjectsFinal', () => this.module.C_FindObjectsFinal(this.handle));
    }
  }

  /** The raw values of these attributes, in their order. */
  attributes(key: Handle, types: readonly number[]): Buffer[] {
    const template = types.map((type) => ({ type }));
    const values = call('C_GetAttributeValue', () =>
      this.module.C_GetAttributeValue(this.handle, key, template),
    );
    return values.map((attribute) => attribute.value);
  }

  #login(userPin: string): void {
    try {
      call('C_Login', () => this.module.C_Login(this.handle, pkcs11.CKU_USER, userPin));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.ckr === CKR.userAlreadyLoggedIn) return;
      if (WRONG_PIN.includes(error.ckr)) throw new HsmError('HSM_WRONG_USER_PIN', error.message);
      throw error;
    }
  }
}

/** A token that answers with less than it was given has not done what it says. */
function tooShort(method: string, written: Buffer): never {
  throw new TokenError(`${method} wrote ${written.length} bytes`, -1);
}

export function initialise(module: Pkcs11.PKCS11, settings: TokenSettings): void {
  const { libraryParameters } = settings;
  try {
    call('C_Initialize', () =>
      // pkcs11js drops the last character of the parameters: the trailing space is for it to drop.
      libraryParameters === undefined
        ? module.C_Initialize({ flags: pkcs11.CKF_OS_LOCKING_OK })
        : module.C_Initialize({
            libraryParameters: `${libraryParameters} `,
            flags: pkcs11.CKF_OS_LOCKING_OK,
          }),
    );
  } catch (error) {
    if (!(error instanceof TokenError) || error.ckr !== CKR.cryptokiAlreadyInitialized) throw error;
  }
}

export function finalise(module: Pkcs11.PKCS11): void {
  try {
    module.C_Finalize();
  } catch {
    // A module that was never initialised, or is already gone, has nothing left to release.
  }
}

export function slotOf(module: Pkcs11.PKCS11, label: string, wanted?: number): Handle {
  const slots = call('C_GetSlotList', () => module.C_GetSlotList(true));
  for (const slot of slots) {
    const named = wanted === undefined || slot.readUInt32LE() === wanted;
    if (named && labelOf(module, slot) === label) return slot;
  }
  const where = wanted === undefined ? '' : ` in slot ${wanted}`;
  throw new HsmError('HSM_TOKEN_FAILED', `no token is labelled ${label}${where}`);
}

export function labelOf(module: Pkcs11.PKCS11, slot: Handle): string {
  const { label } = call('C_GetTokenInfo', () => module.C_GetTokenInfo(slot));
  return label.replace(/[\0 ]+$/, '');
}
