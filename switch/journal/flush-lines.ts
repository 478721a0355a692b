import { FIELD, LINE } from '../database/lines.ts';
import type { Link } from './chain.ts';
import { dayOfName, hashOfName } from './claim-names.ts';
import type { PendingEntry } from './entry.ts';

/** A flush as the database takes it (migration 11): a text each for its entries, claims, follow-ups and takes. */
export interface FlushLines {
  readonly entries: string;
  readonly claims: string;
  /** Empty where there are none. */
  readonly followUps: string;
  /** Empty where nothing is taken: as nearly always. */
  readonly takes: string;
}

/** Rows are in one order whoever writes them, so that two nodes seldom deadlock. */
export function flushLines(batch: readonly PendingEntry[], link: Link): FlushLines {
  const first = batch[0]?.sequence;
  const entries: string[] = [];
  const claims: string[] = [];
  const followUps: string[] = [];
  const takes: string[] = [];
  const queues = new Set<string>();
  for (const pending of batch) {
    entries.push(entryLine(pending, pending.sequence === first ? link : ''));
    const { sequence, entry } = pending;
    pending.claims.forEach(({ name, fingerprint, role }, place) => {
      const fields = [hashOfName(name), entry.transaction, dayOfName(name), fingerprint];
      claims.push([...fields, sequence, role === 'unique' ? 't' : 'f', place].join(FIELD));
    });
    pending.takes.forEach(({ name, minorUnits, limit }, place) => {
      const fields = [sequence, place, hashOfName(name), minorUnits, limit.count, limit.minorUnits];
      takes.push(fields.join(FIELD));
    });
    for (const { transaction, lane, task, attempt = 1, runAfterMs = 0 } of entry.followUps ?? []) {
      const queue = `${transaction} ${lane}`;
      const isBehind = queues.has(queue) ? 't' : 'f';
      queues.add(queue);
      followUps.push([sequence, transaction, lane, task, attempt, runAfterMs, isBehind].join(FIELD));
    }
  }
  return {
    entries: entries.sort().join(LINE),
    claims: claims.sort().join(LINE),
    followUps: followUps.join(LINE),
    takes: takes.join(LINE),
  };
}

/** Begins with the transaction, by which lines are sorted. */
function entryLine({ entry, body, at, sequence, claims }: PendingEntry, link: Link): string {
  const { transaction, version, kind } = entry;
  let names = '';
  for (const { name } of claims) names += name;
  return (
    transaction +
    FIELD +
    version +
    FIELD +
    sequence +
    FIELD +
    at +
    FIELD +
    kind +
    FIELD +
    body +
    FIELD +
    names +
    FIELD +
    link
  );
}
