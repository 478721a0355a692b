import { HsmError } from '../errors.ts';
import { type Handle, pkcs11, type Template, type TokenSession } from './pkcs11.ts';

/** TR-31 key usages this room knows (X9.143, table of key usages). */
export type KeyUsage = 'P0' | 'M3' | 'D0' | 'K0' | 'K1' | 'B0' | 'E0' | 'V1' | 'V2' | 'C0' | 'HL';

/** A = AES, T = triple DES, H = HMAC: the algorithm letters of a TR-31 header. */
export type KeyAlgorithm = 'A' | 'T' | 'H';

/**
 * What the token stores of a key beside its value, as text in CKA_ID: usage, algorithm, part, KCV.
 * A MAC key of ISO 9797-1 algorithm 3 is two objects: the whole key, and its left half as a key of its own.
 */
export interface KeyIdentity {
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  part: 'whole' | 'left';
  /** Six hex digits, recorded for a key that may only wrap or derive and so cannot show its KCV later. */
  recordedKcv?: string | undefined;
}

export interface TokenKey extends KeyIdentity {
  label: string;
  /** The object on the token itself. */
  stored: Handle;
  /** A session copy, made at the first use: half the cost of the stored object on SoftHSM, a fortieth on NSS. */
  inSession: Handle | undefined;
}

export function encodeIdentity({ usage, algorithm, part, recordedKcv }: KeyIdentity): Buffer {
  const left = part === 'left' ? ':left' : '';
  const kcv = recordedKcv === undefined ? '' : `:kcv=${recordedKcv}`;
  return Buffer.from(`${usage}${algorithm}${left}${kcv}`, 'latin1');
}

function decodeIdentity(id: Buffer): KeyIdentity | undefined {
  const match = /^([A-Z][0-9A-Z])([ATH])(:left)?(?::kcv=([0-9A-F]{6}))?$/.exec(id.toString('latin1'));
  if (!match) return undefined;
  return {
    usage: match[1] as KeyUsage,
    algorithm: match[2] as KeyAlgorithm,
    part: match[3] === undefined ? 'whole' : 'left',
    recordedKcv: match[4],
  };
}

/** Attributes every key of ours has: it never leaves the token in clear, nor at all where `extractable` is false. */
export function secretKeyTemplate(label: string, identity: KeyIdentity, onToken: boolean): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_TOKEN, value: onToken },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_LABEL, value: label },
    { type: pkcs11.CKA_ID, value: encodeIdentity(identity) },
  ];
}

/** A missing name costs one search of the token; no more often than this, whatever the requests ask for. */
const RELOAD_EVERY_MS = 1_000;

/**
 * The token's keys by name, found once: a search is linear in the token's objects on SoftHSM, so no request
 * makes one. A key that appears later (a ceremony in another process) is found at its first use.
 */
export class KeyTable {
  readonly #session: TokenSession;
  readonly #now: () => number;
  #whole = new Map<string, TokenKey>();
  #left = new Map<string, TokenKey>();
  #loadedAt = 0;

  constructor(session: TokenSession, now: () => number) {
    this.#session = session;
    this.#now = now;
    this.#load();
  }

  get size(): number {
    return this.#whole.size;
  }

  all(): Iterable<TokenKey> {
    return this.#whole.values();
  }

  /** @throws HSM_UNKNOWN_KEY */
  get(label: string): TokenKey {
    return this.#find(label, 'whole');
  }

  /** @throws HSM_UNKNOWN_KEY, HSM_KEY_USAGE where the key is meant for something else */
  handle(label: string, usage: KeyUsage, part: KeyIdentity['part'] = 'whole'): Handle {
    const key = this.#find(label, part);
    if (key.usage !== usage) throw new HsmError('HSM_KEY_USAGE', `${label} is ${key.usage}, not ${usage}`);
    return this.sessionHandle(key);
  }

  sessionHandle(key: TokenKey): Handle {
    key.inSession ??= this.#session.copy(key.stored, [{ type: pkcs11.CKA_TOKEN, value: false }]);
    return key.inSession;
  }

  #find(label: string, part: KeyIdentity['part']): TokenKey {
    const known = this.#part(part).get(label);
    if (known) return known;
    if (this.#now() - this.#loadedAt >= RELOAD_EVERY_MS) this.#load();
    const loaded = this.#part(part).get(label);
    if (!loaded) throw new HsmError('HSM_UNKNOWN_KEY', label);
    return loaded;
  }

  #part(part: KeyIdentity['part']): Map<string, TokenKey> {
    return part === 'whole' ? this.#whole : this.#left;
  }

  #load(): void {
    const objects = this.#session.find([
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_TOKEN, value: true },
    ]);
    for (const stored of objects) {
      const [label, id] = this.#session.attributes(stored, [pkcs11.CKA_LABEL, pkcs11.CKA_ID]);
      const identity = decodeIdentity(id ?? Buffer.alloc(0));
      if (!identity || !label) continue;
      const key = { ...identity, label: label.toString('utf8'), stored, inSession: undefined };
      const sameName = this.#part(identity.part);
      if (!sameName.has(key.label)) sameName.set(key.label, key);
    }
    this.#loadedAt = this.#now();
  }
}
