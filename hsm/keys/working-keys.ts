import { randomUUID } from 'node:crypto';
import { HsmError } from '../errors.ts';
import { type Handle, pkcs11, type TokenSession } from '../token/pkcs11.ts';
import type { TokenProfile } from '../token/profile.ts';
import type { Scratch } from '../token/secrets.ts';
import { ALL_ALLOWED, type KeyAttributes } from './attributes.ts';
import { factsOf, LMK, RECORD_SEAL } from './create.ts';
import { type SessionKey, secretOf } from './key.ts';
import { clearPart } from './parts.ts';
import { refusePublished } from './published.ts';
import {
  checkLeavable,
  checkUsable,
  formatRecord,
  type KeyRecord,
  type KeyRecordFacts,
  parseRecord,
} from './record.ts';
import { checkValue } from './strength.ts';
import type { TokenKeys } from './token-keys.ts';
import {
  checkedParts,
  type KeyAlgorithm,
  type KeyPart,
  type KeyUsage,
  keyTypeOf,
  permissionsOn,
  permissionTemplate,
  tokenLength,
} from './usage.ts';
import type { UseLedger } from './use-ledger.ts';

const KEY_WRAP = { mechanism: pkcs11.CKM_AES_KEY_WRAP };
const LONGEST_WRAPPED = 128;
const LOOK_UP_EVERY_MS = 1_000;

/** What the caller decides of a new working key. */
export interface WorkingKeyPlan {
  usage: KeyUsage;
  algorithm: KeyAlgorithm;
  owner: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  useLimit: number;
  attributes: KeyAttributes;
  /** `pending` until it is agreed with the other side, where it is. */
  state: 'pending' | 'active';
}

interface OpenKey extends SessionKey {
  facts: KeyRecordFacts;
  handles: Map<KeyPart, Handle>;
  /** When it was last looked whether the key was destroyed. */
  lookedUpAt: number;
}

/**
 * Working keys: stored by their owner as sealed records, unwrapped under the LMK to session objects in a bounded
 * cache, the one used longest ago leaving first.
 */
export class WorkingKeys {
  readonly #session: TokenSession;
  readonly #tokenKeys: TokenKeys;
  readonly #wallClock: () => number;
  readonly #capacity: number;
  readonly #ledger: UseLedger;
  readonly #open = new Map<string, OpenKey>();

  constructor(
    session: TokenSession,
    tokenKeys: TokenKeys,
    ledger: UseLedger,
    wallClock: () => number,
    capacity: number,
  ) {
    this.#session = session;
    this.#tokenKeys = tokenKeys;
    this.#ledger = ledger;
    this.#wallClock = wallClock;
    this.#capacity = capacity;
  }

  get cached(): number {
    return this.#open.size;
  }

  /** A key to use now, and counted as used where it has a limit. @throws HSM_KEY_BLOCK_INVALID, HSM_KEY_STATE */
  use(scratch: Scratch, record: string): SessionKey {
    const key = this.#opened(scratch, record);
    const now = this.#wallClock();
    checkUsable(key.facts, now);
    const { id, useLimit, notAfter } = key.facts;
    if (useLimit > 0 && !this.#ledger.countUse(id, useLimit, notAfter, now)) {
      throw new HsmError('HSM_KEY_STATE', `${id} was used ${useLimit} times, its limit`);
    }
    return key;
  }

  /** The key of a record that waits for its first use: to try it, and for nothing else. */
  onTrial(scratch: Scratch, record: string): SessionKey {
    return this.#opened(scratch, record);
  }

  /** What a record says, its seal checked. */
  facts(scratch: Scratch, record: string): KeyRecordFacts {
    return this.#opened(scratch, record).facts;
  }

  /** A new record of a clear key. @param value in the scratch */
  seal(scratch: Scratch, plan: WorkingKeyPlan, value: Buffer): string {
    const { usage, algorithm } = plan;
    const parts = checkedParts(usage, algorithm, value.length);
    checkValue(value, algorithm);
    if (this.#session.refusesDevelopmentKeys) refusePublished(value, `a key for ${plan.owner}`);
    const facts: KeyRecordFacts = {
      id: randomUUID(),
      usage,
      algorithm,
      length: value.length,
      ...factsOf(scratch, value, usage, algorithm),
      owner: plan.owner,
      state: plan.state,
      notBefore: plan.notBefore,
      notAfter: plan.notAfter,
      useLimit: plan.useLimit,
      attributes: plan.attributes,
      revision: 1,
    };
    const wrapped = new Map(
      parts.map((part) => [part, this.#wrap(scratch, clearPart(scratch, value, part))]),
    );
    return this.#format(scratch, { facts, wrapped });
  }

  /** The same key under changed facts. */
  reseal(scratch: Scratch, record: string, change: (facts: KeyRecordFacts) => KeyRecordFacts): string {
    const { facts, wrapped } = parseRecord(record, (data) => this.#sealOf(scratch, data));
    this.#checkLives(facts);
    this.#close(record);
    const changed = change(facts);
    if (changed.state === 'destroyed') this.#destroy(changed);
    return this.#format(scratch, {
      facts: changed,
      wrapped: changed.state === 'destroyed' ? new Map() : wrapped,
    });
  }

  /** The facts of a key that may leave in a key block now. @throws HSM_KEY_STATE, HSM_KEY_EXPORT */
  leavable(scratch: Scratch, record: string): KeyRecordFacts {
    const { facts } = this.#opened(scratch, record);
    checkLeavable(facts, this.#wallClock());
    return facts;
  }

  /** The clear value, in the scratch: for a key that leaves in a key block right after. */
  clearValue(scratch: Scratch, record: string): Buffer {
    const { facts, wrapped } = parseRecord(record, (data) => this.#sealOf(scratch, data));
    const whole = wrapped.get('whole');
    if (!whole) throw new HsmError('HSM_KEY_STATE', `${facts.id} is destroyed`);
    const handle = this.#session.unwrap(KEY_WRAP, this.#lmk(), whole, [
      { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
      { type: pkcs11.CKA_KEY_TYPE, value: pkcs11.CKK_GENERIC_SECRET },
      { type: pkcs11.CKA_TOKEN, value: false },
      { type: pkcs11.CKA_SENSITIVE, value: false },
      { type: pkcs11.CKA_EXTRACTABLE, value: true },
    ]);
    try {
      return scratch.bytesOf({ place: 'token', type: 'generic', length: facts.length, handle });
    } finally {
      this.#session.destroyQuietly(handle);
    }
  }

  #opened(scratch: Scratch, record: string): OpenKey {
    const known = this.#open.get(record);
    if (known) {
      this.#lookAgain(known);
      // Moved to the end: the front is the one used longest ago.
      this.#open.delete(record);
      this.#open.set(record, known);
      return known;
    }
    const parsed = parseRecord(record, (data) => this.#sealOf(scratch, data));
    this.#checkLives(parsed.facts);
    const opened = this.#unwrap(parsed, scratch.profile);
    this.#open.set(record, opened);
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > this.#capacity && oldest !== undefined) this.#close(oldest);
    return opened;
  }

  /** Another process may have destroyed an open key: a record that stays open is looked up now and then. */
  #lookAgain(key: OpenKey): void {
    const now = this.#wallClock();
    if (Math.abs(now - key.lookedUpAt) < LOOK_UP_EVERY_MS) return;
    this.#checkLives(key.facts);
    key.lookedUpAt = now;
  }

  /** @throws HSM_KEY_STATE where the record is one from before its key's destruction */
  #checkLives({ id, state }: KeyRecordFacts): void {
    if (state === 'destroyed' || !this.#ledger.isDestroyed(id)) return;
    throw new HsmError('HSM_KEY_STATE', `${id} was destroyed after this record was made`);
  }

  #destroy({ id, notAfter }: KeyRecordFacts): void {
    this.#ledger.destroy(id, notAfter, this.#wallClock());
    for (const [record, key] of this.#open) if (key.facts.id === id) this.#close(record);
  }

  #unwrap({ facts, wrapped }: KeyRecord, profile: TokenProfile): OpenKey {
    const handles = new Map<KeyPart, Handle>();
    for (const [part, value] of wrapped) {
      const handle = this.#session.unwrap(KEY_WRAP, this.#lmk(), value, [
        { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_SECRET_KEY },
        { type: pkcs11.CKA_KEY_TYPE, value: keyTypeOf(facts.algorithm, tokenLength(part, facts.length)) },
        { type: pkcs11.CKA_TOKEN, value: false },
        { type: pkcs11.CKA_PRIVATE, value: true },
        { type: pkcs11.CKA_SENSITIVE, value: true },
        { type: pkcs11.CKA_EXTRACTABLE, value: false },
        ...permissionTemplate(permissionsOn(profile, facts.usage, part)),
      ]);
      handles.set(part, handle);
    }
    const { usage, algorithm, length, kcv, subkey, attributes = ALL_ALLOWED } = facts;
    const handle = (part: KeyPart) => handles.get(part);
    const { mode } = attributes;
    return {
      name: facts.id,
      usage,
      algorithm,
      length,
      kcv,
      subkey,
      mode,
      handle,
      facts,
      handles,
      lookedUpAt: this.#wallClock(),
    };
  }

  #close(record: string): void {
    const key = this.#open.get(record);
    if (!key) return;
    this.#open.delete(record);
    for (const handle of key.handles.values()) {
      this.#session.standing.forget(handle);
      this.#session.destroyQuietly(handle);
    }
  }

  #wrap(scratch: Scratch, value: Buffer): Buffer {
    const object = scratch.import(value, 'generic');
    return this.#session.wrap(KEY_WRAP, this.#lmk(), object.handle, Buffer.alloc(LONGEST_WRAPPED));
  }

  #format(scratch: Scratch, record: KeyRecord): string {
    return formatRecord(record, (data) => this.#sealOf(scratch, data));
  }

  #sealOf(scratch: Scratch, data: Buffer): Buffer {
    return scratch.hmac(secretOf(this.#tokenKeys.get(RECORD_SEAL)), 'sha256', data);
  }

  /** The stored object: the LMK is used when a key enters the cache, which is rare. */
  #lmk(): Handle {
    return this.#tokenKeys.get(LMK).stored;
  }
}
