// Answers to authorisations that nobody waits for: what of them is handed up. They may be money that the network holds.

import { codeMeaning, mayHoldMoney } from '../answers/answer-meaning.ts';
import type { AnswerTable } from '../answers/answer-table.ts';
import type { TransactionFacts, TransactionKind } from '../authorisation.ts';
import type { AnswerNumbers, LateAnswer } from '../network-leg.ts';
import type { Matchable } from './match-keys.ts';
import type { NetworkDialect } from './network-dialect.ts';

/** Whose request an answer is to. */
export interface RequestTag {
  readonly transaction: string;
  readonly kind: TransactionKind;
  readonly stan: string;
}

/** How the answers of one network are read. */
interface Reading<M extends Matchable> {
  readonly name: string;
  readonly dialect: Pick<NetworkDialect<M>, 'replyElements'>;
  readonly answers: AnswerTable;
}

/** Answers to requests that may hold money. */
const ANSWERS: ReadonlySet<string> = new Set(['0110', '0210']);

export function tagOf({ transaction, kind, stan }: TransactionFacts): RequestTag {
  return { transaction, kind, stan };
}

export function lateAnswer<M extends Matchable>(
  reply: M,
  { transaction, kind, stan }: RequestTag,
  reading: Reading<M>,
): LateAnswer {
  const answer = said(reply, reading, kind);
  return { transaction, ...answer, ...(kind === 'increment' && { increment: stan }) };
}

/** @returns nothing where it holds no money: whoever asked is told nothing, and nothing is to be undone */
export function strayApproval<M extends Matchable>(reply: M, reading: Reading<M>): LateAnswer | undefined {
  if (!ANSWERS.has(reply.mti)) return undefined;
  const answer = said(reply, reading);
  if (!answer.approved) return undefined;
  return { ...answer, stray: { network: reading.name, numbers: numbersOf(reply, reading) } };
}

function said<M extends Matchable>(
  reply: M,
  { dialect, answers }: Reading<M>,
  kind?: TransactionKind,
): LateAnswer {
  const { code = '', approvalCode, networkReference, amount } = dialect.replyElements(reply);
  const meaning = codeMeaning(code, kind, answers);
  const isWithoutCash = meaning === 'approved-without-cash';
  const partMinorUnits = meaning === 'approved-in-part' || isWithoutCash ? Number(amount ?? 0) : 0;
  return {
    approved: mayHoldMoney(code, kind, answers),
    code,
    ...(isWithoutCash && { isWithoutCash }),
    ...(partMinorUnits > 0 && { approvedMinorUnits: partMinorUnits }),
    ...(approvalCode !== undefined && { approvalCode }),
    ...(networkReference !== undefined && { networkReference }),
  };
}

function numbersOf<M extends Matchable>(reply: M, { dialect }: Reading<M>): AnswerNumbers {
  const { amount, currency } = dialect.replyElements(reply);
  const text = (element: string) => {
    const value = reply[element];
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  };
  const numbers = {
    transmittedAt: text('de7'),
    stan: text('de11'),
    acquirer: text('de32'),
    rrn: text('de37'),
    terminal: text('de41'),
    merchant: text('de42'),
    minorUnits: amount === undefined ? undefined : Number(amount),
    currency,
  };
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined));
}
