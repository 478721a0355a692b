/**
 * The switch's own numbers towards each network. Two terminals know nothing of each other, and a network takes two
 * messages with the same STAN, moment and acquirer for one; so all processes of all nodes draw from one space. Each
 * reserves blocks of it in the database, long before they are used: no payment waits for a number, and none comes back
 * after a restart, since a block that was begun is lost with its process.
 *
 * A number counts on for ever. Its last six digits are the STAN; with the year's last digit and the day before its last
 * eight it is the RRN: a hundred million a day and network. Numbers made of time and a node's own count were rejected:
 * they need a slot for each process, and a process that is fenced, or comes back, may still use its own.
 */
import {
  type Clock,
  DAY_MS,
  LastingTrouble,
  type Log,
  type Monotonic,
  type Timer,
  utcCalendar,
} from '../../runtime/index.ts';
import type { Numbers, OwnNumbers } from './numbers.ts';

const BLOCK = 2_000;
/** A new block is reserved while so many numbers are left of the one in use. */
const RESERVE_AT = 1_500;
const LOOK_EVERY_MS = 20_000;
/** A block older than that is given up for a new one: others go on, and count through all STANs sooner or later. */
const STALE_MS = 60_000;
/** A block older than that is not used at all. */
const TOO_OLD_MS = 600_000;
const STANS = 1_000_000;
const NUMBERS_A_DAY = 100_000_000;

interface Block {
  next: number;
  readonly end: number;
  readonly reservedAt: Monotonic;
}

interface Space {
  block: Block | undefined;
  spare: Block | undefined;
  isReserving: boolean;
}

export interface NumberSpaceParts {
  /** @returns the first of so many numbers that nobody else was given, or will be */
  readonly reserve: (network: string, count: number) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
}

export class NumberSpace implements Numbers {
  readonly #parts: NumberSpaceParts;
  readonly #away: LastingTrouble;
  readonly #spaces = new Map<string, Space>();
  #day = { number: -1, digits: '' };
  #timer: Timer | undefined;
  #isClosed = false;

  private constructor(parts: NumberSpaceParts) {
    this.#parts = parts;
    this.#away = new LastingTrouble('numbers.away', parts);
  }

  /** With numbers for each network. @throws what `reserve` throws */
  static async open(networks: Iterable<string>, parts: NumberSpaceParts): Promise<NumberSpace> {
    const space = new NumberSpace(parts);
    for (const network of networks) {
      space.#spaces.set(network, {
        block: await space.#block(network),
        spare: undefined,
        isReserving: false,
      });
    }
    space.#lookLater();
    return space;
  }

  next(network: string): OwnNumbers | undefined {
    const space = this.#spaces.get(network);
    if (!space) return undefined;
    const number = this.#take(space);
    this.#see(network, space);
    return number === undefined ? undefined : this.#numbersOf(number);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #take(space: Space): number | undefined {
    const now = this.#parts.clock.monotonic();
    const isUsed = ({ next, end, reservedAt }: Block) => next >= end || now - reservedAt > TOO_OLD_MS;
    if (space.spare && isUsed(space.spare)) space.spare = undefined;
    const isStale = space.block && now - space.block.reservedAt > STALE_MS;
    if (!space.block || isUsed(space.block) || (isStale && space.spare)) {
      space.block = space.spare;
      space.spare = undefined;
    }
    if (!space.block) return undefined;

    const number = space.block.next;
    space.block.next += 1;
    return number % STANS === 0 ? this.#take(space) : number;
  }

  /** Sees to it that there are numbers for a while. */
  #see(network: string, space: Space): void {
    const { block, spare } = space;
    const isFresh = (each: Block) => this.#parts.clock.monotonic() - each.reservedAt <= STALE_MS;
    const isEnough = spare ? isFresh(spare) : block && isFresh(block) && block.end - block.next > RESERVE_AT;
    if (isEnough || space.isReserving || this.#isClosed) return;
    space.isReserving = true;
    this.#block(network)
      .then((reserved) => {
        space.spare = reserved;
        this.#away.over();
      })
      .catch((error: unknown) => {
        this.#away.failed(error, { network });
      })
      .finally(() => {
        space.isReserving = false;
      });
  }

  async #block(network: string): Promise<Block> {
    const reservedAt = this.#parts.clock.monotonic();
    const first = await this.#parts.reserve(network, BLOCK);
    return { next: first, end: first + BLOCK, reservedAt };
  }

  #numbersOf(number: number): OwnNumbers {
    const rrn = `${this.#dayDigits()}${digits(number % NUMBERS_A_DAY, 8)}`;
    return { stan: rrn.slice(-6), rrn };
  }

  /** Last digit of the year, and the day of the year; made once a day. */
  #dayDigits(): string {
    const wall = this.#parts.clock.wall();
    const day = Math.floor(wall / DAY_MS);
    if (day !== this.#day.number) {
      const { year, dayOfYear } = utcCalendar(wall);
      this.#day = { number: day, digits: `${year % 10}${digits(dayOfYear, 3)}` };
    }
    return this.#day.digits;
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      for (const [network, space] of this.#spaces) this.#see(network, space);
      this.#lookLater();
    });
  }
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
