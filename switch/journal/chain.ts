import { hash } from 'node:crypto';

/** Names what is hashed and how: another form would be another version. */
const DOMAIN = 'etika-journal-chain/1';

/** A claim as it stands in the database (an alias that had an owner is none): key, fingerprint, transaction. */
export type ChainedClaim = readonly [key: string, fingerprint: string, transaction: string];

/** All that the database keeps of an entry, but its epoch: that is in the first link. */
export interface ChainedEntry {
  readonly sequence: number;
  readonly transaction: string;
  readonly version: number;
  /** Microseconds since the Unix epoch; null where the database has no such instant, which no node writes. */
  readonly atMicros: number | null;
  readonly kind: string;
  /** The JSON text, to the letter. */
  readonly body: string;
  readonly claims: readonly ChainedClaim[];
}

/** SHA-256 in lower-case hex over lines of canonical JSON (RFC 8785), each ended by a line feed. */
export type Link = string;

/** How claims are told of in a line: 1 with keys in clear, 2 as hashes by day (docs/audit.md). */
export type ChainForm = 1 | 2;
export const CHAIN_FORM: ChainForm = 2;

/** What the chain of an epoch begins with: its form too, so that nobody can say that it had another. */
export function firstLink(epoch: number, node: string, form: ChainForm = CHAIN_FORM): Link {
  const named = [DOMAIN, 'epoch', epoch, node];
  return hash('sha256', `${JSON.stringify(form === 1 ? named : [...named, form])}\n`);
}

/**
 * The link after one flush: what came before it, and each of its entries in the order of their sequences.
 * @param lines of `lineOf`, none of them empty
 */
export function nextLink(before: Link, lines: readonly string[]): Link {
  return hash('sha256', `${JSON.stringify([DOMAIN, 'flush', before])}\n${lines.join('\n')}\n`);
}

/** One entry in canonical form; its claims are in the order of their keys, by UTF-16 code units. */
export function lineOf(entry: ChainedEntry): string {
  const { sequence, transaction, version, atMicros, kind, body, claims } = entry;
  const sorted = claims.length > 1 ? [...claims].sort(byKey) : claims;
  return JSON.stringify([sequence, transaction, version, atMicros, kind, body, sorted]);
}

function byKey([a]: ChainedClaim, [b]: ChainedClaim): number {
  return a < b ? -1 : 1;
}

/** How far a chain goes: its last entry (0 before the first), and the link after it. */
export interface ChainEnd {
  readonly sequence: number;
  readonly link: Link;
}
