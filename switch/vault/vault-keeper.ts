import { type Clock, DAY_MS, HOUR_MS, type Log, type Random, type Timer } from '../../runtime/index.ts';
import { newSealingKey, type SealingHsm } from '../sealing/sealing-key.ts';
import { keyIdOf, type SealedText } from './sealed-text.ts';

// The vault's keys are changed while everything runs: a new one becomes active, what lies under older ones is sealed
// anew a page at a time, and an older one is deleted when nothing is under it. Every node does this; what is done twice
// harms nothing, since a key changes hands by its row and a text only where it is still the one that was read. Where a
// pass was is kept nowhere: after a death the next one begins anew, and what is done already costs it a look.

/** A retired key may seal for as long as nodes believe that it is active, which is a minute: much less than this. */
const SURELY_RETIRED_MS = HOUR_MS;
const LOOK_EVERY_MS = 60_000;
const NEXT_PAGE_MS = 1_000;
/** Texts. */
const PAGE = 200;
export const USUAL_KEY_DAYS = 90;

export interface KeptKey {
  readonly id: number;
  readonly isActive: boolean;
  /** An operator asked for another. */
  readonly isDue: boolean;
  readonly createdAt: number;
  readonly retiredAt?: number;
}

/** What is sealed, and where: `place` is what it is bound to. */
export interface SealedRow {
  readonly place: string;
  readonly text: string;
}

/** Every method throws a Refusal SW_VAULT where the database cannot be asked. */
export interface VaultRows {
  keys(): Promise<KeptKey[]>;
  /** The key with this handle takes the place of that active one. @returns its id; nothing where another did */
  replace(active: number, handle: Buffer, at: number): Promise<number | undefined>;
  /** What is sealed under another key than this, behind a place; in the order of places. */
  under(other: number, after: string | undefined, limit: number): Promise<SealedRow[]>;
  /** Unless it was changed since it was read. */
  reseal(row: SealedRow, text: string): Promise<void>;
  drop(key: number): Promise<void>;
}

export interface KeeperParts {
  readonly rows: VaultRows;
  readonly sealed: Pick<SealedText, 'seal' | 'open' | 'forgetActive'>;
  readonly hsm: SealingHsm;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly keyDays: number;
}

/** One way through all that is sealed under older keys. */
interface Pass {
  readonly beganAt: number;
  after?: string;
  /** Keys under which something lies that could not be sealed anew. */
  readonly stuck: Set<number>;
  resealed: number;
}

export class VaultKeeper {
  readonly #parts: KeeperParts;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #pass: Pass | undefined;
  #isClosed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#lookIn(LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.after(ms, () => {
      this.#looking = this.#look().then(() => this.#lookIn(this.#pass ? NEXT_PAGE_MS : LOOK_EVERY_MS));
    });
  }

  async #look(): Promise<void> {
    const { rows, log } = this.#parts;
    try {
      if (!this.#pass) {
        const keys = await rows.keys();
        const active = keys.find(({ isActive }) => isActive);
        if (!active) return;
        if (this.#isOver(active)) await this.#replace(active);
        else if (keys.length > 1) this.#pass = this.#newPass();
      }
      if (this.#pass) await this.#page(this.#pass);
    } catch (error) {
      this.#pass = undefined;
      log.warn({ event: 'vault.not-kept', err: error });
    }
  }

  #isOver({ isDue, createdAt }: KeptKey): boolean {
    return isDue || this.#parts.clock.wall() - createdAt >= this.#parts.keyDays * DAY_MS;
  }

  async #replace({ id }: KeptKey): Promise<void> {
    const { rows, hsm, random, clock, sealed, log } = this.#parts;
    const { handle } = await newSealingKey(hsm, random);
    const next = await rows.replace(id, handle, clock.wall());
    sealed.forgetActive();
    if (next !== undefined) log.info({ event: 'vault.rotated', from: id, to: next });
    this.#pass = this.#newPass();
  }

  #newPass(): Pass {
    return { beganAt: this.#parts.clock.wall(), stuck: new Set(), resealed: 0 };
  }

  async #page(pass: Pass): Promise<void> {
    const { rows } = this.#parts;
    const active = (await rows.keys()).find(({ isActive }) => isActive);
    if (!active) return;
    const page = await rows.under(active.id, pass.after, PAGE);
    for (const row of page) await this.#reseal(row, pass);
    const last = page.at(-1);
    if (last) pass.after = last.place;
    else await this.#end(pass);
  }

  /** What cannot be opened keeps its key: people are told by `vault.altered`, at every pass. */
  async #reseal(row: SealedRow, pass: Pass): Promise<void> {
    const { rows, sealed, log } = this.#parts;
    const { place, text } = row;
    try {
      await rows.reseal(row, await sealed.seal(place, await sealed.open(place, text)));
      pass.resealed += 1;
    } catch (error) {
      const key = keyIdOf(text);
      if (key !== undefined) pass.stuck.add(key);
      log.warn({ event: 'vault.not-resealed', place, key, err: error });
    }
  }

  /** A key goes where a whole pass that began when nobody sealed under it any more left nothing under it. */
  async #end({ beganAt, stuck, resealed }: Pass): Promise<void> {
    const { rows, log } = this.#parts;
    this.#pass = undefined;
    if (resealed > 0) log.info({ event: 'vault.resealed', texts: resealed, stuck: stuck.size });
    for (const { id, retiredAt } of await rows.keys()) {
      const isGone = retiredAt !== undefined && beganAt - retiredAt >= SURELY_RETIRED_MS && !stuck.has(id);
      if (!isGone) continue;
      await rows.drop(id);
      log.info({ event: 'vault.key-deleted', key: id });
    }
  }
}
