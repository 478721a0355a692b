// A network's answer that nobody waits for: it came after its leg was closed, beside the reversal that took its payment
// back, or is not about what was asked. Whoever hears it has it written down here, under the transaction it belongs to.
// The evidence waits for the transaction's decision, and for a journal that is away: it may be money.

import { type Clock, delay, type Log } from '../../runtime/index.ts';
import { type Journal, JournalError } from '../journal/journal.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import { type LateAnswerTold, lateAnswerEntry } from '../transaction/late-approvals.ts';

export interface UnawaitedPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_AGAIN_MS = 50;
/** So often at first: a leg is decided within moments. */
const QUICK_LOOKS = 100;
const LOOK_AGAIN_LATER_MS = 5_000;
/** A quarter of an hour after that: longer than nodes take to be taken over, and than most outages. */
const LATER_LOOKS = 180;

/**
 * Writes an answer down, with the reversal that it asks for. Never rejects for a journal that is away.
 * @param tell what of the answer is told, once the transaction is read
 * @returns whether it could be looked at
 */
export async function recordUnawaited(
  transaction: string,
  tell: (now: Transaction) => LateAnswerTold | undefined,
  ports: UnawaitedPorts,
): Promise<boolean> {
  for (let look = 1; look <= QUICK_LOOKS + LATER_LOOKS; look += 1) {
    if (await isRecorded(transaction, tell, ports)) return true;
    const waitMs = look < QUICK_LOOKS ? LOOK_AGAIN_MS : LOOK_AGAIN_LATER_MS;
    await delay(ports.clock, waitMs);
  }
  ports.log.error({ event: 'network.late-answer-undecided', transaction });
  return false;
}

/** False while the transaction is undecided, or the journal away: the evidence waits for both. */
async function isRecorded(
  transaction: string,
  tell: (now: Transaction) => LateAnswerTold | undefined,
  { journal, log }: UnawaitedPorts,
): Promise<boolean> {
  try {
    const { state } = await readTransaction(journal, transaction);
    if (state === 'intended') return false;
    await appendNext(journal, transaction, (now) => {
      const answer = tell(now);
      return answer && lateAnswerEntry(now, answer);
    });
    return true;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    log.warn({ event: 'network.late-answer-waits', transaction, err: error });
    return false;
  }
}
