import type { StoredTransaction } from '../projection/transaction-row.ts';
import { accountsOf, NOTHING } from '../transaction/movements.ts';
import { type Dating, UTC_DAYS } from './dating.ts';
import { isSame } from './day-states.ts';
import { type Difference, differenceOf, type Finding } from './difference.ts';
import type { NetworkRecord, Standing } from './ledgers/records.ts';

/** What a network's ledger says of one transaction, all of its lines together. */
export interface NetworkPosition extends Standing {
  readonly network: string;
  readonly terminal: string;
  readonly rrn: string;
  readonly stan: string;
  readonly transmitted: string;
  readonly currency: string;
  /** The business date of its first line. */
  readonly businessDate: string;
  readonly firstAt: string;
  /** Money moved at some time, though perhaps back. */
  readonly hasMoved: boolean;
}

export interface NetworkPair {
  readonly row: StoredTransaction | undefined;
  readonly position: NetworkPosition | undefined;
  /** What the network's ledger should say. */
  readonly expected: Standing;
}

/** Adds up the lines of each transaction. */
export function networkPositions(
  records: readonly NetworkRecord[],
  calendar: Dating = UTC_DAYS,
): NetworkPosition[] {
  const positions = new Map<string, { -readonly [K in keyof NetworkPosition]: NetworkPosition[K] }>();
  for (const record of records) {
    const { network, terminal, rrn, stan, transmitted, currency, at } = record;
    const key = `${nameOf(record)}|${transmitted}|${currency}`;
    const position = positions.get(key) ?? {
      network,
      terminal,
      rrn,
      stan,
      transmitted,
      currency,
      ...NOTHING,
      firstAt: at,
      hasMoved: false,
      businessDate: calendar.dateOf(Date.parse(at)),
    };
    positions.set(key, position);
    position.held += record.held;
    position.captured += record.captured;
    position.refunded += record.refunded;
    position.hasMoved ||= record.held !== 0 || record.captured !== 0 || record.refunded !== 0;
  }
  return [...positions.values()];
}

/**
 * Lines of later messages about a payment, which have its RRN and a STAN of their own: another reversal, one of several
 * completions. Where the RRN is one that the switch gave, it names that payment alone, and the STAN is its last digits.
 * One that a terminal chose may be another payment's, so there the STAN still decides.
 */
function withLaterMessages(
  positions: readonly NetworkPosition[],
  rows: readonly StoredTransaction[],
): NetworkPosition[] {
  const named = new Set(rows.flatMap((row) => (row.network_rrn === '' ? [] : [nameOf(namedThere(row))])));
  const merged = new Map<string, NetworkPosition>();
  const isFirst = ({ rrn, stan }: NetworkPosition) => stan === rrn.slice(-6);
  const inOrder = [...positions.filter(isFirst), ...positions.filter((each) => !isFirst(each))];
  for (const [index, position] of inOrder.entries()) {
    const ofPayment = { ...position, stan: position.rrn.slice(-6) };
    if (named.has(nameOf(ofPayment))) {
      const key = `${nameOf(ofPayment)}|${position.currency}`;
      const before = merged.get(key);
      merged.set(key, before ? sumOfPositions(before, position) : ofPayment);
    } else {
      merged.set(String(index), position);
    }
  }
  return [...merged.values()];
}

function sumOfPositions(first: NetworkPosition, { held, captured, refunded, hasMoved }: NetworkPosition) {
  return {
    ...first,
    held: first.held + held,
    captured: first.captured + captured,
    refunded: first.refunded + refunded,
    hasMoved: first.hasMoved || hasMoved,
  };
}

/**
 * Pairs what is the same transaction: by network, terminal, RRN and STAN; of several by the moment of transmission, the
 * rest of them in the order they came. What has no partner stands alone.
 *
 * @param withoutHolds networks whose ledger, a clearing file, says nothing of what is only held
 */
export function pairNetwork(
  rows: readonly StoredTransaction[],
  positions: readonly NetworkPosition[],
  withoutHolds: ReadonlySet<string> = new Set(),
): NetworkPair[] {
  const waiting = new Map<string, NetworkPosition[]>();
  for (const position of withLaterMessages(positions, rows)) {
    const known = waiting.get(nameOf(position));
    if (known) known.push(position);
    else waiting.set(nameOf(position), [position]);
  }
  const take = (row: StoredTransaction, fits: (position: NetworkPosition) => boolean) => {
    const found = waiting.get(nameOf(namedThere(row)));
    const index = found?.findIndex(fits) ?? -1;
    return index < 0 ? undefined : found?.splice(index, 1)[0];
  };
  const exact = rows.map((row) => ({
    row,
    position: take(row, ({ transmitted }) => transmitted === row.transmitted_at),
  }));
  const paired = exact.map(({ row, position }) => {
    const standing = accountsOf(row.kind, row.state, row.standing);
    const expected = withoutHolds.has(row.network) ? { ...standing, held: 0 } : standing;
    return { row, position: position ?? take(row, () => true), expected };
  });
  const alone = [...waiting.values()].flat();
  return [...paired, ...alone.map((position) => ({ row: undefined, position, expected: NOTHING }))];
}

/** A row by the numbers that its network knows it by. */
function namedThere({ network, terminal, rrn, stan, network_rrn: own }: StoredTransaction) {
  return own === '' ? { network, terminal, rrn, stan } : { network, terminal, rrn: own, stan: own.slice(-6) };
}

function nameOf({
  network,
  terminal,
  rrn,
  stan,
}: Pick<NetworkPosition, 'network' | 'terminal' | 'rrn' | 'stan'>): string {
  return `${network}|${terminal}|${rrn}|${stan}`;
}

/** Whether journal and network agree about a transaction; if not, how they differ. */
export function networkDifference({ row, position, expected }: NetworkPair): Difference | undefined {
  if (!row) return position && unknownHere(position);
  const there: Standing = position ?? NOTHING;
  if (holdsRest(row, there)) return undefined;
  const isOtherCurrency = position !== undefined && position.currency !== row.currency;
  if (isOtherCurrency ? sumOf(there) === 0 && row.standing === 0 : isSame(there, expected)) return undefined;
  const finding = isOtherCurrency
    ? people('currency-differs', Math.max(sumOf(there), row.standing))
    : row.standing === 0
      ? standsThere(row, there)
      : differsThere(row, there, expected, position?.hasMoved ?? false);
  return differenceOf(row, 'network', finding, { network: evidenceOf(position), expected });
}

/** Of several completions that are not all there yet the rest is held on; of one, until it is reversed. */
function holdsRest(row: StoredTransaction, { held, captured, refunded }: Standing): boolean {
  const { kind, state, standing, network_amount: known } = row;
  const isCompleted = kind === 'pre-authorisation' && state === 'captured';
  return isCompleted && captured === standing && held > 0 && held === known - standing && refunded === 0;
}

function unknownHere(position: NetworkPosition): Difference | undefined {
  if (sumOf(position) === 0) return undefined;
  const { network, terminal, rrn, stan, transmitted, currency } = position;
  return {
    ...people('missing-in-journal', sumOf(position)),
    leg: 'network',
    subject: `${network}|${terminal}|${rrn}|${stan}|${transmitted}`,
    transaction: undefined,
    network,
    currency,
    businessDate: position.businessDate,
    evidence: { network: evidenceOf(position) },
  };
}

/** What was moved on a day, of what was opened before it, is not in that day's ledger as it is here. */
export function movementDiffers(
  row: StoredTransaction,
  position: NetworkPosition | undefined,
  expected: Standing,
  date: string,
): Difference {
  const amount = Math.abs(sumOf(position ?? NOTHING) - sumOf(expected));
  const evidence = { network: evidenceOf(position), expected };
  return {
    ...differenceOf(row, 'network', people('movement-differs', amount), evidence),
    businessDate: date,
  };
}

/** Nothing stands here, and money there: a reversal brings it to what the terminal was told. */
function standsThere(
  { network_state: state, network_amount: known }: StoredTransaction,
  there: Standing,
): Finding {
  if (state === 'reversal-refused') return people('reversal-refused', sumOf(there));
  return {
    kind: 'stands-at-network',
    action: 'resend-reversal',
    isAutomatic: true,
    isUnderWay: known > 0,
    amount: sumOf(there),
  };
}

function differsThere(
  row: StoredTransaction,
  there: Standing,
  expected: Standing,
  hasMoved: boolean,
): Finding {
  const { standing, network_state: state, network_amount: known } = row;
  const isUnderWay = state === 'to-advise';
  const amount = Math.abs(sumOf(there) - sumOf(expected));
  if (state === 'advice-refused') return people('advice-refused', Math.max(amount, standing));
  if (state === 'reversal-refused') return people('reversal-refused', amount);
  if (sumOf(there) === 0) {
    if (hasMoved) return people('reversed-at-network', standing);
    const isAdvice = isUnderWay || state === 'advised';
    return {
      kind: 'missing-at-network',
      action: isAdvice ? 'resend-advice' : 'by-hand',
      isAutomatic: isAdvice,
      isUnderWay,
      amount: standing,
    };
  }
  if (row.state === 'captured' && there.held > 0) {
    return {
      kind: 'completion-missing',
      action: 'resend-advice',
      isAutomatic: true,
      isUnderWay: state !== 'advised',
      amount: Math.max(there.held, standing),
    };
  }
  // A network reverses no less than nothing: what it took beyond what it was asked is for people.
  const isMore = sumOf(there) > standing && row.asked > standing;
  return {
    kind: 'amount-differs',
    action: isMore ? 'resend-reversal' : 'by-hand',
    isAutomatic: isMore,
    isUnderWay: isUnderWay || known > standing,
    amount,
  };
}

function people(kind: Finding['kind'], amount: number): Finding {
  return { kind, action: 'by-hand', isAutomatic: false, isUnderWay: false, amount };
}

function evidenceOf(position: NetworkPosition | undefined): object | null {
  if (!position) return null;
  const { held, captured, refunded, currency, firstAt, terminal, rrn, stan } = position;
  return { held, captured, refunded, currency, firstAt, terminal, rrn, stan };
}

function sumOf({ held, captured, refunded }: Standing): number {
  return held + captured + refunded;
}
