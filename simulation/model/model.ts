import type { Deed } from './deed.ts';
import { deedsOf } from './deeds.ts';
import { type Ends, endsOf } from './histories.ts';
import { differencesOf, type Found, foundOf, moneyWords } from './ledgers.ts';
import type { Finding, PaymentRecord, Records } from './records.ts';
import { beyondStandIn } from './stand-in.ts';
import { type Family, type State, UNASKED } from './state.ts';
import { strayLines, unexplainedAnswers, unexplainedCases } from './unexplained.ts';

/** What one run came to, by the model. */
export interface Judgement {
  readonly findings: readonly Finding[];
  /** Payments whose end has been compared. */
  readonly judged: number;
  /** Those with more deeds at once than can be put into every order. */
  readonly left: number;
}

/**
 * The reference model: says from the docs alone what terminal, network and consensus may have of each payment when
 * all is over, and compares. It knows the peers' own records, and of the switch only what people see.
 */
export function judge(records: Records): Judgement {
  const findings: Finding[] = [
    ...strayLines(records),
    ...unexplainedAnswers(records),
    ...unexplainedCases(records),
    ...beyondStandIn(records),
  ];
  let judged = 0;
  let left = 0;
  for (const family of familiesOf(records.payments)) {
    const found = judgeFamily(family, records);
    if (found) findings.push(...found);
    if (found) judged += family.length;
    else left += family.length;
  }
  return { findings, judged, left };
}

/** Each payment with its refunds. */
function familiesOf(payments: readonly PaymentRecord[]): Siblings[] {
  const known = new Set(payments.map(({ id }) => id));
  return payments
    .filter(({ refunds }) => refunds === undefined || !known.has(refunds))
    .map((payment) => [payment, ...payments.filter(({ refunds }) => refunds === payment.id)] as const);
}

type Siblings = readonly [PaymentRecord, ...PaymentRecord[]];

function judgeFamily(family: Siblings, records: Records): Finding[] | undefined {
  const founds = family.map((payment) => foundOf(payment, records));
  const found = endsOfFamily(family, founds, records);
  if (!found) return undefined;
  const [{ id }] = family;
  if (found.ends.length === 0) return [{ payment: id, what: unexplained(found) }];

  const misfits = found.ends.map((end) => misfitsOf(family, end, founds, records));
  if (misfits.some(({ length }) => length === 0)) return [];
  const [closest = []] = misfits.toSorted((a, b) => a.length - b.length);
  const allowed = [...new Set(found.ends.map((end) => familyWords(end)))].join(', or ');
  return closest.map(({ payment, what }) => ({ payment, what: `${what} (the docs allow ${allowed})` }));
}

function endsOfFamily(family: Siblings, founds: readonly Found[], records: Records): Ends | undefined {
  const unheard = (payment: PaymentRecord) => {
    const lines = founds[family.indexOf(payment)]?.lines ?? [];
    return lines.find(({ approved }) => approved > 0)?.approved ?? payment.minorUnits;
  };
  const deeds = deedsOf(family, { ...records, unheard });
  return endsOf(
    family.map(() => UNASKED),
    deeds,
  );
}

/** How a payment ended, in everybody's own words. */
export interface EndOfPayment {
  readonly payment: PaymentRecord;
  readonly network: string;
  readonly proof: string;
  /** What people were told. */
  readonly seen: readonly string[];
  /** What may stand by the docs; none: nothing explains the answers. */
  readonly allowed: readonly string[];
}

/** Of each payment that moves money, for whoever reads a failing seed. */
export function endsIn(records: Records): EndOfPayment[] {
  return familiesOf(records.payments).flatMap((family) => {
    const founds = family.map((payment) => foundOf(payment, records));
    const ends = endsOfFamily(family, founds, records)?.ends ?? [];
    return family.flatMap((payment, place): EndOfPayment[] => {
      const found = founds[place];
      if (!found || !payment.account) return [];
      const allowed = new Set(ends.map((end) => stateWords(end[place] ?? UNASKED)));
      const { money, proofs, seen } = found;
      const proof = proofs.map(({ minorUnits, status }) => `${minorUnits} ${status}`).join(', ');
      return [
        {
          payment,
          network: moneyWords(money),
          proof: proof || 'none',
          seen: [...seen],
          allowed: [...allowed],
        },
      ];
    });
  });
}

function misfitsOf(
  family: readonly PaymentRecord[],
  end: Family,
  founds: readonly Found[],
  { terms }: Records,
): Finding[] {
  return family.flatMap((payment, place) => {
    const [state, found] = [end[place], founds[place]];
    if (!state || !found) return [];
    const isWitnessed = terms.witnessed.has(payment.merchant);
    const differences = differencesOf(payment, state, isWitnessed, found);
    const besides = place === 0 ? refundUnseen(end, founds) : [];
    return [...differences, ...besides].map((what) => ({ payment: payment.id, what }));
  });
}

/** The chain cannot take back what it witnessed: who refunds a witnessed purchase is told (holds.md). */
function refundUnseen([, ...refunds]: Family, founds: readonly Found[]): string[] {
  const [{ proofs = [] } = {}] = founds;
  const isRefunded = refunds.some(({ refunded }) => refunded > 0);
  const stands = proofs.some(({ status }) => status === 'VALIDATED');
  const tells = ['proof-of-refund', 'pop-stands', 'pop-rejected'];
  const isSeen = founds.some(({ seen }) => tells.some((what) => seen.has(what)));
  return isRefunded && stands && !isSeen ? ['it was refunded, its proof stands, and nobody is told'] : [];
}

function unexplained({ explained, stuck }: { explained: readonly Deed[]; stuck: readonly Deed[] }): string {
  const words = ({ what, payment, code, minorUnits }: Deed) =>
    `${what} ${payment.id} ${minorUnits}: ${code ?? 'no answer'}`;
  const told = (deeds: readonly Deed[]) => deeds.filter(({ what }) => what !== 'batch').map(words);
  const before = told(explained).join('; ') || 'nothing';
  return `no order explains the answers: after ${before} the docs do not allow ${told(stuck).join(' nor ')}`;
}

function familyWords(end: Family): string {
  return end.map((state) => stateWords(state)).join(' with refunds ');
}

function stateWords(state: State): string {
  return state.life === 'stands' ? moneyWords(state) : 'nothing';
}
