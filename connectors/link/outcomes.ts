import type { TransactionFacts } from '../authorisation.ts';
import type { Balance, NetworkOutcome, NoticeOutcome, Unreachable } from '../network-leg.ts';
import type { AdditionalAmount, ReplyElements } from './network-dialect.ts';

/** DE39 (ISO 8583:1987, table of response codes; 85 as card networks use it for verifications). */
const APPROVED = '00';
const PARTIALLY_APPROVED = '10';
const NO_REASON_TO_DECLINE = '85';
/** The network knows of nothing to reverse: it holds nothing, which is what a reversal is for. */
const NOT_FOUND = '25';
/** Codes after which the same notice may well succeed: issuer or network temporarily unable. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set(['19', '91', '92', '96']);

/** DE54 amount types that say what an account holds: ledger and available balance. */
const BALANCES: ReadonlySet<string> = new Set(['01', '02']);

/** What an answer to an authorisation request means for the transaction it answers. */
export function authorisationOutcome(
  reply: ReplyElements,
  facts: TransactionFacts,
): Exclude<NetworkOutcome, Unreachable> {
  const { code } = reply;
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  const emvHex = reply.emv?.hex();
  const chip = emvHex === undefined ? {} : { emvHex };
  const verified = code === NO_REASON_TO_DECLINE && facts.kind === 'account-verification';
  if (!mayHoldMoney(code) && !verified) return { status: 'refused', code, ...chip };
  const partial = code === PARTIALLY_APPROVED ? partialAmount(reply.amount, facts) : {};
  if (partial === undefined) return { status: 'unknown', reason: 'a partial approval of no possible amount' };
  const balances = readBalances(reply.amounts);
  return {
    status: 'approved',
    code,
    ...chip,
    ...partial,
    ...(reply.approvalCode !== undefined && { approvalCode: reply.approvalCode }),
    ...(reply.networkReference !== undefined && { networkReference: reply.networkReference }),
    ...(balances.length > 0 && { balances }),
  };
}

/** Whether a network that gave this code may have taken or held an amount. */
export function mayHoldMoney(code: string): boolean {
  return code === APPROVED || code === PARTIALLY_APPROVED;
}

/** `undefined` where the amount is missing, zero, or more than was asked for. */
function partialAmount(amount: string | undefined, facts: TransactionFacts) {
  const approvedMinorUnits = Number(amount ?? 0);
  const possible = approvedMinorUnits > 0 && approvedMinorUnits <= facts.amount.minorUnits;
  return possible ? { approvedMinorUnits } : undefined;
}

function readBalances(amounts: readonly AdditionalAmount[] = []): Balance[] {
  return amounts
    .filter(({ amountType }) => BALANCES.has(amountType))
    .map(({ accountType, amountType, currency, sign, amount }) => ({
      accountType,
      amountType,
      currency,
      minorUnits: sign === 'D' ? 0 - Number(amount) : Number(amount),
    }));
}

/** To a reversal, "not found" is an acknowledgement; an advice that finds nothing has told nobody anything. */
export function reversalOutcome(reply: ReplyElements): NoticeOutcome {
  return noticeOutcome(reply, reply.code === NOT_FOUND);
}

export function adviceOutcome(reply: ReplyElements): NoticeOutcome {
  return noticeOutcome(reply, false);
}

function noticeOutcome({ code }: ReplyElements, nothingToDo: boolean): NoticeOutcome {
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  if (code === APPROVED || nothingToDo) return { status: 'acknowledged', code };
  return TRANSIENT_CODES.has(code)
    ? { status: 'unknown', reason: `the network answered ${code}` }
    : { status: 'refused', code };
}
