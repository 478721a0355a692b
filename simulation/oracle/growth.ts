/**
 * I12: nothing grows without a bound. Once all is over no map of a node's core has anything left of what was at work,
 * and the database has so many rows for each transaction and no more. Sizes of single bodies are the journal's own
 * limits; how fast a node of service grows is measured on real parts.
 */
import type { Simulation } from '../simulation.ts';
import type { Tables } from '../world/database-tables.ts';

/** Entries of one transaction: more is what repeats itself for ever. */
const MOST_ENTRIES = 40;
/**
 * On average over a run, of each transaction. A payment that nobody answers has ten entries: it is asked and decided,
 * its reversal is numbered three times and finds nothing four times, and its proof is cancelled (docs/networks.md).
 */
const MOST_ON_AVERAGE = { entries: 10, claims: 8, 'follow-ups': 4 } as const;
/** Below that an average says nothing. */
const FEW = 5;

export function checkGrowth({ world, nodes, database }: Simulation): void {
  for (const node of nodes) {
    for (const [what, count] of Object.entries(node.atWork)) {
      if (count > 0) world.violate('I12 growth', `${node.name} still has ${count} ${what}`);
    }
  }
  checkRows(database.tables, world);
}

function checkRows(tables: Tables, world: Simulation['world']): void {
  const transactions = [...tables.journal];
  for (const [id, { length }] of transactions) {
    if (length > MOST_ENTRIES) world.violate('I12 growth', `${id} has ${length} entries`);
  }
  if (transactions.length < FEW) return;
  const rows = {
    entries: transactions.reduce((sum, [, entries]) => sum + entries.length, 0),
    claims: tables.claims.size,
    'follow-ups': tables.enqueued,
  };
  for (const [what, most] of Object.entries(MOST_ON_AVERAGE)) {
    const average = rows[what as keyof typeof rows] / transactions.length;
    if (average <= most) continue;
    world.violate('I12 growth', `a transaction has ${average.toFixed(1)} ${what}, ${most} are enough`);
  }
}
