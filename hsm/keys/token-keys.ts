import { HsmError } from '../errors.ts';
import { type Handle, pkcs11, type Template, TokenError, type TokenSession } from '../token/pkcs11.ts';
import { ALL_ALLOWED } from './attributes.ts';
import type { SessionKey } from './key.ts';
import { isKeyUsage, type KeyAlgorithm, type KeyPart, type KeyUsage } from './usage.ts';

/**
 * What the token stores of a key beside its value, as text in CKA_ID: `usage algorithm : part : kcv : subkey : label`.
 * The label is in it since softokn takes two keys of one CKA_ID for the same key.
 */
export interface KeyIdentity {
  label: string;
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  part: KeyPart;
  kcv?: string | undefined;
  subkey?: string | undefined;
}

function encodeIdentity({ label, usage, algorithm, part, kcv, subkey }: KeyIdentity): Buffer {
  return Buffer.from([`${usage}${algorithm}`, part, kcv ?? '', subkey ?? '', label].join(':'), 'latin1');
}

const IDENTITY =
  /^([A-Z][0-9A-Z])([ATH]):(whole|left|masked|encryption|authentication):([0-9A-F]*):([0-9A-F]*):(.+)$/;

export function decodeIdentity(id: Buffer): KeyIdentity | undefined {
  const [, usage = '', algorithm, part, kcv, subkey, label = ''] = IDENTITY.exec(id.toString('latin1')) ?? [];
  if (!isKeyUsage(usage)) return undefined;
  return {
    label,
    usage,
    algorithm: algorithm as KeyAlgorithm,
    part: part as KeyPart,
    kcv: kcv === '' ? undefined : kcv,
    subkey: subkey === '' ? undefined : subkey,
  };
}

/**
 * Attributes every token key of ours has: it never leaves in clear, nor at all, and once it is on the token nothing of
 * it changes, its usage (a text in CKA_ID) included.
 */
export function storedKeyTemplate(identity: KeyIdentity, onToken: boolean): Template {
  return [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
    { type: pkcs11.CKA_TOKEN, value: onToken },
    { type: pkcs11.CKA_PRIVATE, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
    { type: pkcs11.CKA_LABEL, value: identity.label },
    { type: pkcs11.CKA_ID, value: encodeIdentity(identity) },
    // The last: SoftHSM changes nothing of a copy after it.
    { type: pkcs11.CKA_MODIFIABLE, value: !onToken },
  ];
}

/** A key of the token, with session copies made at the first use. */
export class TokenKey implements SessionKey {
  readonly name: string;
  readonly usage: KeyUsage;
  readonly algorithm: KeyAlgorithm;
  readonly length: number;
  readonly kcv: string | undefined;
  readonly subkey: string | undefined;
  /** A key of the token may do all that its usage allows: its objects' permissions say so. */
  readonly mode = ALL_ALLOWED.mode;
  /** The whole key's object on the token itself. */
  readonly stored: Handle;
  readonly #session: TokenSession;
  readonly #parts: Map<KeyPart, Handle>;
  readonly #copies = new Map<KeyPart, Handle>();

  constructor(
    session: TokenSession,
    name: string,
    identity: KeyIdentity,
    parts: Map<KeyPart, Handle>,
    length: number,
  ) {
    this.#session = session;
    this.#parts = parts;
    this.name = name;
    this.usage = identity.usage;
    this.algorithm = identity.algorithm;
    this.kcv = identity.kcv;
    this.subkey = identity.subkey;
    this.length = length;
    this.stored = parts.get('whole') ?? Buffer.alloc(0);
  }

  /** A session copy costs a fortieth of what the stored object does on softokn. */
  handle(part: KeyPart): Handle | undefined {
    const copied = this.#copies.get(part);
    if (copied) return copied;
    const stored = this.#parts.get(part);
    if (!stored) return undefined;
    const copy = this.#copyOf(stored);
    this.#copies.set(part, copy);
    return copy;
  }

  /** SoftHSM copies no key that must not change to a session object: there the stored one serves. */
  #copyOf(stored: Handle): Handle {
    try {
      return this.#session.copy(stored, [{ type: pkcs11.CKA_TOKEN, value: false }]);
    } catch (error) {
      if (error instanceof TokenError) return stored;
      throw error;
    }
  }
}

/** A missing name costs one search of the token; no more often than this, whatever the requests ask for. */
const RELOAD_EVERY_MS = 1_000;

/**
 * The token's keys by name, found once: a search is linear in the token's objects on SoftHSM, so no request makes one.
 * A key that appears later (a ceremony in another process) is found at its first use.
 */
export class TokenKeys {
  readonly #session: TokenSession;
  readonly #now: () => number;
  #keys = new Map<string, TokenKey>();
  /** Names of which a form is there twice: which value is meant nobody knows, so none is used. */
  #doubled: ReadonlySet<string> = new Set();
  readonly #isRefused: ((key: TokenKey) => boolean) | undefined;
  readonly #refused = new Set<string>();
  #loadedAt = 0;

  /** @param isRefused looked at once for each key that comes: in production a published one is used for nothing */
  constructor(session: TokenSession, now: () => number, isRefused?: (key: TokenKey) => boolean) {
    this.#session = session;
    this.#now = now;
    this.#isRefused = isRefused;
    this.#load();
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Names of keys that are on the token and not used. */
  get refused(): Iterable<string> {
    return this.#refused;
  }

  all(): Iterable<TokenKey> {
    return this.#keys.values();
  }

  /** @throws HSM_UNKNOWN_KEY */
  get(label: string): TokenKey {
    const known = this.#keys.get(label);
    if (known) return known;
    if (this.#now() - this.#loadedAt >= RELOAD_EVERY_MS) this.#load();
    const loaded = this.#keys.get(label);
    if (this.#doubled.has(label)) {
      throw new HsmError('HSM_UNKNOWN_KEY', `${label}: a form of it is on the token twice`);
    }
    if (this.#refused.has(label)) throw new HsmError('HSM_DEVELOPMENT_KEY', label);
    if (!loaded) throw new HsmError('HSM_UNKNOWN_KEY', label);
    return loaded;
  }

  /** Looks for keys that came since. */
  refresh(): void {
    this.#load();
  }

  #load(): void {
    const found = new Map<string, { identity: KeyIdentity; parts: Map<KeyPart, Handle> }>();
    const doubled = new Set<string>();
    const objects = this.#session.find([
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_TOKEN, value: true },
    ]);
    for (const object of objects) {
      const [id] = this.#session.attributes(object, [pkcs11.CKA_ID]);
      const identity = decodeIdentity(id ?? Buffer.alloc(0));
      if (!identity) continue;
      const name = identity.label;
      const entry = found.get(name) ?? { identity, parts: new Map() };
      if (identity.part === 'whole') entry.identity = identity;
      if (entry.parts.has(identity.part)) doubled.add(name);
      entry.parts.set(identity.part, object);
      found.set(name, entry);
    }
    for (const [name, { identity, parts }] of found) {
      const whole = parts.get('whole');
      if (!whole || this.#keys.has(name) || this.#refused.has(name)) continue;
      const key = new TokenKey(this.#session, name, identity, parts, this.#lengthOf(whole, identity));
      if (this.#isRefused?.(key)) this.#refused.add(name);
      else this.#keys.set(name, key);
    }
    this.#doubled = doubled;
    for (const name of doubled) this.#keys.delete(name);
    this.#loadedAt = this.#now();
  }

  #lengthOf(key: Handle, { algorithm }: KeyIdentity): number {
    if (algorithm === 'T') {
      const [type] = this.#session.attributes(key, [pkcs11.CKA_KEY_TYPE]);
      return type?.readUInt32LE() === pkcs11.CKK_DES2 ? 16 : 24;
    }
    const [length] = this.#session.attributes(key, [pkcs11.CKA_VALUE_LEN]);
    return length?.readUInt32LE() ?? 0;
  }
}
