import type { Finding, Limit, PaymentRecord, Records } from './records.ts';

// What may be approved in the issuer's stead (docs/fallback.md, "Stand-in"): which purchases, and how much a day.

type StoodIn = PaymentRecord & { readonly answer: NonNullable<PaymentRecord['answer']> };

export function beyondStandIn({ payments, terms }: Records): Finding[] {
  const stoodIn = payments.filter((payment): payment is StoodIn =>
    /^S/.test(payment.answer?.approvalCode ?? ''),
  );
  const unfit = stoodIn.flatMap((payment) => {
    const floor = terms.standIn
      .get(payment.merchant)
      ?.find(({ currency }) => currency === payment.currency)?.floor;
    const isFit =
      payment.kind === 'purchase' &&
      !terms.listedCards.includes(payment.pan) &&
      floor !== undefined &&
      payment.answer.minorUnits <= floor;
    return isFit ? [] : [{ payment: payment.id, what: 'was approved in its issuer’s stead, and may not be' }];
  });
  const { midnight } = terms;
  if (midnight === undefined) return unfit;

  const perCard = beyond(
    stoodIn,
    midnight,
    ({ pan }) => pan,
    () => terms.perCard,
  );
  const perMerchant = beyond(
    stoodIn,
    midnight,
    ({ merchant }) => merchant,
    (merchant) => terms.standIn.get(merchant),
  );
  return [...unfit, ...perCard, ...perMerchant];
}

/** What was asked and answered on one day is of that day; what midnight parts may be of either, and is left out. */
function beyond(
  stoodIn: readonly StoodIn[],
  midnight: number,
  whose: (payment: PaymentRecord) => string,
  limitsOf: (whose: string) => readonly Limit[] | undefined,
): Finding[] {
  const sums = new Map<string, { readonly limit: Limit | undefined; count: number; minorUnits: number }>();
  for (const payment of stoodIn) {
    const { from, answer, currency } = payment;
    const day = answer.at < midnight ? 'the first day' : from > midnight ? 'the second day' : undefined;
    if (day === undefined) continue;
    const limit = limitsOf(whose(payment))?.find((each) => each.currency === currency);
    const key = `${whose(payment)} ${currency} of ${day}`;
    const sum = sums.get(key) ?? { limit, count: 0, minorUnits: 0 };
    sum.count += 1;
    sum.minorUnits += answer.minorUnits;
    sums.set(key, sum);
  }
  return [...sums]
    .filter(
      ([, { limit, count, minorUnits }]) => !limit || count > limit.count || minorUnits > limit.minorUnits,
    )
    .map(([key, { count, minorUnits }]) => ({
      payment: key.replace(/^\d{6}\d+(?=\d{4} )/, '…'),
      what: `${count} payments of ${minorUnits} in all were stood in for, which is beyond the limit`,
    }));
}
