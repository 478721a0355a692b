import { DAY_MS } from '../runtime/index.ts';

// How long a pre-authorisation lives. Schemes give it days by what kind of payment it is; the days are data, and the
// moment they come to is written down with the payment: another table later does not change what was agreed.

/** Where the merchant is, as far as schemes make a difference: the European Economic Area, or elsewhere. */
export type Region = 'eea' | 'other';

/** What decides how long a hold lives. */
export interface HoldCase {
  readonly region: Region;
  /** DE18. */
  readonly category: string;
  readonly isCardPresent: boolean;
  /** Who is there when it is asked for: the cardholder, or the merchant alone with a card on file. */
  readonly initiator: 'cardholder' | 'merchant';
  /** What is asked for is what will be taken, and no estimate. */
  readonly isFinal: boolean;
}

/** A row of a scheme's table; what it does not name may be anything. */
export interface HoldRow extends Partial<Omit<HoldCase, 'category'>> {
  readonly categories?: readonly string[];
  readonly days: number;
  /** Whether an increment begins the days anew. */
  readonly isExtended: boolean;
}

/** How long a hold lives, as it is written down with it. */
export interface HoldLife {
  /** When what is left of it is given back; milliseconds since the epoch. */
  readonly until: number;
  /** Absent: an increment leaves the end where it is. */
  readonly isExtended?: true;
  /** Absent: the amount is an estimate. */
  readonly isFinal?: true;
}

/** Where a scheme's data says nothing. */
const USUAL: Pick<HoldRow, 'days' | 'isExtended'> = { days: 30, isExtended: false };

/** @param fromMs when it was asked for; milliseconds since the epoch */
export function holdLife(rows: readonly HoldRow[] | undefined, asked: HoldCase, fromMs: number): HoldLife {
  const { days, isExtended } = rows?.find((row) => fits(row, asked)) ?? USUAL;
  return {
    until: fromMs + days * DAY_MS,
    ...(isExtended && { isExtended }),
    ...(asked.isFinal && { isFinal: true }),
  };
}

function fits(row: HoldRow, asked: HoldCase): boolean {
  const { categories, region, isCardPresent, initiator, isFinal } = row;
  return (
    (categories === undefined || categories.includes(asked.category)) &&
    (region === undefined || region === asked.region) &&
    (isCardPresent === undefined || isCardPresent === asked.isCardPresent) &&
    (initiator === undefined || initiator === asked.initiator) &&
    (isFinal === undefined || isFinal === asked.isFinal)
  );
}

/** Entry modes (DE22, first two digits) with a card or device at the terminal. */
const CARD_AT_TERMINAL: ReadonlySet<string> = new Set(['02', '05', '07', '80', '90', '91', '95']);
/** A card on file: nobody shows it. */
const ON_FILE = '10';

/** What DE22 tells of how a payment was asked for. */
export function presenceOf(posEntryMode: string): Pick<HoldCase, 'isCardPresent' | 'initiator'> {
  const entry = posEntryMode.slice(0, 2);
  return {
    isCardPresent: CARD_AT_TERMINAL.has(entry),
    initiator: entry === ON_FILE ? 'merchant' : 'cardholder',
  };
}
