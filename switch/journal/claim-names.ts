import { hash } from 'node:crypto';
import { DAY_MS } from '../../runtime/index.ts';
import type { Claim, TransactionId } from './journal.ts';

/**
 * How a key is kept. Its text is hashed with a secret of the database, so that a claim is short, of one length, and
 * tells nobody which terminal bought when; beside the hash stands a day, by which claims are partitioned.
 *
 * A unique index holds within one partition only. So the day must be the same whenever the key comes again, and is
 * never that of the insertion: it is the date that the key itself carries, at its end and with its year:
 * `|YYYYMMDDhhmmss` of a message (DE13, DE12), or of the original it names (DE90, DE7), or `|YYYYMMDD` where all that
 * is meant is the day, as of a retrieval reference. A key of the second form is also found without its date, from the
 * newest day backwards: a reference that comes round again means the later one.
 *
 * A key without a date is in day 0 where it must be unique: there are few of them (stand-in, batches), and they are
 * kept for ever. Where it is only an alias, it is in the day of its transaction. Such a key is claimed in one role
 * only. To keep them all in one partition was rejected: there is a reference for every purchase.
 */
export type ClaimName = string;

/** Of keys without a date that must be unique. */
const UNDATED = 0;
/** A key's date, and its time where it has one: YYYYMMDD or YYYYMMDDhhmmss. */
const DATED = /\|(\d{4})(\d{2})(\d{2})(\d{6})?$/;
const DATE = 9; // with the bar before it

/** 32 hex digits of a key. */
export type KeyHash = (key: string) => string;

/** @param secret the same on all nodes of a database; its hex digits go before the key, which text makes cheap */
export function keyHash(secret: Buffer): KeyHash {
  const before = secret.toString('hex');
  return (key) => hash('sha256', before + key).slice(0, 32);
}

/** A claim as it is kept: eight hex digits of its day since 1970-01-01, then the hash of its key. */
export interface NamedClaim extends Claim {
  readonly name: ClaimName;
}

export function nameClaim(hashOf: KeyHash, claim: Claim, transaction: TransactionId): NamedClaim {
  const { key, fingerprint, role } = claim;
  const { day = role === 'unique' ? UNDATED : dayOfTransaction(transaction), text } = placeOfKey(key);
  return { key, fingerprint, role, name: nameOf(day, hashOf(text)) };
}

export function nameOf(day: number, hashed: string): ClaimName {
  return day.toString(16).padStart(8, '0') + hashed;
}

/** The parts of a name as the database has them. */
export const dayOfName = (name: ClaimName): number => Number.parseInt(name.slice(0, 8), 16);
export const hashOfName = (name: ClaimName): string => name.slice(8);

/** Where a key is looked for. */
export interface KeyPlace {
  /** That the key carries; undefined where it has none. */
  readonly day: number | undefined;
  /** What of the key is hashed: all of it, but for a date that is all that it ends in. */
  readonly text: string;
}

export function placeOfKey(key: string): KeyPlace {
  const dated = DATED.exec(key);
  const day = dated ? dayOf(Number(dated[1]), Number(dated[2]), Number(dated[3])) : Number.NaN;
  if (Number.isNaN(day)) return { day: undefined, text: key };
  return { day, text: dated?.[4] === undefined ? key.slice(0, -DATE) : key };
}

/** NaN where the year has no such day. */
function dayOf(year: number, month: number, date: number): number {
  const at = Date.UTC(year, month - 1, date);
  const isThere = new Date(at).getUTCMonth() === month - 1 && new Date(at).getUTCDate() === date;
  return isThere ? at / DAY_MS : Number.NaN;
}

/** A UUID of version 7 begins with the milliseconds since 1970-01-01. */
export function dayOfTransaction(transaction: TransactionId): number {
  return Math.floor(Number.parseInt(transaction.slice(0, 8) + transaction.slice(9, 13), 16) / DAY_MS);
}

export const dayOfTime = (ms: number): number => Math.floor(ms / DAY_MS);
