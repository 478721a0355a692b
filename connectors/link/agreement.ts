// Whether an answer is about what was asked: its amount, its currency and its card, where it names them. The numbers of
// an answer may repeat those of an older request (a terminal counts anew, a network swaps two answers); the money of
// one payment must never approve another. What is absent is no contradiction: networks echo as they like.

import type { Pan } from '../../messages/index.ts';
import { codeMeaning } from '../answers/answer-meaning.ts';
import type { AnswerTable, CodeMeaning } from '../answers/answer-table.ts';
import type { TransactionFacts } from '../authorisation.ts';
import type { ReplyElements } from './network-dialect.ts';

export type Compared = 'amount' | 'currency' | 'card';

/** What must agree in an answer, where it is there. Data of the network. */
export interface Agreement {
  readonly compares: readonly Compared[];
  /** Inclusive ranges of leading digits that are tokens: an answer may name the card behind one. */
  readonly tokens: readonly { readonly from: string; readonly to: string }[];
}

export const WHOLE_AGREEMENT: Agreement = { compares: ['amount', 'currency', 'card'], tokens: [] };

/** What was asked, as far as an answer may repeat it. */
export interface Asked {
  readonly facts: TransactionFacts;
  readonly pan: Pan;
}

/** The elements of an answer to an authorisation that contradict what was asked; none: it is the answer to it. */
export function disagreements(
  reply: ReplyElements,
  asked: Asked,
  table: AnswerTable,
  agreement: Agreement = WHOLE_AGREEMENT,
): string[] {
  const { compares } = agreement;
  const { facts } = asked;
  const meaning = reply.code === undefined ? undefined : codeMeaning(reply.code, facts.kind, table);
  const found = noticeDisagreements(reply, asked, agreement);
  if (compares.includes('amount')) found.push(...amountDisagreements(reply, facts, meaning));
  return found;
}

/** The same of an answer to a reversal or an advice: what DE4 says there differs from network to network. */
export function noticeDisagreements(
  { currency, card }: ReplyElements,
  { facts, pan }: Asked,
  { compares, tokens }: Agreement = WHOLE_AGREEMENT,
): string[] {
  const found: string[] = [];
  const isOtherCurrency = currency !== undefined && currency !== facts.amount.currency;
  if (isOtherCurrency && compares.includes('currency')) found.push('DE49');
  const isOtherCard = card !== undefined && !cardAgrees(card, pan, tokens);
  if (isOtherCard && compares.includes('card')) found.push('DE2');
  return found;
}

/** DE54 amount type: what was asked, where less is approved. */
const ORIGINAL_AMOUNT = '57';

/**
 * Which amounts of an answer contradict what was asked. An approval repeats it, or names less where its code says so;
 * what is no approval may name nothing.
 */
export function amountDisagreements(
  { amount, amounts = [] }: Pick<ReplyElements, 'amount' | 'amounts'>,
  { amount: asked, kind }: Pick<TransactionFacts, 'amount' | 'kind'>,
  meaning: CodeMeaning | undefined,
): string[] {
  if (kind === 'balance') return [];
  const isLess = meaning === 'approved-in-part' || meaning === 'approved-without-cash';
  const originals = isLess ? amounts.filter(({ amountType }) => amountType === ORIGINAL_AMOUNT) : [];
  const isWhatWasAsked = (given: string) => Number(given) === asked.minorUnits;
  return [
    ...(amount !== undefined && !isPossible(Number(amount), asked.minorUnits, meaning) ? ['DE4'] : []),
    ...(originals.every((original) => isWhatWasAsked(original.amount)) ? [] : ['DE54']),
  ];
}

function isPossible(given: number, asked: number, meaning: CodeMeaning | undefined): boolean {
  switch (meaning) {
    case 'approved':
    case 'approved-but-identify':
      return given === asked;
    case 'approved-in-part':
    case 'approved-without-cash':
      return given <= asked;
    default:
      return given === 0 || given === asked;
  }
}

const TAIL_DIGITS = 4;

/** The whole number, or its last digits: some networks show no more, and fill up with zeros what they do not show. */
function cardAgrees(given: Pan, asked: Pan, tokens: Agreement['tokens']): boolean {
  const digits = given.reveal().replace(/^0+/, '');
  if (digits.length < TAIL_DIGITS) return digits.length === 0;
  const whole = asked.reveal();
  if (whole.endsWith(digits)) return true;
  return tokens.some(({ from, to }) => {
    const leading = whole.slice(0, from.length);
    return leading >= from && leading <= to;
  });
}
