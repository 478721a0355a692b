import type { Monotonic } from '../../runtime/index.ts';
import { FIELD, LINE } from '../database/lines.ts';
import { bodyText } from './body-form.ts';
import { type ChainedClaim, lineOf } from './chain.ts';
import type { ClaimName, NamedClaim } from './claim-names.ts';
import {
  type AppendResult,
  type Claim,
  type FollowUp,
  JournalError,
  type NewEntry,
  type Take,
} from './journal.ts';

const MAX_BODY_BYTES = 64 * 1024;
const MAX_KIND = 64;
const MAX_KEY = 512;
const MAX_NAME = 60; // task and lane together name a task of graphile-worker, which takes 128
/** Of all that a reversal may name: four message types under two times, and by its reference. */
const MAX_CLAIMS = 16;
const MAX_FOLLOW_UPS = 16;
const MAX_TAKES = 4;
const MAX_VERSION = 1_000_000;
const MAX_DELAY_MS = 366 * 86_400_000;
/** What text of PostgreSQL cannot hold, and what keeps lines and fields of a flush apart. */
const UNFIT = ['\0', LINE, FIELD];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A take with the name under which its counter is kept. */
export interface NamedTake extends Take {
  readonly name: ClaimName;
}

/** An entry on its way into the database. */
export interface PendingEntry {
  readonly entry: NewEntry;
  readonly body: string;
  /** Those of the entry, as they are kept. */
  readonly claims: readonly NamedClaim[];
  /** What it takes, each key as it is kept. */
  readonly takes: readonly NamedTake[];
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly at: number;
  /**
   * Its number within the epoch, by which it is found again after a lost connection. Numbers are in the order of
   * commits: one that is set aside gets another.
   */
  sequence: number;
  readonly deadline: Monotonic;
  /** Its caller has been answered: what still comes to light only updates our own books. */
  isAnswered: boolean;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: JournalError) => void;
}

/**
 * The entry as the chain takes it.
 * @param isClaimed whether a claim of the entry was written: an alias may have had an owner
 */
export function chainLine(
  { entry, body, at, sequence, claims }: PendingEntry,
  isClaimed: (name: ClaimName) => boolean,
): string {
  const { transaction, version, kind } = entry;
  const written: ChainedClaim[] = [];
  for (const { name, fingerprint } of claims) {
    // as UTF-8 leaves it in the database
    if (isClaimed(name)) written.push([name, fingerprint.toWellFormed(), transaction]);
  }
  return lineOf({
    sequence,
    transaction,
    version,
    atMicros: at * 1_000,
    kind: kind.toWellFormed(),
    body,
    claims: written,
  });
}

export const isTransactionId = (text: string): boolean => UUID.test(text);

/**
 * The body as it will be stored. Everything that the database would refuse is refused here: one entry that fails
 * would take the others of its flush along.
 * @throws JournalError SW_JOURNAL_ENTRY
 */
export function checkEntry(entry: NewEntry): string {
  if (!isTransactionId(entry.transaction)) throw malformed('transaction');
  if (!isWhole(entry.version, 1, MAX_VERSION)) throw malformed('version', MAX_VERSION);
  if (!isText(entry.kind, MAX_KIND)) throw malformed('kind', MAX_KIND);
  const claims = entry.claims ?? [];
  if (claims.length > MAX_CLAIMS) throw malformed('claims', MAX_CLAIMS);
  claims.forEach(checkClaim);
  const followUps = entry.followUps ?? [];
  if (followUps.length > MAX_FOLLOW_UPS) throw malformed('followUps', MAX_FOLLOW_UPS);
  followUps.forEach(checkFollowUp);
  const takes = entry.takes ?? [];
  if (takes.length > MAX_TAKES) throw malformed('takes', MAX_TAKES);
  takes.forEach(checkTake);
  return checkBody(entry);
}

function checkClaim(claim: Claim, index: number, claims: readonly Claim[]): void {
  const path = `claims[${index}]`;
  if (!isText(claim.key, MAX_KEY)) throw malformed(`${path}.key`, MAX_KEY);
  if (!isText(claim.fingerprint, MAX_KEY)) throw malformed(`${path}.fingerprint`, MAX_KEY);
  if (claims.findIndex(({ key }) => key === claim.key) < index) throw malformed(`${path}.key`);
}

function checkTake({ key, minorUnits, limit }: Take, index: number, takes: readonly Take[]): void {
  const path = `takes[${index}]`;
  if (!isText(key, MAX_KEY)) throw malformed(`${path}.key`, MAX_KEY);
  if (takes.findIndex((take) => take.key === key) < index) throw malformed(`${path}.key`);
  for (const amount of [minorUnits, limit.count, limit.minorUnits]) {
    if (!isWhole(amount, 0, Number.MAX_SAFE_INTEGER)) throw malformed(`${path}.limit`);
  }
}

function checkFollowUp(followUp: FollowUp, index: number): void {
  const path = `followUps[${index}]`;
  if (!isTransactionId(followUp.transaction)) throw malformed(`${path}.transaction`);
  if (!isText(followUp.task, MAX_NAME)) throw malformed(`${path}.task`, MAX_NAME);
  if (!isText(followUp.lane, MAX_NAME)) throw malformed(`${path}.lane`, MAX_NAME);
  if (!isWhole(followUp.attempt ?? 1, 1, MAX_VERSION)) throw malformed(`${path}.attempt`, MAX_VERSION);
  const delay = followUp.runAfterMs ?? 0;
  if (!(delay >= 0 && delay <= MAX_DELAY_MS)) throw malformed(`${path}.runAfterMs`, MAX_DELAY_MS);
}

function checkBody({ kind, body, transaction }: NewEntry): string {
  let text: string | undefined;
  try {
    text = bodyText(kind, body, transaction);
  } catch (cause) {
    throw new JournalError('SW_JOURNAL_ENTRY', 'no', { path: 'body' }, { cause });
  }
  if (text === undefined || Buffer.byteLength(text) > MAX_BODY_BYTES) throw malformed('body', MAX_BODY_BYTES);
  return text;
}

function isText(value: string, max: number): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > max) return false;
  return !UNFIT.some((character) => value.includes(character));
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function malformed(path: string, limit?: number): JournalError {
  return new JournalError('SW_JOURNAL_ENTRY', 'no', { path, ...(limit !== undefined && { limit }) });
}
