import { timeOrderedUuid } from '../../runtime/index.ts';
import type { NoticeInbound } from '../admission/inbound.ts';
import { takeBackRules } from '../config/take-backs.ts';
import { Refusal } from '../errors.ts';
import type { NewEntry } from '../journal/journal.ts';
import type { Ports } from '../ports.ts';
import { MOST_PLACES, placeOf } from '../requests/keys.ts';
import type { ReplyFields } from '../transaction/entries.ts';
import { ACCEPTED } from './answer-notice.ts';

// Many terminals repeat a reversal or an advice until it is acknowledged, and sell nothing meanwhile. One that is
// refused is refused every time. So after a set number it is acknowledged, and people get a case instead: it is written
// down before the terminal hears of it. The count is this node's own, and begins anew with it: all that must hold is
// that there is an end.

export interface Repeated {
  readonly inbound: NoticeInbound;
  readonly key: string;
  /** What is written down of it for people, under a transaction of its own. */
  readonly kept: (reply: ReplyFields) => Pick<NewEntry, 'kind' | 'body'>;
}

/** @throws what `answer` throws, as long as it has not been refused too often */
export async function endRepeats(
  answer: Promise<ReplyFields | undefined>,
  repeated: Repeated,
  ports: Ports,
): Promise<ReplyFields | undefined> {
  const outcome = await answer.catch((error: unknown) => {
    if (error instanceof Refusal && !error.isPassing) return error;
    throw error;
  });
  const isRefused = outcome instanceof Refusal || (outcome && outcome.code !== ACCEPTED);
  const { maxRefusals } = takeBackRules(ports.settings);
  if (isRefused && ports.inFlight.recent.refusedAgain(repeated.key) > maxRefusals) {
    return acknowledge(repeated, ports);
  }
  if (outcome instanceof Refusal) throw outcome;
  return outcome;
}

async function acknowledge(
  { inbound, key, kept }: Repeated,
  { journal, clock, random, log }: Ports,
): Promise<ReplyFields> {
  const { sender, noticeBy } = inbound;
  const reply: ReplyFields = { code: ACCEPTED, rrn: sender.rrn };
  // Beside all places of the key: whoever answered it first keeps it.
  const claim = { key: placeOf(key, MOST_PLACES + 1), fingerprint: 'acknowledged', role: 'unique' } as const;
  const entry = { transaction: timeOrderedUuid(clock, random), version: 1, ...kept(reply) };

  await journal.append({ ...entry, claims: [claim] }, noticeBy).catch((cause: unknown) => {
    throw new Refusal('SW_JOURNAL', { stan: sender.stan }, { cause });
  });
  const { mti, terminal, stan } = sender;
  log.error({ event: 'repeats.acknowledged', mti, terminal, stan });
  return reply;
}
