import type { PaymentHsm } from '../../hsm/index.ts';
import { type Clock, LastingTrouble, type Log, type Timer } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import type { KeyOwner, KeyRecords, KeySet, NamedKey } from './key-records.ts';

/** The part of the HSM that makes, opens and hands out working keys. */
export type KeyCustodian = Pick<
  PaymentHsm,
  'generateKey' | 'importKeyBlock' | 'exportKeyBlock' | 'setKeyState' | 'keyCheckValue'
>;

export interface KeyBookParts {
  readonly records: KeyRecords;
  readonly custodian: KeyCustodian;
  readonly clock: Clock;
  readonly log: Log;
}

const NONE: readonly KeySet[] = [];

/** How often this process looks for what others changed, where nobody has told it. */
const LOOK_EVERY_MS = 2_000;

/** Reads of one owner: one runs, and one more serves all who came while it did. */
interface Reading {
  readonly running: Promise<readonly KeySet[]>;
  readonly next?: Promise<readonly KeySet[]>;
}

/**
 * The key sets of terminals and networks, kept in memory as they are used, with every change of theirs recorded before
 * it counts. What a set of the settings (generation 0) is called the caller knows.
 */
export class KeyBook {
  readonly #parts: KeyBookParts;
  readonly #unreadable: LastingTrouble;
  readonly #known = new Map<KeyOwner, readonly KeySet[]>();
  /** Whose keys were ever changed, as far as the looks have seen; nothing until the first one. */
  #recorded: Set<KeyOwner> | undefined;
  readonly #reading = new Map<KeyOwner, Reading>();
  #position = 0;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: KeyBookParts) {
    this.#parts = parts;
    this.#unreadable = new LastingTrouble('keys.unreadable', parts);
    parts.records.onChange?.(() => this.#lookNow());
    this.#lookNow();
  }

  /**
   * From memory, where nearly every owner is: those who never changed their keys have none that are recorded.
   * @throws Refusal SW_KEY_STORE
   */
  async setsOf(owner: KeyOwner): Promise<readonly KeySet[]> {
    const known = this.#known.get(owner);
    if (known) return known;
    // Only the first look is waited for: a later one may find the database away.
    if (!this.#recorded) await this.#looking;
    if (!this.#recorded || this.#recorded.has(owner)) return this.read(owner);
    this.#known.set(owner, NONE);
    return NONE;
  }

  /** Those in memory; nothing where they were never asked for. */
  inMemory(owner: KeyOwner): readonly KeySet[] {
    return this.#known.get(owner) ?? [];
  }

  /** As they are recorded now, or later. However many ask, two reads are enough. @throws Refusal SW_KEY_STORE */
  read(owner: KeyOwner): Promise<readonly KeySet[]> {
    const reading = this.#reading.get(owner);
    if (reading?.next) return reading.next;
    const begin = () => {
      const running = this.#read(owner);
      this.#reading.set(owner, { running });
      const ended = () => {
        if (this.#reading.get(owner)?.running === running) this.#reading.delete(owner);
      };
      running.then(ended, ended);
      return running;
    };
    if (!reading) return begin();
    // One that runs may have looked before what the caller has to see.
    const next = reading.running.then(begin, begin);
    this.#reading.set(owner, { ...reading, next });
    return next;
  }

  /**
   * Records steps of an owner's sets.
   * @returns false where somebody else took one of them first; either way memory is as the records are
   * @throws Refusal SW_KEY_STORE
   */
  async record(owner: KeyOwner, steps: readonly KeySet[]): Promise<boolean> {
    const { records, log } = this.#parts;
    const recorded = await records.record(owner, steps).catch((error: unknown) => unreadable(owner, error));
    if (recorded) {
      for (const { generation, state, pin, mac } of steps) {
        log.info({ event: 'keys.changed', owner, generation, state, pin: pin.kcv, mac: mac?.kcv });
      }
    }
    await this.read(owner);
    return recorded;
  }

  /**
   * Makes a pending set the active one; what was active before is good for the overlap.
   * @param before what is active now, the settings' own keys included
   * @throws HsmError; Refusal SW_KEY_STORE
   */
  async activate(owner: KeyOwner, pending: KeySet, before: KeySet, overlapMs: number): Promise<boolean> {
    const now = this.#parts.clock.wall();
    const notAfter = now + overlapMs;
    const active = await this.#inState(pending, 'active', now);
    const expiring = { ...(await this.#inState(before, 'expiring', now, notAfter)), notAfter };
    return this.record(owner, [active, expiring]);
  }

  /** A name under which a pending key can be tried; nothing is recorded. @throws HsmError */
  usable({ reference }: NamedKey): Promise<string> {
    return this.#parts.custodian.setKeyState(reference, 'active');
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async #read(owner: KeyOwner): Promise<readonly KeySet[]> {
    const { records } = this.#parts;
    const sets = await records.of(owner).catch((error: unknown) => unreadable(owner, error));
    this.#known.set(owner, sets);
    return sets;
  }

  async #inState(set: KeySet, state: 'active' | 'expiring', at: number, notAfter?: number): Promise<KeySet> {
    const { custodian } = this.#parts;
    const step = async ({ reference, kcv }: KeySet['pin']) => ({
      // A key on the token has no state of its own: what the records say of its set holds.
      reference: isSealed(reference) ? await custodian.setKeyState(reference, state, notAfter) : reference,
      kcv: kcv || (await custodian.keyCheckValue(reference)),
    });
    const pin = await step(set.pin);
    return { ...set, state, at, pin, ...(set.mac && { mac: await step(set.mac) }) };
  }

  #lookLater(): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => this.#lookNow());
  }

  /** Behind a look under way, which may have begun too early to see what there is to see. */
  #lookNow(): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    this.#looking = this.#looking.then(() => this.#look()).then(() => this.#lookLater());
  }

  async #look(): Promise<void> {
    try {
      const recorded = this.#recorded ?? new Set();
      for (let isMore = true; isMore; ) {
        const { owners, position } = await this.#parts.records.changedSince(this.#position);
        for (const owner of owners) {
          recorded.add(owner);
          if (this.#known.has(owner)) await this.read(owner);
        }
        isMore = position > this.#position;
        this.#position = position;
      }
      this.#recorded = recorded;
      this.#unreadable.over();
    } catch (error) {
      this.#unreadable.failed(error);
    }
  }
}

/** How the HSM writes the record of a working key (docs/hsm.md). */
function isSealed(reference: string): boolean {
  return reference.startsWith('wk1.');
}

function unreadable(owner: KeyOwner, cause: unknown): never {
  if (cause instanceof Refusal) throw cause;
  throw new Refusal('SW_KEY_STORE', { owner }, { cause });
}
