import type { CardData, TransactionFacts } from '../authorisation.ts';
import type { AdviceRequest } from '../network-leg.ts';

/** Data elements that ISO 8583:1987 dialects say alike. */

/** DE25: 06 preauthorised request; 51 verification without an amount, as card networks use it. */
const CONDITION: Partial<Record<TransactionFacts['kind'], string>> = {
  'pre-authorisation': '06',
  increment: '06',
  'account-verification': '51',
};

/** What identifies a transaction, in every message about it. */
export function identification(facts: TransactionFacts) {
  return {
    de3: facts.processingCode,
    de4: amount12(facts.amount.minorUnits),
    de7: facts.transmittedAt,
    de11: facts.stan,
    de12: facts.localTime,
    de13: facts.localDate,
    de18: facts.merchantCategory,
    de22: facts.posEntryMode,
    de25: CONDITION[facts.kind] ?? facts.posConditionCode,
    de32: facts.acquirer,
    de37: facts.rrn,
    de41: facts.terminal,
    de42: facts.merchant,
    de49: facts.amount.currency,
  };
}

/** DE3, positions 1 and 2: the amount of a sale is another than before. */
const ADJUSTMENT = '02';

/** What an advice has of its own that is not of the message that began its transaction. */
export function ownElements({ own, reason, facts }: Pick<AdviceRequest, 'own' | 'reason' | 'facts'>) {
  return {
    ...(own && { de7: own.transmittedAt, de11: own.stan }),
    ...(reason === 'adjustment' && { de3: ADJUSTMENT + facts.processingCode.slice(2) }),
  };
}

/** A count of completions, as two digits. */
export function twoDigits(count: number): string {
  return String(count).padStart(2, '0');
}

/** The card as an authorisation request shows it, PIN and chip aside. */
export function cardElements({ pan, expiry, sequenceNumber, track2 }: CardData) {
  return {
    de2: pan,
    ...(expiry !== undefined && { de14: expiry }),
    ...(sequenceNumber !== undefined && { de23: sequenceNumber }),
    ...(track2 && { de35: track2 }),
  };
}

/** DE54 amount type 40: cash handed out, part of DE4. */
const CASHBACK = '40';

/** DE54 of a cashback. */
export function cashbackElement({ amount, cashbackMinorUnits, processingCode }: TransactionFacts) {
  if (cashbackMinorUnits === undefined) return {};
  const cash = {
    accountType: processingCode.slice(2, 4),
    amountType: CASHBACK,
    currency: amount.currency,
    sign: 'D',
    amount: amount12(cashbackMinorUnits),
  };
  return { de54: [cash] };
}

/** DE90: which message is taken back, or added to. @param mti of that message */
export function originalData(
  { stan, transmittedAt }: Pick<TransactionFacts, 'stan' | 'transmittedAt'>,
  mti: string,
  acquirer: string,
  forwarder = '',
) {
  return {
    mti,
    stan,
    transmission: transmittedAt,
    acquirer: acquirer.padStart(11, '0'),
    forwarder: forwarder.padStart(11, '0'),
  };
}

/** DE95: what stays after a partial reversal. */
export function replacementAmounts(remainingMinorUnits: number) {
  const noFee = 'C00000000';
  return {
    transaction: amount12(remainingMinorUnits),
    settlement: '0'.repeat(12),
    transactionFee: noFee,
    settlementFee: noFee,
  };
}

/** Twelve digits; more digits than that fail when the message is packed. */
export function amount12(minorUnits: number): string {
  return String(minorUnits).padStart(12, '0');
}
