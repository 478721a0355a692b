import type { KeyOffer, ZoneKeys } from '../../connectors/index.ts';
import { HsmError } from '../../hsm/index.ts';
import type { Clock, Log, Timer } from '../../runtime/index.ts';
import type { KeyLife } from '../config/keys.ts';
import type { NetworkSettings } from '../config/settings.ts';
import type { KeyBook, KeyCustodian } from './key-book.ts';
import type { KeyOwner, KeySet } from './key-records.ts';

export interface ZoneKeyParts {
  readonly book: KeyBook;
  readonly custodian: KeyCustodian;
  readonly life: KeyLife;
  readonly clock: Clock;
  readonly log: Log;
}

/** DE39 of the 0810 (key validation failed is 79, as Mastercard says it). */
const ACCEPTED = '00';
const NOT_VALID = '79';
const MALFUNCTION = '96';
const PIN_KEY = 'P0';
const SETTLE_AFTER_MS = 3_000;

/**
 * The PIN key shared with one network, and the ones it sends to take its place (0800 with a key block under the zone
 * master key). What it sends is recorded as pending before it is confirmed (0810), and used from then on; the key
 * before it is good for an overlap. A network that has not heard our 0810 sends the same again, and hears the same.
 */
export class NetworkZoneKeys implements ZoneKeys {
  readonly #owner: KeyOwner;
  readonly #settings: Pick<NetworkSettings, 'name' | 'zonePinKey' | 'zoneMasterKey'>;
  readonly #parts: ZoneKeyParts;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(settings: Pick<NetworkSettings, 'name' | 'zonePinKey' | 'zoneMasterKey'>, parts: ZoneKeyParts) {
    this.#owner = `network/${settings.name}`;
    this.#settings = settings;
    this.#parts = parts;
  }

  current(): string {
    return activeOf(this.#parts.book.inMemory(this.#owner))?.pin.reference ?? this.#settings.zonePinKey;
  }

  /** Reads what was recorded, before the link is used. @throws Refusal SW_KEY_STORE */
  async open(): Promise<void> {
    await this.#parts.book.read(this.#owner);
    this.#settleLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  async offered(kcv: string, block: string): Promise<KeyOffer> {
    const { log } = this.#parts;
    const network = this.#settings.name;
    try {
      const pending = await this.#accept(kcv, block);
      return { code: ACCEPTED, confirmed: () => this.#useFromNowOn(pending) };
    } catch (error) {
      const isInvalid = error instanceof HsmError && INVALID.has(error.code);
      const code = isInvalid ? NOT_VALID : MALFUNCTION;
      log.error({ event: 'keys.zone-refused', network, kcv, code, err: error });
      return { code };
    }
  }

  async #accept(kcv: string, block: string): Promise<KeySet | undefined> {
    const { book, custodian, clock } = this.#parts;
    const { name, zoneMasterKey = '' } = this.#settings;
    const opened = await custodian.importKeyBlock(
      zoneMasterKey,
      block,
      { owner: name, state: 'pending' },
      kcv,
    );
    if (opened.header.usage !== PIN_KEY) {
      throw new HsmError('HSM_KEY_USAGE', `usage ${opened.header.usage} of a zone PIN key`);
    }
    const sets = await book.read(this.#owner);
    const latest = sets.at(-1);
    if (latest?.pin.kcv === opened.kcv) return latest.state === 'pending' ? latest : undefined;
    if (sets.some(({ pin }) => pin.kcv === opened.kcv)) {
      // A recorded block that is sent again would bring back a key whose time is over.
      throw new HsmError('HSM_KEY_BLOCK_INVALID', `a key of KCV ${opened.kcv} was in use before`);
    }
    const received: KeySet = {
      generation: (latest?.generation ?? 0) + 1,
      state: 'pending',
      at: clock.wall(),
      pin: { reference: opened.record, kcv: opened.kcv },
    };
    if (await book.record(this.#owner, [received])) return received;
    throw new Error('another node takes a key of this network at the same moment');
  }

  #useFromNowOn(pending: KeySet | undefined): void {
    if (!pending) return;
    this.#activate(pending).catch((error: unknown) => {
      this.#parts.log.error({ event: 'keys.zone-not-activated', network: this.#settings.name, err: error });
    });
  }

  async #activate(pending: KeySet): Promise<void> {
    const { book, life } = this.#parts;
    const before = activeOf(book.inMemory(this.#owner)) ?? this.#initial();
    await book.activate(this.#owner, pending, before, life.overlapMs);
  }

  /**
   * A key that stays pending was confirmed by a process that died, or lost the HSM, before it could use it. The network
   * takes PINs under it either way.
   */
  #settleLater(): void {
    if (this.#isClosed) return;
    const { book, clock } = this.#parts;
    this.#timer = clock.after(SETTLE_AFTER_MS, () => {
      const pending = pendingOf(book.inMemory(this.#owner));
      if (pending && clock.wall() - pending.at >= SETTLE_AFTER_MS) this.#useFromNowOn(pending);
      this.#settleLater();
    });
  }

  #initial(): KeySet {
    return { generation: 0, state: 'active', at: 0, pin: { reference: this.#settings.zonePinKey, kcv: '' } };
  }
}

/** What the network, not the HSM, has to answer for. */
const INVALID: ReadonlySet<string> = new Set([
  'HSM_KEY_BLOCK_INVALID',
  'HSM_KEY_USAGE',
  'HSM_REQUEST_INVALID',
  'HSM_UNKNOWN_KEY',
]);

function activeOf(sets: readonly KeySet[]): KeySet | undefined {
  return sets.findLast(({ state }) => state === 'active');
}

function pendingOf(sets: readonly KeySet[]): KeySet | undefined {
  const latest = sets.at(-1);
  return latest?.state === 'pending' ? latest : undefined;
}

/**
 * The zone keys of every network that may send others, by its name.
 * @throws Refusal SW_KEY_STORE
 */
export async function openZoneKeys(
  networks: readonly NetworkSettings[],
  parts: ZoneKeyParts,
): Promise<ReadonlyMap<string, NetworkZoneKeys>> {
  const taking = networks.filter(({ zoneMasterKey }) => zoneMasterKey !== undefined);
  const zoneKeys = new Map(taking.map((network) => [network.name, new NetworkZoneKeys(network, parts)]));
  await Promise.all([...zoneKeys.values()].map((each) => each.open()));
  return zoneKeys;
}
