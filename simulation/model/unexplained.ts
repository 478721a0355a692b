import type { Finding, NetworkLine, PaymentRecord, Records } from './records.ts';
import { sumOf } from './state.ts';

// What has no cause: money that nobody asked for, an answer that nobody gave, a case without its reason.

/** Said by issuers, and by the switch in their name only where this page's tables say so. */
const ISSUERS_WORDS: ReadonlySet<string> = new Set(['51', '54', '61']);
const NO_MONEY = '51';
const LOOK_AT_PAPERS = '08';
/** Cash is handed out whole or not at all. */
const MAY_BE_IN_PART: ReadonlySet<string> = new Set(['purchase', 'pre-authorisation']);
const STOOD_IN_FOR = /^S/;
const APPROVED: ReadonlySet<string> = new Set(['00', '10']);

/** Approvals of networks that terminals have no word for (networks.md): none leaves, least of all on a decline. */
const WORDS_OF_NETWORKS: ReadonlySet<string> = new Set(['08', '11', '16', '85', '87']);

/** Whatever a network knows was asked for by a terminal, under the numbers that it has there. */
export function strayLines({ payments, lines }: Records): Finding[] {
  const known = new Set(payments.map(({ network, name }) => `${network} ${name}`));
  return lines
    .filter((line) => sumOf(line) > 0 && !known.has(`${line.network} ${line.name}`))
    .map((line) => ({
      payment: line.name,
      what: `${line.network} has ${sumOf(line)} of what no terminal asked it for`,
    }));
}

/** An approval is what the network said of this payment, and a word of an issuer is its issuer's. */
export function unexplainedAnswers({ payments, lines }: Records): Finding[] {
  return payments.flatMap((payment) => {
    const own = lines.filter(({ network, name }) => network === payment.network && name === payment.name);
    const isAsked = payment.account && !payment.isTold;
    const what = wrongWord(payment) ?? (isAsked ? wrongAnswer(payment, own) : undefined);
    return what === undefined ? [] : [{ payment: payment.id, what }];
  });
}

function wrongWord({ answer }: PaymentRecord): string | undefined {
  if (!answer || !WORDS_OF_NETWORKS.has(answer.code)) return undefined;
  return `was told ${answer.code}, which no terminal knows`;
}

function wrongAnswer(payment: PaymentRecord, own: readonly NetworkLine[]): string | undefined {
  const { answer, takesPart, minorUnits, kind } = payment;
  const line = own.find(({ isAdvised }) => !isAdvised);
  if (!answer || !line) return undefined;
  const { code, approvalCode = '' } = answer;
  if (APPROVED.has(code)) {
    if (STOOD_IN_FOR.test(approvalCode)) return undefined;
    if (payment.isUnattended && line.code === LOOK_AT_PAPERS) {
      return 'was approved, and nobody can look at the papers';
    }
    const isIts = approvalCode === line.approvalCode && answer.minorUnits === line.approved;
    const said = `${line.code}, ${line.approved} under ${line.approvalCode}`;
    return isIts
      ? undefined
      : `was approved ${answer.minorUnits} under ${approvalCode}; the network said ${said}`;
  }
  const isInPart =
    code === NO_MONEY && !(takesPart && MAY_BE_IN_PART.has(kind)) && line.approved < minorUnits;
  const isGiven = !ISSUERS_WORDS.has(code) || code === line.code || isInPart;
  return isGiven ? undefined : `was told ${code}; the network said ${line.code}`;
}

/** A case is there for a reason that the ledgers show. */
export function unexplainedCases({ payments, proofs, attention }: Records): Finding[] {
  return payments.flatMap((payment) => {
    const seen = attention.filter(({ number }) => number === payment.number).map(({ what }) => what);
    const own = proofs.filter(({ number }) => number === payment.number);
    const isRefunded = payments.some(({ refunds }) => refunds === payment.id);
    const isVoidReversed = payment.later.some(({ kind }) => kind === 'void reversal');
    const reasons: Readonly<Record<string, boolean>> = {
      'pop-stands': own.some(({ status }) => status === 'VALIDATED'),
      'proof-of-refund': payment.account === 'refunded' || isRefunded,
      'void-reversed-late': isVoidReversed,
    };
    return seen
      .filter((what) => reasons[what] === false)
      .map((what) => ({ payment: payment.id, what: `has the case ${what} without a reason` }));
  });
}
