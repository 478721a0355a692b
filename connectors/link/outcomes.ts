// What an answer of a network means for the transaction it answers: its code by the network's own table, its amount by
// what was asked. An answer that contradicts what was asked is no answer to it, whatever its code says.

import { codeMeaning, reversalMeaning } from '../answers/answer-meaning.ts';
import type { AnswerTable, CodeMeaning } from '../answers/answer-table.ts';
import { PLAIN_ANSWERS } from '../answers/plain-answers.ts';
import type { TransactionFacts, TransactionKind } from '../authorisation.ts';
import type { Balance, NetworkOutcome, NotAsked, NoticeOutcome, Unreachable } from '../network-leg.ts';
import { amountDisagreements } from './agreement.ts';
import type { AdditionalAmount, ReplyElements } from './network-dialect.ts';

/** DE39 (ISO 8583:1987), as the switch knows what is approved otherwise than whole. */
const IN_PART = '10';
const BUT_IDENTIFY = '08';
const WITHOUT_CASH = '87';
const APPROVED = '00';

/** DE54 amount types that say what an account holds: ledger and available balance. */
const BALANCES: ReadonlySet<string> = new Set(['01', '02']);

type Answered = Exclude<NetworkOutcome, Unreachable | NotAsked>;

/** What an answer to an authorisation request means for the transaction it answers. */
export function authorisationOutcome(
  reply: ReplyElements,
  facts: TransactionFacts,
  table: AnswerTable = PLAIN_ANSWERS,
): Answered {
  const { code } = reply;
  if (code === undefined) return unknown('the answer has no response code');
  const meaning = codeMeaning(code, facts.kind, table);
  if (amountDisagreements(reply, facts, meaning).length > 0) {
    return unknown('the answer is to another amount');
  }

  switch (meaning) {
    case 'approved':
      return approved(code, reply);
    case 'approved-but-identify':
      return approved(BUT_IDENTIFY, reply);
    case 'approved-in-part': {
      const approvedMinorUnits = Number(reply.amount ?? 0);
      if (approvedMinorUnits === 0) return unknown('a partial approval of no amount');
      return { ...approved(IN_PART, reply), approvedMinorUnits };
    }
    case 'approved-without-cash':
      return approvedWithoutCash(reply, facts);
    case 'refused':
    case 'soft-decline':
      return { status: 'refused', code, ...chipData(reply) };
    case 'wait':
      return unknown('the answer was said to follow');
    case undefined:
      return unknown(`the network answered ${code}, which is in no table`);
  }
}

function unknown(reason: string): Answered {
  return { status: 'unknown', reason, hasAnswered: true };
}

function approved(code: string, reply: ReplyElements) {
  const { approvalCode, networkReference } = reply;
  const balances = readBalances(reply.amounts);
  return {
    status: 'approved',
    code,
    ...chipData(reply),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
    ...(balances.length > 0 && { balances }),
  } as const;
}

function approvedWithoutCash(reply: ReplyElements, facts: TransactionFacts): Answered {
  const approvedMinorUnits = withoutCash(facts, Number(reply.amount ?? 0));
  if (approvedMinorUnits === undefined) return unknown('an approval without cash of more than the purchase');
  return { ...approved(WITHOUT_CASH, reply), approvedMinorUnits };
}

/**
 * What is approved is what was asked without its cash; some networks repeat in DE4 what was asked.
 * @param given DE4 of the answer; 0 where it has none
 * @returns nothing where more is given than the purchase
 */
export function withoutCash(
  { amount, cashbackMinorUnits = 0 }: Pick<TransactionFacts, 'amount' | 'cashbackMinorUnits'>,
  given = 0,
): number | undefined {
  const purchase = amount.minorUnits - cashbackMinorUnits;
  const approvedMinorUnits = given === 0 || given === amount.minorUnits ? purchase : given;
  return approvedMinorUnits > purchase ? undefined : approvedMinorUnits;
}

function chipData({ emv }: ReplyElements) {
  const emvHex = emv?.hex();
  return emvHex === undefined ? {} : { emvHex };
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

/**
 * "Not found" is no refusal, and no end either: the code says so to whoever reversed (`reversalMeaning`).
 * @param isRepeat the reversal said that it was one: then the network may know it
 */
export function reversalOutcome(
  { code }: ReplyElements,
  table: AnswerTable = PLAIN_ANSWERS,
  isRepeat = false,
): NoticeOutcome {
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  switch (reversalMeaning(code, table)) {
    case 'reversed':
    case 'already-reversed':
    case 'not-found':
      return { status: 'acknowledged', code };
    case 'repeat-known':
      return { status: isRepeat ? 'acknowledged' : 'refused', code };
    case 'try-again':
      return { status: 'unknown', reason: `the network answered ${code}` };
    case 'refused':
    case undefined:
      return { status: 'refused', code };
  }
}

/** What an answer to an advice approves is taken as told: the network has it, under whatever code. */
const TAKEN: ReadonlySet<CodeMeaning | undefined> = new Set<CodeMeaning>([
  'approved',
  'approved-but-identify',
]);

/**
 * An advice that finds nothing has told nobody anything; one that is approved in part leaves the rest to people.
 * @param about the service that is told, since for some a code approves that refuses all others; whether the advice
 *   said that it is a repeat, which the network may know already
 */
export function adviceOutcome(
  { code, approvalCode, networkReference }: ReplyElements,
  table: AnswerTable = PLAIN_ANSWERS,
  about: { readonly kind?: TransactionKind; readonly isRepeat?: boolean } = {},
): NoticeOutcome {
  const { kind, isRepeat = false } = about;
  if (code === undefined) return { status: 'unknown', reason: 'the answer has no response code' };
  if (isRepeat && reversalMeaning(code, table) === 'repeat-known') return { status: 'acknowledged', code };
  if (table.adviceTryAgain.includes(code)) {
    return { status: 'unknown', reason: `the network answered ${code}` };
  }

  const meaning = kind === undefined && code !== APPROVED ? undefined : codeMeaning(code, kind, table);
  if (!TAKEN.has(meaning)) return { status: 'refused', code };
  return {
    status: 'acknowledged',
    code,
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
  };
}
