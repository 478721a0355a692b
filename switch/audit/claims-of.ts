/**
 * Which claims each entry made, for whoever computes the chain from what the database holds. In chains of the first
 * form a claim says which entry made it; in those of the second an entry names its claims, and each is looked up under
 * its name. Both forms are read in pages of entries, with one query a page. One query for each entry was simpler, and
 * took as many round trips as there are entries.
 */
import type { QueryResult } from 'pg';
import type { ChainedClaim } from '../journal/chain.ts';
import { dayOfName, hashOfName } from '../journal/claim-names.ts';
import type { EntryRow } from './entry-row.ts';

/** What of a connection, or of a pool of them, is needed. */
interface Asked {
  query<Row extends object>(statement: {
    name: string;
    text: string;
    values: unknown[];
  }): Promise<QueryResult<Row & object>>;
}

/** Of chains of the first form: claims say which entry made them, and have their keys in clear. */
const BY_ENTRY = {
  name: 'claims-by-entry',
  text: `select sequence, key, fingerprint, transaction from switch.claim_1
    where epoch = $1 and sequence > $2 and sequence <= $3 order by sequence, key`,
};
/** Of the second: entries say what they claimed. */
const BY_NAME = {
  name: 'claims-by-name',
  text: `select switch.name_of_claim(c.day, c.key) as key, c.fingerprint, c.transaction
    from unnest($1::integer[], $2::uuid[]) as n (day, key) join switch.claim c on c.key = n.key and c.day = n.day`,
};
/** A day is eight digits, a key 32. A shorter rest is no name; no claim has it, and the chain shows that. */
const NAMES = /.{1,40}/g;

interface ClaimRow {
  sequence: string;
  key: string;
  fingerprint: string;
  transaction: string;
}

export interface ClaimsOfEntries {
  of(row: EntryRow): readonly ChainedClaim[];
  /** Claims of sequences up to the last of the rows that no entry has. */
  readonly strays: readonly { key: string; sequence: number }[];
}

/** @param rows of one epoch, by their sequences, all that are there after the one given */
export async function claimsOf(
  connection: Asked,
  { epoch, chain }: { readonly epoch: number; readonly chain: number | null },
  rows: readonly EntryRow[],
  after: string,
): Promise<ClaimsOfEntries> {
  if (chain !== null && chain > 1) return byName(connection, rows);
  const last = rows.at(-1)?.sequence ?? after;
  return byEntry(await connection.query<ClaimRow>({ ...BY_ENTRY, values: [epoch, after, last] }), rows);
}

function byEntry(found: { rows: ClaimRow[] }, rows: readonly EntryRow[]): ClaimsOfEntries {
  const bySequence = Map.groupBy(found.rows, ({ sequence }) => sequence);
  const sequences = new Set(rows.map(({ sequence }) => sequence));
  return {
    of: ({ sequence }) => (bySequence.get(sequence) ?? []).map(chained),
    strays: found.rows
      .filter(({ sequence }) => !sequences.has(sequence))
      .map(({ key, sequence }) => ({ key, sequence: Number(sequence) })),
  };
}

async function byName(connection: Asked, rows: readonly EntryRow[]): Promise<ClaimsOfEntries> {
  const whole = rows.flatMap(namesOf).filter((name) => name.length === 40);
  const values = [whole.map(dayOfName), whole.map(hashOfName)];
  const found = whole.length > 0 ? await connection.query<ClaimRow>({ ...BY_NAME, values }) : { rows: [] };
  const byKey = new Map(found.rows.map((row) => [row.key, chained(row)]));
  return {
    // A claim that is not there goes into the line as nobody's, so that the chain does not match.
    of: (row) => namesOf(row).map((name) => byKey.get(name) ?? [name, '', '']),
    strays: [],
  };
}

const namesOf = ({ claims }: EntryRow): readonly string[] => claims?.match(NAMES) ?? [];

function chained({ key, fingerprint, transaction }: ClaimRow): ChainedClaim {
  return [key, fingerprint, transaction];
}
