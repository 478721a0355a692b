import type { ChainedClaim, ChainedEntry, Link } from '../journal/chain.ts';

/** An entry as it stands in the database, with the link before its flush where it is the first of one. */
export interface StoredEntry extends ChainedEntry {
  readonly link: Link | null;
}

export const ENTRY_COLUMNS = `j.sequence, j.transaction, j.version, j.kind, j.body::text as body, encode(j.link, 'hex') as link,
  encode(j.claims, 'hex') as claims,
  case when isfinite(j.at) then (extract(epoch from j.at) * 1000000)::bigint end as micros`;

export interface EntryRow {
  sequence: string;
  transaction: string;
  version: number;
  kind: string;
  body: string;
  link: string | null;
  /** Names of what it claimed, one behind the other. */
  claims: string | null;
  micros: string | null;
}

export function entryOf(row: EntryRow, claims: readonly ChainedClaim[]): StoredEntry {
  const { transaction, version, kind, body, link } = row;
  return {
    sequence: Number(row.sequence),
    transaction,
    version,
    atMicros: row.micros === null ? null : Number(row.micros),
    kind,
    body,
    link,
    claims,
  };
}
