import { DAY_MS } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import type { ProjectionReader } from '../projection/projection-reader.ts';
import { acquirerOf, withoutZeros } from '../requests/keys.ts';
import { disagreement, isLive, isNumbered } from '../requests/meant.ts';
import type { RecentNumbers } from '../requests/recent-numbers.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { EntryBodies } from '../transaction/entries.ts';
import type { FollowUpJob, FollowUpResult } from './queue.ts';
import type { Retry } from './retry-policy.ts';

// A reversal that matched nothing was answered all the same, and its payment may come behind it: a line held it back,
// or the reversal names the time of a repeat that never came. What comes under what the reversal names is refused; else
// nobody can know at its opening, and it is approved though its terminal has taken it back. So the reversal is looked
// at once more, when whatever was under way has come. To ask at each opening for reversals that may mean it was
// rejected: every purchase would pay for it.

export type LookAgainPorts = Pick<Ports, 'journal'> & {
  readonly retry: Retry;
  /** Absent: nobody projects here, and nothing is found. */
  readonly payments?: Pick<ProjectionReader, 'paymentsOf'>;
  /** One look at once: a flood of reversals that name nothing must not keep others from the projection. */
  readonly searches: Pick<RecentNumbers, 'search'>;
};

const MOST_LOOKED_AT = 64;
const MOST_TOLD = 8;

/** Opens a case where the terminal has a payment of this STAN, card and amount that stands: people ask it. */
export async function lookAgain(job: FollowUpJob, ports: LookAgainPorts): Promise<FollowUpResult> {
  const { journal, retry, payments, searches } = ports;
  const [first] = await journal.history(job.transaction);
  if (first?.kind !== 'remembered' || !payments) return { done: true };
  const said = first.body as EntryBodies['remembered'];
  if (said.stan === undefined || said.merchant === undefined || said.caseKind) return { done: true };

  let known: readonly string[] | undefined;
  try {
    const { merchant, terminal, stan } = said;
    const of = { merchant: merchant.trimEnd(), terminal: terminal.trimEnd(), stan };
    const search = { ...of, since: first.at - DAY_MS };
    known = await searches.search(() => payments.paymentsOf(search, MOST_LOOKED_AT));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return retry.again(job.attempt, `the projection cannot be read: ${why}`);
  }

  if (!known) return retry.again(job.attempt, 'others are looked for now');
  const mayMean = await meantBy(said, known, journal);
  if (mayMean.length === 0) return { done: true };
  const body = { caseKind: 'reversal-unmatched', reason: 'came-later', mayMean };
  await appendNext(journal, job.transaction, ({ cases }) =>
    cases.includes(body.caseKind) ? undefined : { kind: 'case-opened', body },
  );
  return { done: true };
}

async function meantBy(
  { key, stan, maskedPan, cardReference, amount, leaves }: EntryBodies['remembered'],
  known: readonly string[],
  journal: Ports['journal'],
): Promise<string[]> {
  const meant = {
    ...(stan !== undefined && { stan }),
    ...(maskedPan !== undefined && { maskedPan }),
    ...(cardReference !== undefined && { cardReference }),
    ...(amount && { currency: amount.currency }),
    ...(amount && amount.minorUnits > 0 && { minorUnits: amount.minorUnits }),
    ...(leaves && 'allBut' in leaves && { mayBePart: true }),
  };
  const found: string[] = [];
  for (const id of known) {
    const payment = await readTransaction(journal, id);
    const isMeant = isLive(payment) && isNumbered(payment, meant) && !disagreement(payment, meant);
    if (isMeant && isOfAcquirer(payment.opening?.facts.acquirer ?? '', key)) found.push(id);
  }
  return found.slice(0, MOST_TOLD);
}

/** Two acquirers may have merchants of one number; a key begins with whose it is, and nothing where it is our own. */
function isOfAcquirer(acquirer: string, key: string): boolean {
  const own = acquirerOf({ merchant: key });
  return own === '' || own === withoutZeros(acquirer);
}
