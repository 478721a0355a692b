import type { Hsm, OpenedParts, OpenRequest } from '../../hsm/index.ts';
import type { Clock } from '../../runtime/index.ts';
import type { KeyLife } from '../config/keys.ts';
import type { TerminalSettings } from '../config/settings.ts';
import { Refusal } from '../errors.ts';
import type { Sealed } from '../requests/terminal-message.ts';
import type { KeyBook } from './key-book.ts';
import type { KeyOwner, KeySet, TerminalKeySet } from './key-records.ts';
import { sentOfMac } from './mac-bytes.ts';

/** What a terminal computed of its keys: six hex digits each. */
export interface KeyCheckValues {
  readonly pin: string;
  readonly mac: string;
}

export interface TerminalKeyParts {
  readonly hsm: Pick<Hsm, 'openRequest'>;
  /** Absent: terminals keep the keys of the settings for ever. */
  readonly book?: KeyBook;
  readonly life: KeyLife;
  readonly clock: Clock;
}

/** How many the HSM tries for one message: the newest, should a terminal hold more. */
const MOST_SETS = 8;

/** What the HSM is to do of a message whose MAC is right, in the same trip. */
type Work = Omit<OpenRequest, 'seal'>;

/** A message proven: under which keys, and what was done of it. */
export interface ProvenMessage {
  readonly keys: TerminalKeySet;
  readonly parts: OpenedParts;
}

interface ProvenBy {
  readonly set: KeySet;
  readonly parts: OpenedParts;
}

/**
 * Which keys a terminal's messages are under. A set that was downloaded and is pending becomes the active one with the
 * first message that is sealed with it, which proves that the terminal has it; the set before it is good for an
 * overlap.
 */
export class TerminalKeys {
  readonly #parts: TerminalKeyParts;

  constructor(parts: TerminalKeyParts) {
    this.#parts = parts;
  }

  /**
   * The keys under which a message was sealed, and what was to be done of it; nothing where its MAC is wrong. It is
   * one request to the HSM, unless its keys are new. A wrong MAC has nothing read from the database: what other nodes
   * gave a terminal the book hears of by itself, and whoever sends rubbish would have it read for each frame.
   * @throws HsmError; Refusal SW_KEY_STORE
   */
  async prove(
    terminal: TerminalSettings,
    sealed: Sealed,
    work: Work = {},
  ): Promise<ProvenMessage | undefined> {
    const { book } = this.#parts;
    const owner = terminalOwner(terminal);
    const message = { terminal, sealed, work };
    const sets = (await book?.setsOf(owner)) ?? [];
    const found = await this.#provenBy(message, sets);
    return found && { keys: namesOf(found.set, terminal), parts: found.parts };
  }

  /**
   * The terminal tells which keys it has installed, sealed with them. Told again it hears the same. A terminal that got
   * others than it was given says so under the keys it had: the new ones are discarded.
   * @throws HsmError; Refusal SW_KEY_CHECK, SW_MAC_WRONG, SW_KEY_STORE
   */
  async confirm(
    terminal: TerminalSettings,
    sealed: Sealed,
    computed: KeyCheckValues,
  ): Promise<TerminalKeySet> {
    const { book } = this.#parts;
    if (!book) throw new Refusal('SW_UNSUPPORTED_MESSAGE', { terminal: terminal.id });
    const owner = terminalOwner(terminal);
    const message = { terminal, sealed, work: {} };
    // Nothing is read for a MAC that is wrong; what is in memory may be older than what is recorded.
    const known = await this.#provenBy(message, await book.setsOf(owner), () => false);
    if (!known) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
    const sets = await book.read(owner);
    const proven = await this.#provenBy(message, sets, (pending) => fits(pending, computed));
    if (!proven) throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
    if (fits(proven.set, computed)) return namesOf(proven.set, terminal);
    const pending = this.pendingOf(sets);
    if (pending) await book.record(owner, [{ ...pending, state: 'discarded', at: this.#now() }]);
    throw new Refusal('SW_KEY_CHECK', { terminal: terminal.id, generation: pending?.generation ?? 0 });
  }

  /** What the terminal was given and has neither used nor confirmed, while it may. */
  pendingOf(sets: readonly KeySet[]): KeySet | undefined {
    const oldest = this.#now() - this.#parts.life.pendingMs;
    const latest = sets.at(-1);
    return latest?.state === 'pending' && latest.at > oldest ? latest : undefined;
  }

  /**
   * The set, of those that hold now, under which a message was sealed. A pending one is made active on the way.
   * @param mayActivate whether the pending set, once proven, is to be active; else it is only given back
   */
  async #provenBy(
    { terminal, sealed, work }: { terminal: TerminalSettings; sealed: Sealed; work: Work },
    sets: readonly KeySet[],
    mayActivate: (pending: KeySet) => boolean = () => true,
  ): Promise<ProvenBy | undefined> {
    const mac = sentOfMac(sealed.mac, terminal.macBytes);
    if (!mac) return undefined;
    const { covered } = sealed;
    const holding = this.#holding(withInitial(terminal, sets));
    const keys = holding.map((each) => namesOf(each, terminal));
    const opened = await this.#open({ covered, mac }, keys, work);
    const set = opened && holding[opened.fitted];
    if (set) return { set, parts: opened };

    const { book } = this.#parts;
    const pending = this.pendingOf(sets);
    if (!pending?.mac || !book) return undefined;
    const pinKey = work.pin ? await book.usable(pending.pin) : '';
    const newKeys = [{ macKey: await book.usable(pending.mac), pinKey }];
    const under = await this.#open({ covered, mac }, newKeys, work);
    if (!under) return undefined;
    const proven = mayActivate(pending) ? await this.#activate(terminal, pending, sets, book) : pending;
    return { set: proven, parts: under };
  }

  /** Keys whose time is over verify nothing. */
  async #open({ covered, mac }: Sealed, keys: readonly TerminalKeySet[], work: Work) {
    const seal = { data: covered, mac, keys: keys.slice(0, MOST_SETS) };
    const opened = await this.#parts.hsm.openRequest({ ...work, seal });
    return opened.mac === 'right' ? opened : undefined;
  }

  async #activate(
    terminal: TerminalSettings,
    pending: KeySet,
    sets: readonly KeySet[],
    book: KeyBook,
  ): Promise<KeySet> {
    const owner = terminalOwner(terminal);
    await book.activate(owner, pending, activeOf(withInitial(terminal, sets)), this.#parts.life.overlapMs);
    // Another node may have been first: then it is active as well, or was found useless.
    const now = book.inMemory(owner).find(({ generation }) => generation === pending.generation);
    if (now?.state !== 'active') throw new Refusal('SW_MAC_WRONG', { terminal: terminal.id });
    return now;
  }

  /** Newest first: nearly every message is under the active one. */
  #holding(sets: readonly KeySet[]): KeySet[] {
    const now = this.#now();
    return sets
      .filter(({ state, notAfter = 0 }) => state === 'active' || (state === 'expiring' && now < notAfter))
      .reverse();
  }

  #now(): number {
    return this.#parts.clock.wall();
  }
}

export function terminalOwner({ id, keyName = id }: Pick<TerminalSettings, 'id' | 'keyName'>): KeyOwner {
  return `terminal/${keyName}`;
}

/** What the settings name is generation 0, which is recorded once others take its place. */
function withInitial({ pinKey = '', macKey }: TerminalSettings, sets: readonly KeySet[]): readonly KeySet[] {
  if (sets[0]?.generation === 0) return sets;
  const pin = { reference: pinKey, kcv: '' };
  return [{ generation: 0, state: 'active', at: 0, pin, mac: { reference: macKey, kcv: '' } }, ...sets];
}

function activeOf(sets: readonly KeySet[]): KeySet {
  const active = sets.findLast(({ state }) => state === 'active');
  if (!active) throw new Error('no set of keys is active');
  return active;
}

function namesOf({ pin, mac }: KeySet, { macBytes }: Pick<TerminalSettings, 'macBytes'>): TerminalKeySet {
  const names = { pinKey: pin.reference, macKey: mac?.reference ?? '' };
  return macBytes === undefined ? names : { ...names, macBytes };
}

function fits({ pin, mac }: KeySet, computed: KeyCheckValues): boolean {
  return pin.kcv === computed.pin && mac?.kcv === computed.mac;
}
