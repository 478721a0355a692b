import { DAY_MS, HOUR_MS } from '../../runtime/index.ts';
import type { Inbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { memberOfTransaction } from '../projection/batch-rows.ts';
import type { BatchName } from '../projection/projection-reader.ts';
import { batchSide } from '../projection/transaction-row.ts';
import { openedAt } from '../requests/dates.ts';
import { acquirerOf, partyKey } from '../requests/keys.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import type { Transaction } from '../transaction/fold.ts';

// Whether the batch that holds a transaction is closed. The projection says which batch its terminal closed last; the
// journal has those that were closed since, each under a key with its ordinal, so an answer never waits for the
// projection, and is right also where the projection is behind. To write into every member that its batch is closed was
// rejected: that is a thousand entries for one settlement.

/** A batch that was closed. */
export interface ClosedBatch {
  /** Of the settlement that closed it. */
  readonly id: string;
  /** DE60. */
  readonly number: string;
  /** Milliseconds since the epoch. */
  readonly closedAt: number;
}

/** Whose batch it is. */
interface BatchOwner {
  /** As keys name the terminal. */
  readonly party: string;
  readonly currency: string;
}

/**
 * A clock that is behind by less closes no batch before what is in it. It costs no more than to look into the batches
 * of a day.
 */
const CLOCKS_APART_MS = DAY_MS + HOUR_MS;
/** Batches that are looked into for one transaction: a year and more of them, one a day. */
const MAX_BATCHES = 500;

/** Under which key the batch of this ordinal was closed: by one settlement only. */
export function closingKey({ party, currency }: BatchOwner, ordinal: number): string {
  return `${party}|batch|${currency}|${ordinal}`;
}

/** The same as releases before named it, by line and terminal: what was closed then stays closed. */
function formerClosingKeys({ listeners, terminal, currency }: BatchName, ordinal: number): string[] {
  return listeners.map((listener) => `${listener}|batch|${terminal}|${currency}|${ordinal}`);
}

/**
 * Refuses to void what is settled. Where network and merchant allow it that is still done until the clearing file is
 * made: then the void is a movement of today that keeps the sale out of that file. What is only held is in no batch.
 *
 * @returns the closed batch that holds it, where it may be voided all the same
 * @throws Refusal SW_ORIGINAL_SETTLED, SW_PROJECTION
 */
export async function voidableBatch(
  found: Transaction,
  inbound: Pick<Inbound, 'party' | 'listener'>,
  ports: Ports,
): Promise<ClosedBatch | undefined> {
  const { party, listener } = inbound;
  const batch = await closedBatchOf(found, inbound, ports);
  if (!batch) return undefined;
  const cutOffHour = ports.directory.clearingCutOffHour(found.opening?.network ?? '');
  const isAllowed =
    party.merchant.voidAfterBatch === true &&
    cutOffHour !== undefined &&
    ports.clock.wall() < ports.calendar.next(cutOffHour, batch.closedAt);
  if (isAllowed) return batch;
  throw settledRefusal(batch, listener);
}

/** What its terminals take for the answer is the listener's to say. */
export function settledRefusal(
  { number }: ClosedBatch,
  { settledVoidCode: responseCode }: Inbound['listener'],
): Refusal {
  return new Refusal('SW_ORIGINAL_SETTLED', { batch: number }, { responseCode });
}

/**
 * The closed batch that holds this transaction; nothing where there is none.
 * @throws Refusal SW_PROJECTION where that cannot be found out now
 */
export async function closedBatchOf(
  found: Transaction,
  { party, listener }: Pick<Inbound, 'party' | 'listener'>,
  { journal, batches, directory }: Pick<Ports, 'journal' | 'batches' | 'directory'>,
): Promise<ClosedBatch | undefined> {
  const { opening, id } = found;
  if (!opening || !batches || batchSide(found) === null) return undefined;
  const { merchant, terminal, amount } = opening.facts;
  const { currency } = amount;
  // Who voids may be another till of the merchant that sold it.
  const owner = { party: partyKey(acquirerOf(party.key), merchant, terminal).terminal, currency };
  const listeners = [...new Set([opening.listener, ...directory.linesOf(listener)])];
  const sold = { merchant: merchant.trimEnd(), terminal: terminal.trimEnd(), currency };
  const acquirer = acquirerOf(party.key);
  const names: BatchName = { ...sold, listeners, number: '', ...(acquirer !== '' && { acquirer }) };
  const last = await lastClosed(names, batches);

  const member = memberOfTransaction(id);
  const soldAt = openedAt(id);
  const at = (ordinal: number) => closedBatch([closingKey(owner, ordinal)], names, journal);
  const before = (ordinal: number) =>
    closedBatch([closingKey(owner, ordinal), ...formerClosingKeys(names, ordinal)], names, journal);
  for (let ordinal = last + 1; ordinal <= last + MAX_BATCHES; ordinal += 1) {
    const closed = await at(ordinal);
    if (!closed) break;
    if (closed.members.includes(member)) return closed;
  }
  for (let ordinal = last; ordinal > Math.max(0, last - MAX_BATCHES); ordinal -= 1) {
    const closed = await before(ordinal);
    if (!closed || closed.closedAt + CLOCKS_APART_MS < soldAt) return undefined;
    if (closed.members.includes(member)) return closed;
  }
  return undefined;
}

/** The ordinal of the batch that the projection knows as the last that was closed. @throws Refusal SW_PROJECTION */
async function lastClosed(batch: BatchName, batches: NonNullable<Ports['batches']>): Promise<number> {
  try {
    const { last } = await batches.openBatch(batch, 1);
    return last?.ordinal ?? 0;
  } catch (cause) {
    throw new Refusal('SW_PROJECTION', { terminal: batch.terminal }, { cause });
  }
}

/** The first of these keys that this merchant's batch was closed under. */
async function closedBatch(keys: readonly string[], { merchant }: BatchName, journal: Ports['journal']) {
  for (const key of keys) {
    const claimed = await journal.transactionOf(key);
    const [entry] = claimed ? await journal.history(claimed.transaction) : [];
    if (entry?.kind !== 'batch-closed') continue;
    const body = entry.body as EntryBodies['batch-closed'];
    const { number, members } = body;
    if (body.merchant.trimEnd() === merchant) {
      return { id: entry.transaction, number, members, closedAt: entry.at };
    }
  }
  return undefined;
}
