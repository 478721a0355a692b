import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { compareBooks } from '../bench/end-to-end/books/compare-books.ts';
import { isDrained, leftToDo, OPEN_PAYMENTS } from '../bench/end-to-end/books/journal-book.ts';
import type { LedgerMark } from '../bench/end-to-end/books/ledger-book.ts';
import type { Answers, Traffic } from '../bench/end-to-end/generator/traffic.ts';
import type { Stage } from '../bench/end-to-end/stage/stage.ts';
import { uuidBoundOf } from '../runtime/index.ts';
import type { TillOrder } from './tills/account.ts';
import type { TillRoom } from './tills/till-room.ts';
import type { Operator } from './watch/operator.ts';

/** What all ledgers say of the whole run: those of the terminals, the journal, both networks, the consensus. */
export interface BooksRow {
  readonly fault: 'books';
  readonly purchases: number;
  readonly journalled: number;
  readonly lost: number;
  /** Not approved, and its proof was final before it could be taken back: each is a case for people. */
  readonly proofsThatStand: number;
  readonly problems: readonly string[];
}

export interface BooksOrder {
  readonly stage: Stage;
  readonly tills: TillRoom;
  readonly operator: Operator;
  readonly order: TillOrder;
  readonly sinceMs: number;
  /** By how much this machine is slower than usual. */
  readonly slowness: number;
}

const QUEUED = `
  select task_identifier || coalesce(': ' || left(last_error, 120), '') as what
    from graphile_worker.jobs order by run_at limit 5`;
const OPEN = `
  select state || ', network ' || network_state || ', PoP ' || pop_state || ': ' || transaction as what
    from ${OPEN_PAYMENTS} limit 5`;
const CERTAIN_WITHIN_MS = 30_000;
const DRAINED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;
/** A clock may have jumped, and the ids of payments with it. */
const CLOCKS_APART_MS = 2 * 86_400_000;

export async function closeBooks({
  operator,
  stage,
  tills,
  order,
  sinceMs,
  slowness,
}: BooksOrder): Promise<BooksRow> {
  const account = await tills.settle(CERTAIN_WITHIN_MS * slowness);
  const since = uuidBoundOf(sinceMs - CLOCKS_APART_MS);
  const isAllDone = await holds(() => isDrained(stage.database, since), DRAINED_WITHIN_MS * slowness);
  const isSettled = await holds(
    async () => (await operator.status()).unsettled === 0,
    DRAINED_WITHIN_MS * slowness,
  );
  const ledger = (name: string): LedgerMark => ({
    file: join(stage.folder, `${name}-simulator`, 'ledger.jsonl'),
    from: 0,
  });

  const { codes, uncertain } = account;
  const traffic = { ...order, total: codes.length, firstStan: 1, patienceMs: 0 } satisfies Traffic;
  const books = await compareBooks({
    client: stage.database,
    since,
    networks: [ledger('visa'), ledger('iso87')],
    pop: ledger('pop'),
    traffic,
    answers: { codes } as Answers,
  });
  return {
    fault: 'books',
    purchases: codes.length,
    journalled: books.journalled,
    lost: books.lost,
    proofsThatStand: books.standing,
    problems: [
      ...books.differences,
      ...(books.uncertain > 0
        ? [`${books.uncertain} were taken back, and the network holds their money`]
        : []),
      ...(uncertain > 0 ? [`${uncertain} reversals were never acknowledged`] : []),
      ...(isSettled ? [] : ['decisions wait for the journal, a minute after the last fault']),
      ...(isAllDone
        ? []
        : [`follow-ups were not done within ${DRAINED_WITHIN_MS / 1_000} s: ${await left(stage, since)}`]),
    ],
  };
}

/** How much waits, some of it in the queue, and some of the payments that are open. */
async function left({ database }: Stage, since: string): Promise<string> {
  const { queued: jobs, open: payments, unprojected } = await leftToDo(database, since);
  const counts = `${jobs} queued, ${payments} open, ${unprojected} not projected`;
  const queued = await database.query<{ what: string }>(QUEUED);
  const open = await database.query<{ what: string }>(OPEN, [since]);
  return [counts, ...[...queued.rows, ...open.rows].map(({ what }) => what)].join('; ');
}

/** Waits for what must be so in the end. @returns whether it is, in time */
async function holds(look: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > end) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}
