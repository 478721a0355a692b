import type { Deed } from './deed.ts';
import type { Attention, BatchRecord, PaymentRecord, ToldLater } from './records.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** After these a refund may have been paid: it counts until the network has acknowledged its reversal. */
const SAYS_NOTHING: ReadonlySet<string | undefined> = new Set([undefined, '91', '96']);

export interface Around {
  readonly payments: readonly PaymentRecord[];
  readonly batches: readonly BatchRecord[];
  readonly attention: readonly Attention[];
  /** What the network approved of a payment that its terminal heard nothing of. */
  unheard(payment: PaymentRecord): number;
}

/** All that was said of a payment and its refunds, and of the batches they may be in. */
export function deedsOf(family: readonly PaymentRecord[], around: Around): Deed[] {
  return family.flatMap((payment, place) => {
    const refunds = place === 0 ? family.slice(1) : family.slice(1).filter((each) => each !== payment);
    const meant = family[0] ?? payment;
    const isUnclear = isAmbiguous(meant, around.payments) || isAmbiguous(payment, around.payments);
    const facts = { place, payment, isAmbiguous: isUnclear, mayBeUnmatched: false };
    const isUnmatched = hasUnmatched(payment, around.attention);
    const during = (from: number, to: number) => cloudedBy(refunds, from, to);
    return [
      requestOf(facts, around, during),
      ...payment.later.map((told, index) => ({
        ...laterOf(facts, told, during(told.from, told.to ?? NEVER)),
        index,
        mayBeUnmatched: isUnmatched && told.namesRepeat,
      })),
      ...around.batches
        .filter((batch) => isOfBatch(payment, batch))
        .map(({ from, to }) => ({
          ...facts,
          what: 'batch' as const,
          from,
          to,
          code: undefined,
          minorUnits: 0,
          isForged: false,
          clouded: 0,
        })),
    ];
  });
}

/** Terminals of two merchants may have one number: each has its own batch. */
function isOfBatch({ terminal, merchant, currency }: PaymentRecord, batch: BatchRecord): boolean {
  return terminal === batch.terminal && merchant === batch.merchant && currency === batch.currency;
}

/** People see that a reversal of it matched nothing (originals.md, "Remembered"). */
function hasUnmatched({ number }: PaymentRecord, attention: readonly Attention[]): boolean {
  return attention.some((each) => each.number === number && each.what === 'reversal-unmatched');
}

type Facts = Pick<Deed, 'place' | 'payment' | 'isAmbiguous' | 'mayBeUnmatched'>;

function requestOf(facts: Facts, around: Around, during: (from: number, to: number) => number): Deed {
  const { payment } = facts;
  const { answer, from } = payment;
  const to = answer?.at ?? NEVER;
  const isRefund = facts.place > 0;
  return {
    ...facts,
    what: 'request',
    from,
    to,
    code: answer?.code,
    isForged: false,
    minorUnits: answer ? minorUnitsOf(payment) : around.unheard(payment),
    clouded: isRefund ? during(from, to) : 0,
  };
}

/** As approved; where it was not, as asked for. */
function minorUnitsOf({ answer, minorUnits }: PaymentRecord): number {
  return answer && (answer.code === '00' || answer.code === '10') ? answer.minorUnits : minorUnits;
}

function laterOf(facts: Facts, told: ToldLater, clouded: number): Deed {
  const { kind: what, from, to = NEVER, code, minorUnits, isForged, undoes } = told;
  const voided = undoes === undefined ? undefined : facts.payment.later[undoes];
  return { ...facts, what, from, to, code, minorUnits, isForged, clouded, undoes, voidCode: voided?.code };
}

/** Refunds that were asked for at the same time, and earlier ones that may have been paid for all that is known. */
function cloudedBy(refunds: readonly PaymentRecord[], from: number, to: number): number {
  const clouded = refunds.filter((refund) => {
    const answeredAt = refund.answer?.at ?? NEVER;
    const isBeside = refund.from <= to && from <= answeredAt;
    const mayCount = SAYS_NOTHING.has(refund.answer?.code) && refund.from <= to;
    return isBeside || mayCount || isTakenBack(refund, to);
  });
  return clouded.reduce((sum, { minorUnits }) => sum + minorUnits, 0);
}

/** Whoever takes a refund back frees its money; when, only the switch knows to the moment. */
function isTakenBack({ later }: PaymentRecord, before: number): boolean {
  return later.some(({ from }) => from <= before);
}

/** References that terminals give themselves are given twice now and then. */
function isAmbiguous({ merchant, rrn, id }: PaymentRecord, payments: readonly PaymentRecord[]): boolean {
  if (rrn === undefined) return true;
  return payments.some((other) => other.id !== id && other.merchant === merchant && other.rrn === rrn);
}
