import { delay, type Monotonic, sometimes } from '../../runtime/index.ts';
import { Refusal } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { isRemembered } from '../requests/remembered.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { foldTransaction, OPENING_REPLY } from '../transaction/fold.ts';

// The journal knows the request already. The reply that it keeps is the answer, from any node and after any restart; a
// cache of replies beside it was rejected, since it would be right only until the first crash.

const ASK_AGAIN_MS = 50;

/**
 * The answer to a request whose key the journal knows already: the stored one, also after a restart. While another
 * node still works on the original it is waited for; past the deadline there is no answer, and the terminal repeats.
 *
 * @param replyKey under which of its replies the transaction keeps this one
 * @throws Refusal SW_KEY_REUSED where the content differs from the original's, SW_ALREADY_REVERSED where all that is
 *   known of it is its reversal
 */
export async function replay(
  original: { readonly transaction: string; readonly fingerprint: string },
  fingerprint: string,
  deadline: Monotonic,
  ports: Pick<Ports, 'journal' | 'clock' | 'log'>,
  replyKey = OPENING_REPLY,
): Promise<ReplyFields | undefined> {
  const { transaction } = original;
  if (isRemembered(original.fingerprint)) {
    sometimes('remembered original refused');
    throw new Refusal('SW_ALREADY_REVERSED', { transaction });
  }
  if (original.fingerprint !== fingerprint) throw new Refusal('SW_KEY_REUSED', { transaction });

  while (ports.clock.monotonic() < deadline) {
    const found = foldTransaction(await ports.journal.history(transaction));
    const reply = found?.replies.get(replyKey);
    if (reply) {
      sometimes('repeat answered from the journal');
      ports.log.info({ event: 'authorise.replayed', transaction, code: reply.code });
      return reply;
    }
    if (found?.state === 'taken-back') throw new Refusal('SW_ALREADY_REVERSED', { transaction });
    await delay(ports.clock, ASK_AGAIN_MS);
  }
  ports.log.warn({ event: 'authorise.original-undecided', transaction });
  return undefined;
}
