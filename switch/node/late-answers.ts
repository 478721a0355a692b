import type { LateAnswer } from '../../connectors/index.ts';
import { JournalError } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { appendNext, readTransaction } from '../transaction/append-next.ts';
import { followUp } from '../transaction/decision-entry.ts';

type LateAnswerPorts = Pick<Ports, 'journal' | 'clock' | 'log'>;

const LOOK_AGAIN_MS = 50;
const LOOKS = 100;

/**
 * A network's answer that came after the leg was closed as unknown. It is never relayed: the terminal has, or is
 * about to have, its 91. It is journalled as evidence, and the reversal is asked for once more should it be missing.
 */
export async function lateAnswer({ transaction, code }: LateAnswer, ports: LateAnswerPorts): Promise<void> {
  ports.log.warn({ event: 'network.late-answer', transaction, code });
  for (let look = 0; look < LOOKS; look += 1) {
    if (await isRecorded(transaction, code, ports)) return;
    await new Promise<void>((resolve) => ports.clock.after(LOOK_AGAIN_MS, resolve));
  }
  ports.log.error({ event: 'network.late-answer-undecided', transaction, code });
}

/** What a link is given to tell of late answers. Where one cannot be looked at, the log has an error. */
export function onLateAnswer(ports: LateAnswerPorts): (answer: LateAnswer) => void {
  return (answer) => {
    lateAnswer(answer, ports).catch((error: unknown) => {
      const { transaction } = answer;
      ports.log.error({ event: 'network.late-answer-lost', transaction, err: error });
    });
  };
}

/** False while the transaction is undecided, or the journal away: the evidence waits for both. */
async function isRecorded(transaction: string, code: string, ports: LateAnswerPorts): Promise<boolean> {
  try {
    const { state } = await readTransaction(ports.journal, transaction);
    if (state === 'intended') return false;
    await appendNext(ports.journal, transaction, ({ opening, network }) => ({
      kind: 'late-answer',
      body: { code },
      followUps:
        opening && network === 'unknown' ? [followUp(transaction, 'reverse-network', opening.network)] : [],
    }));
    return true;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    ports.log.warn({ event: 'network.late-answer-waits', transaction, err: error });
    return false;
  }
}
