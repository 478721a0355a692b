import { hash } from 'node:crypto';
import type { Claim, TransactionId } from './journal.ts';

/**
 * How a key is kept. Its text is hashed with a secret of the database, so that a claim is short, of one length, and
 * tells nobody which terminal bought when; beside the hash stands a day, by which claims are partitioned.
 *
 * A unique index holds within one partition only. So the day must be the same whenever the key comes again, and is
 * never that of the insertion: it is the date that the key itself carries. A key ends in `|MMDDhhmmss` where it has
 * one: the date of the message (DE13, DE12), or of the original it names (DE90, DE7). The year is the one that brings
 * it nearest to now: a key is found again for half a year.
 *
 * A key without a date is in day 0 where it must be unique: there are few of them (stand-in, batches), and they are
 * kept for ever. Where it is only an alias (a retrieval reference), it is in the day of its transaction, and is looked
 * for from the newest day backwards: a reference that comes round again means the later one. Such a key is claimed in
 * one role only. To keep them all in one partition was rejected: there is one for every purchase.
 */
export type ClaimName = string;

const DAY_MS = 86_400_000;
/** In days: how long a key is found again. */
export const HALF_A_YEAR = 184;
/** Of keys without a date that must be unique. */
const UNDATED = 0;
/** A key's date and time, MMDDhhmmss. */
const DATED = /\|\d{10}$/;
const DATE_AND_TIME = 10;
const TIME = 6;

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

export function nameClaim(
  hashOf: KeyHash,
  claim: Claim,
  transaction: TransactionId,
  nowMs: number,
): NamedClaim {
  const day =
    dayOfKey(claim.key, nowMs) ?? (claim.role === 'unique' ? UNDATED : dayOfTransaction(transaction));
  const { key, fingerprint, role } = claim;
  return { key, fingerprint, role, name: nameOf(day, hashOf(key)) };
}

export function nameOf(day: number, hashed: string): ClaimName {
  return day.toString(16).padStart(8, '0') + hashed;
}

/** The parts of a name as the database has them. */
export const dayOfName = (name: ClaimName): number => Number.parseInt(name.slice(0, 8), 16);
export const hashOfName = (name: ClaimName): string => name.slice(8);

/** The day that a key carries; undefined where it has none. */
export function dayOfKey(key: string, nowMs: number): number | undefined {
  if (!DATED.test(key)) return undefined;
  const monthAndDate = key.slice(-DATE_AND_TIME, -TIME);
  const today = Math.floor(nowMs / DAY_MS);
  if (latest.monthAndDate !== monthAndDate || latest.today !== today) {
    latest = { monthAndDate, today, day: nearestDay(monthAndDate, today) };
  }
  return latest.day;
}

/** What was worked out last: nearly every key is of the same date as the one before, and dates are dear. */
let latest: { monthAndDate: string; today: number; day: number | undefined } = {
  monthAndDate: '',
  today: 0,
  day: undefined,
};

/** The day with this date that is nearest to today; undefined where none is near enough. */
function nearestDay(monthAndDate: string, today: number): number | undefined {
  const [month, date] = [Number(monthAndDate.slice(0, 2)), Number(monthAndDate.slice(2))];
  const year = new Date(today * DAY_MS).getUTCFullYear();
  const days = [year - 1, year, year + 1].map((each) => dayOf(each, month, date));
  const near = days.filter((day) => Math.abs(day - today) <= HALF_A_YEAR);
  return near.sort((a, b) => Math.abs(a - today) - Math.abs(b - today))[0];
}

/** NaN where the year has no such day. */
function dayOf(year: number, month: number, date: number): number {
  const at = new Date(Date.UTC(year, month - 1, date));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === date ? at.getTime() / DAY_MS : Number.NaN;
}

/** A UUID of version 7 begins with the milliseconds since 1970-01-01. */
export function dayOfTransaction(transaction: TransactionId): number {
  return Math.floor(Number.parseInt(transaction.slice(0, 8) + transaction.slice(9, 13), 16) / DAY_MS);
}

export const dayOfTime = (ms: number): number => Math.floor(ms / DAY_MS);
