/**
 * The cards of a run, each for one message, drawn from a seed. Values of a kind begin alike and end differently: one
 * look at the beginning passes over nearly all of a gigabyte. What the simulated network approves is the range of the
 * published test card.
 */
import { createHash } from 'node:crypto';
import { DEVELOPMENT_KEYS } from '../../hsm/development/keys.ts';
import { developmentKey } from '../../hsm/index.ts';
import { format0, pinCipher } from '../../simulators/crypto/pin-block.ts';
import type { Canary, Kind } from './canary.ts';

export interface Card {
  readonly of: string;
  readonly pan: string;
  readonly pin: string;
  readonly expiry: string;
  readonly track1: string;
  readonly track2: string;
  readonly track3: string;
  /** Digits that stand for a verification value in this element. */
  verificationValue(element: string): string;
}

const RANGE = '424242';
const ACCOUNT_DIGITS = 9;
const EXPIRY = '3012';
const SERVICE = '201';
const DISCRETIONARY_DIGITS = 13;
const TRACK_3_DIGITS = 18;
const TRACK_3_BEGINS = '739155';
/** As long as no three digits are found by chance: what an element's text is made of, nobody but its reader knows. */
const VERIFICATION_DIGITS = 10;
const VERIFICATION_BEGINS = '846273';
const NAME_BEGINS = 'QUXAWY';
const NAME_LETTERS = 8;
const DES_BLOCK = 8;
/** What the network takes for right. */
const RIGHT_PIN = '1234';
const PIN_BEGINS = '2857';
const LONG_PIN = 8;

export class Wallet {
  readonly canaries: Canary[];
  readonly #seed: string;

  readonly #prefix: string;

  constructor(seed: string, prefix = '', canaries: Canary[] = []) {
    this.#seed = seed;
    this.#prefix = prefix;
    this.canaries = canaries;
  }

  /** Other cards for the same messages, kept with these. */
  ofRound(round: number): Wallet {
    return new Wallet(`${this.#seed} ${round}`, `round ${round}, `, this.canaries);
  }

  /** A card whose PIN is right, or is one of twelve digits that can be searched by itself. */
  card(of: string, pinIs: 'right' | 'long' = 'long'): Card {
    const digits = (what: string, count: number) => this.#digits(`${of} ${what}`, count);
    const account = RANGE + digits('account', ACCOUNT_DIGITS);
    const pan = account + checkDigit(account);
    const pin = pinIs === 'right' ? RIGHT_PIN : PIN_BEGINS + digits('pin', LONG_PIN);
    const behind = EXPIRY + SERVICE + digits('track 2', DISCRETIONARY_DIGITS);
    const named = `${NAME_BEGINS}${this.#letters(`${of} name`)}^${EXPIRY}${SERVICE}${digits('track 1', DISCRETIONARY_DIGITS)}`;
    const track3 = TRACK_3_BEGINS + digits('track 3', TRACK_3_DIGITS);

    this.#keep('pan', of, { digits: pan });
    if (pinIs === 'long') this.#keep('pin', of, { digits: pin });
    this.#keep('pin', `${of}, clear block`, { bytes: format0(pin, pan) });
    this.#keep('track-1', of, { text: named });
    this.#keep('track-2', of, { digits: behind });
    this.#keep('track-3', of, { digits: track3 });
    return {
      of,
      pan,
      pin,
      expiry: EXPIRY,
      track1: `B${pan}^${named}`,
      track2: `${pan}=${behind}`,
      track3: `01${pan}=${track3}`,
      verificationValue: (element) => {
        const value = VERIFICATION_BEGINS + digits(`cvv ${element}`, VERIFICATION_DIGITS);
        this.#keep('cvv', `${of}, ${element}`, { digits: value });
        return value;
      },
    };
  }

  /** The block as a terminal sends it, and as the network gets it. */
  blocks({ of, pan, pin }: Card, pinKey: string): Buffer {
    const sent = pinCipher(developmentKey(pinKey)).encrypt(pin, pan);
    this.#keep('pin-block', `${of}, as sent`, { bytes: sent });
    const passedOn = pinCipher(developmentKey('ZPK/VISA')).encrypt(pin, pan);
    this.#keep('pin-block', `${of}, as passed on`, { bytes: passedOn });
    return sent;
  }

  /** Another value that is looked for. */
  keep(kind: Kind, of: string, value: Canary['value']): void {
    this.#keep(kind, of, value);
  }

  digits(what: string, count: number): string {
    return this.#digits(what, count);
  }

  #keep(kind: Kind, message: string, value: Canary['value']): void {
    const of = message.startsWith(this.#prefix) ? message : this.#prefix + message;
    const isKept = this.canaries.some((each) => each.kind === kind && each.of === of);
    if (!isKept) this.canaries.push({ kind, of, value });
  }

  #digits(what: string, count: number): string {
    const drawn = createHash('sha512').update(`${this.#seed} ${what}`).digest();
    return Array.from({ length: count }, (_, at) => (drawn[at] ?? 0) % 10).join('');
  }

  #letters(what: string): string {
    const drawn = createHash('sha512').update(`${this.#seed} ${what}`).digest();
    return Array.from({ length: NAME_LETTERS }, (_, at) =>
      String.fromCharCode(65 + ((drawn[at] ?? 0) % 26)),
    ).join('');
  }
}

/**
 * The development keys by their halves, since a cipher keeps them so; examples of standards stand in our own sources.
 */
export function keyCanaries(): Canary[] {
  return DEVELOPMENT_KEYS.filter(({ name }) => !/^(BDK|IMK)/.test(name)).flatMap(({ name }) => {
    const key = developmentKey(name);
    const half = (what: string, bytes: Buffer): Canary => ({
      kind: 'key',
      of: `${name}, ${what} half`,
      value: { bytes },
    });
    return [half('left', key.subarray(0, DES_BLOCK)), half('right', key.subarray(DES_BLOCK))];
  });
}

/** Of ISO/IEC 7812: the digit that makes the number pass Luhn's check. */
function checkDigit(digits: string): string {
  const sum = [...digits].reverse().reduce((total, character, index) => {
    const digit = Number(character) * (index % 2 === 0 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}
