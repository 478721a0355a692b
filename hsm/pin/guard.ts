import { DAY_MS, HOUR_MS } from '../../runtime/index.ts';
import { HsmError } from '../errors.ts';
import type { UseLedger } from '../keys/use-ledger.ts';
import type { PinFormat } from './formats.ts';
import { KnownBlocks } from './known-blocks.ts';

/**
 * What stands between a caller with a PIN block and its PIN: formats that each operation takes, blocks that are bound
 * to their PAN, wrong PINs and malformed blocks counted per card and caller, and an alarm for each key under which
 * too many of them come.
 *
 * A card is refused, never a key: one attacker must not stop the PINs of a zone. Counts are in the ledger, so a restart
 * forgives nothing; the card is there by an HMAC under a key of the token.
 *
 * Source: PCI PIN 3-3 and ISO 9564-1 for the formats: 2 is for chip cards alone, 1 has no PAN and so fits every card:
 * it may be translated, and verified or written to a card it may not.
 */
export type PinWork = 'translate' | 'verify' | 'change';

const FORMATS: Readonly<Record<PinWork, readonly PinFormat[]>> = {
  translate: [0, 1, 3, 4],
  verify: [0, 3, 4],
  change: [0, 3, 4],
};

/** What goes wrong with a card's PIN: it was another PIN, or the block was none. */
export type PinFault = 'wrong' | 'malformed';

export interface PinLimits {
  /** So many wrong PINs of one card from one caller with no right one between; the next question is refused. */
  readonly inARow: number;
  /** So many within a day, whatever came between. */
  readonly aDay: number;
  /** So many malformed blocks within an hour. */
  readonly malformed: number;
  /** So many faults under one key within a minute raise the alarm. */
  readonly alarm: number;
}

/**
 * Three in a row is what issuers and schemes allow at a terminal (ISO 9564-1, and DE39 75 beyond it). A cardholder who
 * types the right one begins anew. Ten a day bound who waits for that: one chance in a thousand for four digits.
 */
export const PIN_LIMITS: PinLimits = { inARow: 3, aDay: 10, malformed: 32, alarm: 60 };

const MALFORMED_WINDOW_MS = HOUR_MS;
const ALARM_WINDOW_MS = 60_000;
/** Keys whose faults are counted at one time; beyond it the oldest count begins anew. */
const MOST_KEYS = 10_000;
/** Cards with a malformed block that are looked up in memory before each translation. */
const MOST_CARDS = 100_000;

interface Faults {
  count: number;
  ends: number;
}

/** Who asks about a card. */
export interface Asking {
  readonly peer: string;
  /** HMAC of peer and PAN under a key of the token, hex: asked for only where something is counted. */
  cardMark(pan: Uint8Array): string;
}

export interface PinAlarm {
  readonly key: string;
  readonly faults: number;
}

export class PinGuard {
  readonly blocks = new KnownBlocks();
  readonly #ledger: UseLedger;
  readonly #wall: () => number;
  readonly #limits: PinLimits;
  readonly #onAlarm: (alarm: PinAlarm) => void;
  readonly #malformed = new Map<string, Faults>();
  readonly #keys = new Map<string, Faults>();
  #alarms = 0;

  constructor(
    ledger: UseLedger,
    wall: () => number,
    limits: PinLimits = PIN_LIMITS,
    onAlarm: (alarm: PinAlarm) => void = () => {},
  ) {
    this.#ledger = ledger;
    this.#wall = wall;
    this.#limits = limits;
    this.#onAlarm = onAlarm;
  }

  /** Since the start. */
  get alarms(): number {
    return this.#alarms;
  }

  /** @throws HSM_PIN_FORMAT */
  static checkFormat(work: PinWork, format: PinFormat): void {
    if (FORMATS[work].includes(format)) return;
    throw new HsmError('HSM_PIN_FORMAT', `format ${format} to ${work}`);
  }

  /** Before a block is translated; no look-up at all while no card has a malformed block. @throws HSM_PIN_LIMIT */
  checkTranslation({ peer }: Asking, pan: Uint8Array): void {
    if (this.#malformed.size === 0) return;
    const faults = this.#malformed.get(nameOf(peer, pan));
    if (faults && faults.count >= this.#limits.malformed && faults.ends > this.#wall()) {
      throw limited('malformed');
    }
  }

  /** Before a PIN is compared, in the ledger that all processes share. @throws HSM_PIN_LIMIT, HSM_LEDGER_FAILED */
  checkVerification(asking: Asking, pan: Uint8Array): void {
    const card = asking.cardMark(pan);
    const now = this.#wall();
    if (this.#ledger.faultsOf(inARow(card), now) >= this.#limits.inARow) throw limited('wrong');
    if (this.#ledger.faultsOf(aDay(card), now) >= this.#limits.aDay) throw limited('wrong');
  }

  /** The card's PIN was right: what is counted in a row begins anew. */
  succeeded(asking: Asking, pan: Uint8Array): void {
    const name = inARow(asking.cardMark(pan));
    if (this.#ledger.faultsOf(name, this.#wall()) > 0) this.#ledger.forgive(name);
  }

  /** @param key the name of the key whose block it was */
  failed(fault: PinFault, asking: Asking, pan: Uint8Array, key: string): void {
    const now = this.#wall();
    const card = asking.cardMark(pan);
    if (fault === 'wrong') {
      this.#ledger.countFault(inARow(card), now + DAY_MS, now);
      this.#ledger.countFault(aDay(card), now + DAY_MS, now);
    } else {
      const ends = now + MALFORMED_WINDOW_MS;
      const count = this.#ledger.countFault(`malformed/${card}`, ends, now);
      this.#remember(nameOf(asking.peer, pan), { count, ends });
    }
    this.#countOf(key, now);
  }

  #remember(name: string, faults: Faults): void {
    this.#malformed.delete(name);
    this.#malformed.set(name, faults);
    dropOldest(this.#malformed, MOST_CARDS);
  }

  #countOf(key: string, now: number): void {
    const known = this.#keys.get(key);
    const faults = known && known.ends > now ? known : { count: 0, ends: now + ALARM_WINDOW_MS };
    faults.count += 1;
    this.#keys.delete(key);
    this.#keys.set(key, faults);
    dropOldest(this.#keys, MOST_KEYS);

    if (faults.count !== this.#limits.alarm) return;
    this.#alarms += 1;
    this.#onAlarm({ key, faults: faults.count });
  }
}

function inARow(card: string): string {
  return `in-a-row/${card}`;
}

/** Under the name that older ledgers have. */
function aDay(card: string): string {
  return `wrong/${card}`;
}

/** In this process only: never written, never told. */
function nameOf(peer: string, pan: Uint8Array): string {
  return `${peer}/${Buffer.from(pan).toString('latin1')}`;
}

function limited(fault: PinFault): HsmError {
  return new HsmError('HSM_PIN_LIMIT', `too many ${fault} PINs of this card`);
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const oldest = map.keys().next().value;
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
