import { withoutRepeat } from '../messages/index.ts';
import { foldTransaction } from '../switch/transaction/fold.ts';
import type {
  Attention,
  BatchRecord,
  NetworkLine,
  PaymentRecord,
  ProofLine,
  Records,
  Terms,
  ToldLater,
} from './model/records.ts';
import { LISTED_CARDS } from './orders.ts';
import { isNoChipData } from './peers/habits/chip.ts';
import { isUnattended } from './peers/habits/unattended.ts';
import type { Notice } from './peers/notice.ts';
import type { Payment } from './peers/payment.ts';
import { PAYMENTS } from './peers/services.ts';
import type { TerminalMessage } from './peers/terminal-dialects.ts';
import type { Simulation } from './simulation.ts';
import type { Tables } from './world/database-tables.ts';

const THOUSAND = 1_000;
const DAY_MS = 86_400_000;
const LATER: ReadonlySet<string> = new Set<ToldLater['kind']>([
  'reversal',
  'partial reversal',
  'void',
  'void reversal',
  'completion',
  'tip',
]);

/** What each party wrote down in a run, as the reference model reads it. Of the switch it has what people see. */
export function recordsOf(simulation: Simulation): Records {
  const { workload, networks, proofs, database } = simulation;
  return {
    payments: workload.payments.map((payment) => paymentOf(payment, originalOf(payment, workload.payments))),
    lines: Object.values(networks).flatMap(({ name, ledger }) =>
      [...ledger.accounts.values()].map((account) => lineOf(name, account)),
    ),
    proofs: proofs.proofs.map(
      ({ amount, currency, status }): ProofLine => ({
        number: amount % THOUSAND,
        currency,
        minorUnits: amount,
        status,
      }),
    ),
    attention: attentionOf(database.tables),
    batches: workload.batches.flatMap(({ settlements }) => settlements.map(batchOf)),
    terms: termsOf(simulation),
  };
}

/** Of a refund: what it refunds. */
function originalOf({ order }: Payment, payments: readonly Payment[]): Payment | undefined {
  return payments.find((other) => other === order.refersTo);
}

function paymentOf(payment: Payment, original: Payment | undefined): PaymentRecord {
  const { order, terminal, message, told, side, notices, beganAt } = payment;
  const { id: terminalId, merchant, takesPartialApproval } = terminal.settings;
  const [first] = told;
  const later = notices.filter(({ order: { kind } }) => LATER.has(kind));
  const { isTold = false } = PAYMENTS[order.kind];
  return {
    id: idOf(payment),
    number: order.amount % THOUSAND,
    kind: order.kind,
    account: side,
    terminal: terminalId,
    merchant,
    network: order.pan.startsWith('4') ? 'visa' : 'iso87',
    pan: order.pan,
    currency: order.currency,
    minorUnits: order.amount,
    cash: order.cash ?? 0,
    isTold,
    takesPart: takesPartialApproval,
    isUnattended: isUnattended(message.de25),
    isBad: order.brokenMac || (order.withPin && order.wrongPin) || isNoChipData(message),
    from: beganAt,
    rrn: first?.rrn ?? (order.kind === 'refund' ? undefined : message.de37),
    ...(first && { answer: answerOf(first) }),
    later: later.map((notice) => laterOf(notice, later, message)),
    ...(original && { refunds: idOf(original) }),
    name: payment.accountName,
  };
}

/** STANs begin anew within a run, amounts do not. */
function idOf({ id, order }: Payment): string {
  return `${id} of ${order.amount}`;
}

function answerOf({ at, code, amount, approvalCode }: Payment['told'][number]) {
  return {
    at,
    code,
    minorUnits: amount,
    ...(approvalCode !== undefined && { approvalCode }),
  };
}

function laterOf(
  { order, beganAt, overAt, outcome }: Notice,
  all: readonly Notice[],
  opened: TerminalMessage,
): ToldLater {
  const { kind, remaining, brokenMac, undoes, message } = order;
  const undone = all.findIndex((other) => other.order.message === undoes);
  return {
    kind: kind as ToldLater['kind'],
    from: beganAt,
    ...(outcome !== undefined && { to: overAt, code: outcome }),
    minorUnits: remaining,
    isForged: brokenMac,
    namesRepeat: namesRepeat(message, opened),
    ...(undoes && undone >= 0 && { undoes: undone }),
  };
}

/** Of what came again under a DE7 of its own it has that one, which the switch may never have heard. */
function namesRepeat({ de90 }: TerminalMessage, opened: TerminalMessage): boolean {
  if (!de90 || withoutRepeat(de90.mti) === de90.mti) return false;
  return de90.transmission !== opened.de7;
}

type LedgerAccount = Omit<NetworkLine, 'network' | 'name' | 'number'> &
  Readonly<Record<'terminal' | 'localDate' | 'localTime', string>> & { readonly amount: number };

function lineOf(network: string, account: LedgerAccount): NetworkLine {
  const { terminal, amount, localDate, localTime, held, captured, refunded } = account;
  const { approved, code, approvalCode, isAdvised } = account;
  return {
    network,
    number: amount % THOUSAND,
    held,
    captured,
    refunded,
    approved,
    code,
    approvalCode,
    isAdvised,
    name: `${terminal} ${amount} of ${localDate}${localTime}`,
  };
}

function batchOf({
  terminal,
  order,
  beganAt,
  endedAt,
}: Simulation['workload']['batches'][number]['settlements'][number]): BatchRecord {
  const { id, merchant } = terminal.settings;
  return { merchant, terminal: id, currency: order.currency, from: beganAt, to: endedAt };
}

/** Cases and parked follow-ups, by the number of the payment that they are about. */
function attentionOf(tables: Tables): Attention[] {
  const numbers = new Map<string, number>();
  const seen: Attention[] = [];
  for (const transaction of tables.journal.keys()) {
    const history = tables.history(transaction);
    const number = numberOf(history[0]?.body);
    numbers.set(transaction, number);
    for (const what of foldTransaction(history)?.cases ?? []) seen.push({ number, what });
  }
  const parked = tables.parked.map(({ job }) => ({
    number: numbers.get(job.transaction) ?? 0,
    what: job.task,
  }));
  return [...seen, ...parked];
}

function numberOf(body: unknown): number {
  const { facts, amount } = body as { facts?: { amount?: Money }; amount?: Money };
  return ((facts?.amount ?? amount)?.minorUnits ?? 0) % THOUSAND;
}
interface Money {
  readonly minorUnits: number;
}

function termsOf({ settings, world, faults }: Simulation): Terms {
  const { merchants, standIn } = settings;
  const [issuer] = standIn?.issuers ?? [];
  const isMoved = faults.faults.some(({ kind }) => kind === 'clock step');
  return {
    witnessed: new Set(merchants.filter(({ pop }) => pop !== 'off').map(({ id }) => id)),
    standIn: new Map(
      merchants.flatMap(({ id, standIn: rows }) =>
        rows ? [[id, rows.map((row) => ({ ...row, floor: row.floorMinorUnits }))] as const] : [],
      ),
    ),
    perCard: issuer?.perCardDay ?? [],
    listedCards: LISTED_CARDS,
    midnight: isMoved ? undefined : DAY_MS - (world.startsAt % DAY_MS),
  };
}
