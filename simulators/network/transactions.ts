import {
  type AdviceRequest,
  type AuthorisationRequest,
  identityKey,
  type MessageIdentity,
  type NetworkRow,
  originalKey,
} from './rows.ts';

/** One transaction as the network stands to it. */
export interface Transaction {
  /** The row that began it: an approval, a decline, an advice, or a reversal that came first. */
  readonly decided: NetworkRow;
  completion?: NetworkRow;
  /** An advice of what it had decided itself. */
  told?: NetworkRow;
  reversal?: NetworkRow;
  /** What was added to it, oldest first; each can be reversed by itself. */
  increments: Transaction[];
  /** Of an increment. */
  addsTo?: Transaction;
  held: number;
  captured: number;
  refunded: number;
}

/** What the rows so far amount to, by everything a message may name a transaction with. */
export interface Transactions {
  apply(row: NetworkRow): void;
  byIdentity(message: MessageIdentity): Transaction | undefined;
  /** The hold that a request adds to. */
  ofIncrement(request: AuthorisationRequest): Transaction | undefined;
  byOriginal(reversal: Parameters<typeof originalKey>[0]): Transaction | undefined;
  /** By our identifier, its own identity, or terminal, RRN and approval code of a pre-authorisation. */
  ofAdvice(advice: AdviceRequest): Transaction | undefined;
  /** The advice that was answered under this identity. */
  advice(message: MessageIdentity): NetworkRow | undefined;
}

/** The last completion that came was one of several, and not the last of them. */
export function hasMoreToCome({ completion }: Pick<Transaction, 'completion'>): boolean {
  return completion?.part !== undefined && !isLastOf(completion.part);
}

export function isLastOf({ sequence, count }: NonNullable<NetworkRow['part']>): boolean {
  return sequence === count;
}

interface Kept {
  readonly known: Map<string, Transaction>;
  readonly byId: Map<string, Transaction>;
  readonly holds: Map<string, Transaction>;
}

function begin({ known, byId, holds }: Kept, key: string, row: NetworkRow): Transaction {
  const transaction = begun(row);
  known.set(key, transaction);
  if (row.transactionId !== undefined) byId.set(row.transactionId, transaction);
  if (row.moves?.held !== undefined) holds.set(`${row.terminal}|${row.rrn}`, transaction);
  return transaction;
}

function addTo({ known }: Kept, row: NetworkRow): void {
  const hold = known.get(identityKey(row));
  if (!hold) return;
  const increment = { ...begun(row), addsTo: hold };
  hold.increments.push(increment);
  known.set(identityKey({ ...row, ...row.message }), increment);
}

function capture({ known, byId }: Kept, row: NetworkRow): void {
  const transaction = byId.get(row.transactionId ?? '');
  if (!transaction) return;
  transaction.completion = row;
  if (hasMoreToCome(transaction)) transaction.held += row.moves?.held ?? 0;
  else for (const each of [transaction, ...transaction.increments]) each.held = 0;
  transaction.captured += row.moves?.captured ?? 0;
  if (!known.has(identityKey(row))) known.set(identityKey(row), transaction);
}

export function transactions(): Transactions {
  const kept: Kept = { known: new Map(), byId: new Map(), holds: new Map() };
  const { known, byId, holds } = kept;
  const advices = new Map<string, NetworkRow>();

  return {
    apply(row) {
      switch (row.kind) {
        case 'advised':
          advices.set(identityKey(row), row);
          begin(kept, identityKey(row), row);
          break;
        case 'authorised':
        case 'held':
        case 'refunded':
        case 'verified':
        case 'inquired':
        case 'declined':
          begin(kept, identityKey(row), row);
          break;
        case 'incremented':
          addTo(kept, row);
          break;
        case 'captured':
          advices.set(identityKey(row), row);
          capture(kept, row);
          break;
        case 'adjusted': {
          advices.set(identityKey(row), row);
          const sale = byId.get(row.transactionId ?? '');
          if (sale) move(sale, row);
          break;
        }
        case 'advice-repeated': {
          const transaction = known.get(identityKey(row));
          if (transaction) transaction.told = row;
          break;
        }
        case 'reversal-remembered':
          begin(kept, originalKey(row), row).reversal = row;
          break;
        case 'reversed':
        case 'reversal-ineffective': {
          const transaction = known.get(originalKey(row));
          if (!transaction) break;
          transaction.reversal = row;
          move(transaction, row);
        }
      }
    },
    ...lookups({ known, byId, holds }),
    advice: (message) => advices.get(identityKey(message)),
  };
}

/** Everything a message may name a transaction with. */
function lookups({
  known,
  byId,
  holds,
}: Readonly<Record<'known' | 'byId' | 'holds', ReadonlyMap<string, Transaction>>>): Omit<
  Transactions,
  'apply' | 'advice'
> {
  return {
    byIdentity: (message) => known.get(identityKey(message)),
    ofIncrement({ addsTo, terminal, rrn }) {
      if (!addsTo) return undefined;
      if ('transactionId' in addsTo) return byId.get(addsTo.transactionId);
      return known.get(originalKey({ terminal, rrn, original: addsTo.original }));
    },
    byOriginal: (reversal) => known.get(originalKey(reversal)),
    ofAdvice(advice) {
      const { original, terminal, rrn } = advice;
      const named =
        byId.get(advice.transactionId ?? '') ??
        known.get(identityKey(advice)) ??
        (original && known.get(originalKey({ terminal, rrn, original })));
      if (named) return named;
      const hold = holds.get(`${advice.terminal}|${advice.rrn}`);
      const same = advice.approvalCode === undefined || advice.approvalCode === hold?.decided.approvalCode;
      return same ? hold : undefined;
    },
  };
}

function begun(row: NetworkRow): Transaction {
  const transaction = { decided: row, increments: [], held: 0, captured: 0, refunded: 0 };
  move(transaction, row);
  return transaction;
}

/** Of a hold with all that was added to it. */
export function heldOf({ held, increments }: Transaction): number {
  return increments.reduce((sum, increment) => sum + increment.held, held);
}

function move(transaction: Transaction, { moves = {} }: NetworkRow): void {
  transaction.held += moves.held ?? 0;
  transaction.captured += moves.captured ?? 0;
  transaction.refunded += moves.refunded ?? 0;
}
