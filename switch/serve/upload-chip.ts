import type { Inbound } from '../admission/inbound.ts';
import { Refusal } from '../errors.ts';
import { JournalError } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { requestKey } from '../requests/keys.ts';
import { chipWord } from '../transaction/chip.ts';
import type { EntryBodies, ReplyFields } from '../transaction/entries.ts';
import { BATCH_NUMBER, upload } from './settle.ts';
import { keepChip, tellOfChip } from './tell.ts';

/**
 * A 0320: one payment of a batch, or what its chip said once it was over (DE55), or both. What the chip said goes to
 * the payment that the message names.
 *
 * @throws Refusal what `upload` throws, and SW_JOURNAL
 */
export async function uploadOrChip(inbound: Inbound, ports: Ports): Promise<ReplyFields | undefined> {
  const { message, party, sender } = inbound;
  const word = chipWord(message.de55);
  if (!word) return upload(inbound, ports);
  if (!BATCH_NUMBER.test(message.de60 ?? '')) return tellOfChip(inbound, word, ports);

  const reply = await upload(inbound, ports);
  if (!reply) return undefined;
  const key = requestKey(party.key, sender);
  try {
    const stored = await ports.journal.transactionOf(key);
    const [first] = stored ? await ports.journal.history(stored.transaction) : [];
    const { original } = (first?.body ?? { original: null }) as Pick<EntryBodies['uploaded'], 'original'>;
    if (original) await keepChip(original, key, word, ports);
    return reply;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    throw new Refusal('SW_JOURNAL', { stan: sender.stan }, { cause: error });
  }
}
