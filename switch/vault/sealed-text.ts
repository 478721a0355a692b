import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Clock, Log, Random } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import { newSealingKey, type SealingHsm, sealingKeyOf } from '../sealing/sealing-key.ts';

// Text that lies in the database and that nobody may read in a copy of it: who took part in what, for one. AES-256-GCM
// under a key that only the HSM makes of its handle; the row's own name is authenticated with it, so that what is
// sealed in one row opens in no other. A key is made once and kept in memory: a session costs no request to the HSM.
// Which key is the active one is looked up every minute, since it may be changed (vault-keeper.ts).

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** What is sealed under keys of the vault says so, and under which. */
const FORM = /^v1\.(\d{1,9})\.([A-Za-z0-9_-]+)$/;
const USE = 'etika-vault/1';
const BELIEVED_MS = 60_000;

export interface VaultKeyRecord {
  readonly id: number;
  readonly handle: Buffer;
}

/** Where the handles are kept. Every method throws a Refusal SW_VAULT where that cannot be asked. */
export interface VaultKeyRecords {
  active(): Promise<VaultKeyRecord | undefined>;
  find(id: number): Promise<VaultKeyRecord | undefined>;
  /** Becomes the active one, unless there is one: then that is given. */
  first(handle: Buffer): Promise<VaultKeyRecord>;
}

export interface SealedTextParts {
  readonly records: VaultKeyRecords;
  readonly hsm: SealingHsm;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface OpenKey {
  readonly id: number;
  readonly key: KeyObject;
}

/** The key that it is sealed under. */
export function keyIdOf(text: string): number | undefined {
  const id = FORM.exec(text)?.[1];
  return id === undefined ? undefined : Number(id);
}

export class SealedText {
  readonly #parts: SealedTextParts;
  readonly #keys = new Map<number, KeyObject>();
  #active: OpenKey | undefined;
  #activeUntil = 0;

  constructor(parts: SealedTextParts) {
    this.#parts = parts;
  }

  /** @param place of the text, which it opens in alone. @throws Refusal SW_VAULT, SW_HSM */
  async seal(place: string, clear: string): Promise<string> {
    const { id, key } = await this.#sealingKey();
    const iv = Buffer.from(this.#parts.random.bytes(IV_BYTES));
    const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
    return `v1.${id}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** @throws Refusal SW_VAULT where it was altered, or cannot be opened now; SW_HSM */
  async open(place: string, text: string): Promise<string> {
    const [, id, body] = FORM.exec(text) ?? [];
    if (id === undefined || body === undefined) throw new Refusal('SW_VAULT');
    const key = await this.#keyOf(Number(id));
    const bytes = Buffer.from(body, 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
    try {
      const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(tag);
      const rest = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      return Buffer.concat([rest, decipher.final()]).toString('utf8');
    } catch (error) {
      this.#parts.log.error({ event: 'vault.altered', place });
      throw new Refusal('SW_VAULT', {}, { cause: error });
    }
  }

  /** Another key may be the active one by now. */
  forgetActive(): void {
    this.#active = undefined;
  }

  async #sealingKey(): Promise<OpenKey> {
    const { records, hsm, random, clock } = this.#parts;
    if (this.#active && clock.monotonic() < this.#activeUntil) return this.#active;
    let found = await records.active();
    if (!found) {
      const { handle } = await fromHsm(newSealingKey(hsm, random));
      found = await records.first(handle);
    }
    const active = { id: found.id, key: await this.#keyMadeOf(found) };
    this.#active = active;
    this.#activeUntil = clock.monotonic() + BELIEVED_MS;
    return active;
  }

  async #keyOf(id: number): Promise<KeyObject> {
    const known = this.#keys.get(id);
    if (known) return known;
    const record = await this.#parts.records.find(id);
    if (!record) throw new Refusal('SW_VAULT');
    return this.#keyMadeOf(record);
  }

  async #keyMadeOf({ id, handle }: VaultKeyRecord): Promise<KeyObject> {
    const known = this.#keys.get(id);
    if (known) return known;
    const { secret } = await fromHsm(sealingKeyOf(this.#parts.hsm, handle));
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, Buffer.from(String(id)), USE, 32)));
    this.#keys.set(id, key);
    return key;
  }
}

async function fromHsm<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new Refusal('SW_HSM', {}, { cause: error });
  }
}
