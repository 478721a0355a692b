// How a table of answers is read. Where no table is given it is plain ISO 8583:1987, which knows the most codes.

import type { TransactionKind } from '../authorisation.ts';
import type { AnswerTable, CodeMeaning, NotFoundRules, ReversalMeaning } from './answer-table.ts';
import { PLAIN_ANSWERS } from './plain-answers.ts';

/** @returns nothing where the code is in no table. @param kind absent: of any service, what approves before the rest */
export function codeMeaning(
  code: string,
  kind?: TransactionKind,
  { authorisation }: Pick<AnswerTable, 'authorisation'> = PLAIN_ANSWERS,
): CodeMeaning | undefined {
  const meaning = rowOf(authorisation, code);
  if (meaning === undefined || typeof meaning === 'string') return meaning;
  if (kind !== undefined) return meaning[kind] ?? meaning.others;
  const known = Object.values(meaning);
  return known.find(approves) ?? known[0];
}

/**
 * Whether a network that gave this code may have taken or held an amount: it approves, or nobody knows what it means.
 * @param kind absent: of any service
 */
export function mayHoldMoney(code: string, kind?: TransactionKind, table?: AnswerTable): boolean {
  const meaning = codeMeaning(code, kind, table);
  return meaning === undefined || approves(meaning);
}

/** @returns nothing where it is a refusal */
export function reversalMeaning(
  code: string,
  { reversal }: Pick<AnswerTable, 'reversal'> = PLAIN_ANSWERS,
): ReversalMeaning | undefined {
  return rowOf(reversal, code);
}

/** For how long a reversal is repeated that finds nothing. */
export function notFoundRules({ notFound }: Pick<AnswerTable, 'notFound'> = PLAIN_ANSWERS): NotFoundRules {
  return notFound;
}

function approves(meaning: CodeMeaning): boolean {
  return meaning.startsWith('approved');
}

function rowOf<T>(table: Readonly<Record<string, T>>, code: string): T | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
