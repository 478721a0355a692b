import type { MovementRow } from '../projection/movement-rows.ts';
import type { StoredTransaction } from '../projection/transaction-row.ts';
import { NOTHING } from '../transaction/movements.ts';
import { networkOfDay, proofOfDay } from './compare-day.ts';
import { dayStates } from './day-states.ts';
import type { Difference } from './difference.ts';
import { type NetworkPair, type NetworkPosition, networkDifference, pairNetwork } from './network-side.ts';
import { type Proof, type ProofPair, pairProofs, proofDifference } from './proof-side.ts';
import type { Compared } from './totals.ts';

/** The three sides as they were read. */
export interface Sides {
  /** The business date that is compared; all of them where null. */
  readonly date: string | null;
  /** The journal's transactions that were opened or moved on that date. */
  readonly rows: readonly StoredTransaction[];
  /** What was moved of them on that date and later, the oldest first; absent: nothing was. */
  readonly movements?: ReadonlyMap<string, readonly MovementRow[]>;
  /** Whatever the ledgers hold, of other dates too, of the networks whose ledger is there. */
  readonly positions: readonly NetworkPosition[];
  readonly networks: ReadonlySet<string>;
  /** Those whose ledger is a clearing file, which says nothing of what is only held. */
  readonly withoutHolds: ReadonlySet<string>;
  /** Absent where the consensus's ledger is not. */
  readonly proofs: readonly Proof[] | undefined;
  /** The journal's transactions of other dates that records of this date may belong to. */
  readonly others: {
    byRrn(rrns: readonly string[]): Promise<readonly StoredTransaction[]>;
    byId(ids: readonly string[]): Promise<readonly StoredTransaction[]>;
  };
}

export interface Comparison {
  readonly network: readonly Compared<NetworkPair>[];
  readonly proof: readonly Compared<ProofPair>[];
  readonly differences: readonly Difference[];
  /** Legs that no reversal found, and that their network's ledger has nothing of: they are over. */
  readonly absent: readonly string[];
}

/**
 * Compares the journal with the ledgers of its counterparts. A transaction belongs to the business date of the journal,
 * whatever the clocks of the others say; a record that nobody here knows belongs to its own. One date is compared as it
 * was when it ended.
 */
export async function compareSides(sides: Sides): Promise<Comparison> {
  const known = sides.rows.filter(({ network }) => sides.networks.has(network));
  const network = await networkPairs(sides, known);
  const proof = sides.proofs ? await proofPairs(sides, sides.proofs) : [];
  const comparedNetwork = network.map((pair) => comparedAtNetwork(pair, sides));
  const comparedProof = proof.flatMap((pair) => comparedAsProof(pair, sides) ?? []);
  const differences = [...comparedNetwork, ...comparedProof].flatMap(({ difference }) => difference ?? []);
  return { network: comparedNetwork, proof: comparedProof, differences, absent: absentLegs(network, sides) };
}

/** A clearing file says nothing of a hold, so it closes none. */
function absentLegs(pairs: readonly NetworkPair[], { withoutHolds }: Sides): string[] {
  return pairs.flatMap(({ row, position }) => {
    if (row?.network_state !== 'not-found') return [];
    if (row.kind === 'pre-authorisation' && withoutHolds.has(row.network)) return [];
    const { held, captured, refunded } = position ?? NOTHING;
    return held + captured + refunded === 0 ? [row.transaction] : [];
  });
}

function comparedAtNetwork(
  pair: NetworkPair,
  { date, movements, withoutHolds }: Sides,
): Compared<NetworkPair> {
  const { row } = pair;
  if (date === null || !row) return { pair, difference: networkDifference(pair) };
  const states = dayStates(row, movements?.get(row.transaction) ?? [], date);
  return networkOfDay(pair, states, { date, hasHolds: !withoutHolds.has(row.network) });
}

function comparedAsProof(pair: ProofPair, { date, movements }: Sides): Compared<ProofPair> | undefined {
  const { row } = pair;
  if (date === null || !row) return { pair, difference: proofDifference(pair) };
  return proofOfDay(pair, dayStates(row, movements?.get(row.transaction) ?? [], date), date);
}

async function networkPairs(
  { date, positions, others, withoutHolds }: Sides,
  rows: readonly StoredTransaction[],
): Promise<NetworkPair[]> {
  const pairs = pairNetwork(rows, positions, withoutHolds);
  if (date === null) return pairs;
  const ofDate = pairs.flatMap(({ row, position }) =>
    row === undefined && position?.businessDate === date ? [position] : [],
  );
  const ours = new Set(rows.map(({ transaction }) => transaction));
  const elsewhere = await others.byRrn([...new Set(ofDate.map(({ rrn }) => rrn))]);
  const alone = pairNetwork(
    elsewhere.filter(({ transaction }) => !ours.has(transaction)),
    ofDate,
  );
  return [...pairs.filter(({ row }) => row !== undefined), ...alone.filter(({ row }) => row === undefined)];
}

async function proofPairs({ date, rows, others }: Sides, proofs: readonly Proof[]): Promise<ProofPair[]> {
  const pairs = pairProofs(rows, proofs);
  if (date === null) return pairs;
  const ofDate = pairs.flatMap(({ row, proof }) =>
    row === undefined && proof?.businessDate === date ? [proof] : [],
  );
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  const ids = ofDate.map(({ transaction }) => transaction).filter((id) => isId.test(id));
  const elsewhere = new Set((await others.byId(ids)).map(({ transaction }) => transaction));
  return [
    ...pairs.filter(({ row }) => row !== undefined),
    ...ofDate
      .filter(({ transaction }) => !elsewhere.has(transaction))
      .map((proof) => ({ row: undefined, proof })),
  ];
}
