import type { Attention, NetworkLine, PaymentRecord, ProofLine, Sums } from './records.ts';
import { NOTHING, type State } from './state.ts';

// Whether what stands by the docs is what network and consensus have, and what people have to be told where it is not.

/** Cases and parked follow-ups that explain that a network has more of a payment than stands. */
const MORE_AT_NETWORK = [
  ...(['reversal-refused', 'reversal-not-found', 'answer-disagrees', 'reversal-unmatched'] as const),
  ...(['reversal-repeated', 'reverse-network', 'close-increment'] as const),
];
/** That it has less, or has it elsewhere. */
const LESS_AT_NETWORK = ['advice-refused', 'advise-network', 'reversal-refused', 'reverse-network'] as const;
const NO_PROOF = ['pop-rejected', 'proof-missing', 'complete-pop'] as const;
/** What was called rejected may come to stand all the same: people know of it, and of a reversal that meant nothing. */
const WRONG_PROOF = [
  ...(['pop-stands', 'cancel-pop', 'complete-pop', 'pop-rejected'] as const),
  ...(['reversal-unmatched', 'reversal-repeated'] as const),
];

const FINAL = 'VALIDATED';
const UNDER_WAY = 'INITIATED';
const WITHOUT_CASH = '87';
const IN_PART = '10';

/** What the ledgers have of one payment. */
export interface Found {
  readonly money: Sums;
  readonly lines: readonly NetworkLine[];
  readonly proofs: readonly ProofLine[];
  readonly seen: ReadonlySet<string>;
}

export function foundOf(
  { name, number, network }: PaymentRecord,
  ledgers: {
    readonly lines: readonly NetworkLine[];
    readonly proofs: readonly ProofLine[];
    readonly attention: readonly Attention[];
  },
): Found {
  const lines = ledgers.lines.filter((line) => line.name === name && line.network === network);
  const money = lines.reduce(
    (sum, { held, captured, refunded }) => ({
      held: sum.held + held,
      captured: sum.captured + captured,
      refunded: sum.refunded + refunded,
    }),
    NOTHING,
  );
  const proofs = ledgers.proofs.filter((proof) => proof.number === number);
  const seen = new Set(ledgers.attention.filter((each) => each.number === number).map(({ what }) => what));
  return { money, lines, proofs, seen };
}

/** What differs between a state and the ledgers without anybody being told, in words. */
export function differencesOf(payment: PaymentRecord, state: State, isWitnessed: boolean, found: Found) {
  return [...moneyDiffers(state, found), ...proofDiffers(payment, state, isWitnessed, found)];
}

function moneyDiffers(state: State, { money, seen }: Found): string[] {
  const sides = ['held', 'captured', 'refunded'] as const;
  if (sides.every((side) => state[side] === money[side])) return [];
  const hasMore = sides.some((side) => money[side] > state[side]);
  const hasLess = sides.some((side) => money[side] < state[side]);
  if (hasMore && MORE_AT_NETWORK.some((what) => seen.has(what))) return [];
  if (hasLess && LESS_AT_NETWORK.some((what) => seen.has(what))) return [];
  return [`the network has ${moneyWords(money)} where ${moneyWords(state)} stands, and nobody is told`];
}

function proofDiffers(payment: PaymentRecord, state: State, isWitnessed: boolean, found: Found): string[] {
  const { proofs, seen } = found;
  const wanted = isWitnessed ? witnessed(payment, state, found) : 0;
  const differences: string[] = [];
  const final = proofs.filter(({ status }) => status === FINAL);
  const right = final.filter(({ minorUnits }) => minorUnits === wanted);
  const wrong = final.length - (wanted > 0 && right.length > 0 ? 1 : 0);

  if (proofs.some(({ status }) => status === UNDER_WAY)) differences.push('a proof is still under way');
  if (wanted > 0 && right.length === 0 && !NO_PROOF.some((what) => seen.has(what))) {
    if (!(wrong > 0 && WRONG_PROOF.some((what) => seen.has(what)))) {
      differences.push(`no proof of ${wanted} stands, and nobody is told`);
    }
  }
  if (wrong > 0 && !WRONG_PROOF.some((what) => seen.has(what))) {
    const amounts = final.map(({ minorUnits }) => minorUnits).join(', ');
    differences.push(`a proof of ${amounts} stands where ${wanted || 'none'} should, and nobody is told`);
  }
  return differences;
}

/** What was bought, without the cash that was handed out with it: 87 hands out none. */
function witnessed({ kind, cash, answer }: PaymentRecord, { captured }: State, { lines }: Found): number {
  if (kind === 'cash') return 0;
  const isWithoutCash = answer ? answer.code === IN_PART : lines.some(({ code }) => code === WITHOUT_CASH);
  return Math.max(0, captured - (isWithoutCash ? 0 : cash));
}

export function moneyWords({ held, captured, refunded }: Sums): string {
  const parts = [
    held > 0 ? `${held} held` : '',
    captured > 0 ? `${captured} captured` : '',
    refunded > 0 ? `${refunded} refunded` : '',
  ].filter((part) => part !== '');
  return parts.join(' and ') || 'nothing';
}
