import { compareSides, type Sides } from '../../switch/reconciliation/compare.ts';
import { networkPositions } from '../../switch/reconciliation/network-side.ts';
import { proofsOf } from '../../switch/reconciliation/proof-side.ts';
import { networkLine, proofLine, storedTransaction } from '../../switch/reconciliation/testing.ts';
import { networkTotals, proofTotals } from '../../switch/reconciliation/totals.ts';

const TRANSACTIONS = 200_000;
const ROUNDS = 5;

/** One transaction in a thousand differs, as on a bad day. */
const DIFFERS_EVERY = 1_000;

const numbers = Array.from({ length: TRANSACTIONS }, (_, index) => {
  const stan = String(index % 1_000_000).padStart(6, '0');
  return { stan, rrn: `6328${String(index).padStart(8, '0')}`, transaction: `transaction-${index}` };
});
const rows = numbers.map((name) => storedTransaction(name));
const lines = numbers.map(({ stan, rrn }, index) =>
  networkLine({ stan, rrn, captured: index % DIFFERS_EVERY === 0 ? 1 : 2_500 }),
);
const proofs = numbers.map(({ transaction }, index) =>
  proofLine({ transaction, validation: `validation-${index}` }),
);

export const HELP = `npm run bench -- reconciliation [options]

How long a day of 200,000 transactions, already read, takes to be compared with the ledgers of a network and of the
consensus, beside a bare join by one key.

  --json      one JSON row a line instead of a table
  --help      this page

Example: npm run bench -- reconciliation --json`;

/**
 * How long it takes to compare a day of 200,000 transactions, already read, with the ledgers of a network and of the
 * consensus, beside a bare join of the same rows by one key that only counts what differs.
 */
export async function run({ json }: { json: boolean }): Promise<void> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await seconds(compare));
    bare.push(await seconds(join));
  }
  const [mine, floor] = [median(ours), median(bare)];
  const row = {
    case: `three ledgers of ${TRANSACTIONS} transactions`,
    ours: Math.round(TRANSACTIONS / mine),
    bare: Math.round(TRANSACTIONS / floor),
    ratio: Number((floor / mine).toFixed(2)),
    unit: 'transactions/s',
  };
  if (json) console.log(JSON.stringify(row));
  else console.table([row]);
}

async function compare(): Promise<number> {
  const sides: Sides = {
    date: null,
    rows,
    networks: new Set(['visa']),
    withoutHolds: new Set<string>(),
    positions: networkPositions(lines),
    proofs: proofsOf(proofs),
    others: { byRrn: async () => [], byId: async () => [] },
  };
  const { network, proof, differences } = await compareSides(sides);
  networkTotals(network);
  proofTotals(proof);
  return differences.length;
}

async function join(): Promise<number> {
  const captured = new Map(lines.map((line) => [`${line.terminal}|${line.rrn}|${line.stan}`, line.captured]));
  const witnessed = new Map(proofs.map((proof) => [proof.transaction, proof.amount]));
  return rows.filter(
    (row) =>
      captured.get(`${row.terminal}|${row.rrn}|${row.stan}`) !== row.standing ||
      witnessed.get(row.transaction) !== row.standing,
  ).length;
}

async function seconds(work: () => Promise<number>): Promise<number> {
  const from = performance.now();
  const found = await work();
  if (found !== TRANSACTIONS / DIFFERS_EVERY) throw new Error(`${found} differences were found`);
  return (performance.now() - from) / 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
