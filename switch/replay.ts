import type { Monotonic } from '../runtime/index.ts';
import { Refusal } from './errors.ts';
import type { Ports } from './ports.ts';
import { foldTransaction, type ReplyFields } from './transaction.ts';

const ASK_AGAIN_MS = 50;

/**
 * The answer to a request whose key the journal knows already: the stored one, also after a restart. While another
 * node still works on the original it is waited for; past the deadline there is no answer, and the terminal repeats.
 * @throws Refusal SW_KEY_REUSED where the content differs from the original's
 */
export async function replay(
  original: { readonly transaction: string; readonly fingerprint: string },
  fingerprint: string,
  deadline: Monotonic,
  ports: Pick<Ports, 'journal' | 'clock' | 'log'>,
): Promise<ReplyFields | undefined> {
  const { transaction } = original;
  if (original.fingerprint !== fingerprint) throw new Refusal('SW_KEY_REUSED', { transaction });
  while (ports.clock.monotonic() < deadline) {
    const decided = foldTransaction(await ports.journal.history(transaction))?.decided;
    if (decided) {
      ports.log.info({ event: 'authorise.replayed', transaction, code: decided.reply.code });
      return decided.reply;
    }
    await new Promise<void>((resolve) => ports.clock.after(ASK_AGAIN_MS, resolve));
  }
  ports.log.warn({ event: 'authorise.original-undecided', transaction });
  return undefined;
}
