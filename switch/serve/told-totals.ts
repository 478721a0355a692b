import { Refusal } from '../errors.ts';
import type { TerminalMessage } from '../requests/terminal-message.ts';
import { required } from '../requests/understand.ts';
import type { BatchSide, BatchTotals } from '../transaction/entries.ts';

// The totals of a batch as a terminal says them. Terminals of the POS dialects have them in DE63; hosts and cash
// registers that follow the standard to the letter, in DE74 to 77 and 86 to 89.

const NOTHING: BatchSide = { count: 0, minorUnits: 0 };

/** @throws Refusal SW_FORMAT */
export function toldTotals(message: TerminalMessage): BatchTotals {
  const { de63, de76, de88 } = message;
  const isStandard = de63 === undefined && de76 !== undefined && de88 !== undefined;
  return isStandard ? standardTotals(message) : terminalTotals(required(de63, 'DE63').trimEnd());
}

/**
 * Number (3 digits) and amount (12) of sales, then of refunds; of many terminals the same again of debit cards, and of
 * sales that were authorised before. Sixty or ninety digits are one batch all the same: they are added up.
 */
function terminalTotals(text: string): BatchTotals {
  if (!/^(\d{30}){1,3}$/.test(text)) throw new Refusal('SW_FORMAT', { element: 'DE63' });
  const sides = (text.match(/\d{15}/g) ?? []).map((side): BatchSide => {
    return { count: Number(side.slice(0, 3)), minorUnits: Number(side.slice(3)) };
  });
  const half = (own: number) => sides.filter((_, index) => index % 2 === own).reduce(plus, NOTHING);
  return { sales: half(0), refunds: half(1) };
}

/** What the cardholders were debited is sales, what they were credited refunds; what was reversed counts in neither. */
function standardTotals(message: TerminalMessage): BatchTotals {
  const { de74, de75, de76, de77, de86, de87, de88, de89 } = message;
  return {
    sales: sideOf('DE88', { count: de76, amount: de88 }, { count: de77, amount: de89 }),
    refunds: sideOf('DE86', { count: de74, amount: de86 }, { count: de75, amount: de87 }),
  };
}

interface Told {
  readonly count: string | undefined;
  readonly amount: string | undefined;
}

/** @throws Refusal SW_FORMAT where more was reversed than there is, or more than can be counted */
function sideOf(element: string, all: Told, reversed: Told): BatchSide {
  const count = Number(all.count ?? 0) - Number(reversed.count ?? 0);
  const minorUnits = Number(all.amount ?? 0) - Number(reversed.amount ?? 0);
  const isSum = count >= 0 && minorUnits >= 0 && Number.isSafeInteger(minorUnits);
  if (!isSum) throw new Refusal('SW_FORMAT', { element });
  return { count, minorUnits };
}

function plus(one: BatchSide, other: BatchSide): BatchSide {
  return { count: one.count + other.count, minorUnits: one.minorUnits + other.minorUnits };
}
