// What links hear that nobody waits for. An answer whose request the link knows goes to its transaction; one whose
// request it does not know (this node was started anew, another session was answered) is looked for in the journal by
// the numbers that it repeats, where it approves. What is found by none of them is for the reconciliation to show.

import {
  type AnswerNumbers,
  type LateAnswer,
  mayHoldMoney,
  type StrayAnswer,
  type TransactionFacts,
  withoutCash,
} from '../../connectors/index.ts';
import { delay, HOUR_MS } from '../../runtime/index.ts';
import type { Settings } from '../config/settings.ts';
import { withOutbox } from '../fallback/notices/outbox.ts';
import { recordUnawaited } from '../follow-up/unawaited-answers.ts';
import { JournalError } from '../journal/journal.ts';
import type { Numbers } from '../numbers/numbers.ts';
import type { Ports } from '../ports.ts';
import { strayKeys } from '../requests/stray-answers.ts';
import { readTransaction } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { LateAnswerTold } from '../transaction/late-approvals.ts';
import { asNetworkKnows, type KeptFacts } from '../transaction/network-facts.ts';

type LateAnswerPorts = Pick<Ports, 'journal' | 'clock' | 'log' | 'alerts' | 'notifications'> & {
  /** Without listeners what no link knows is not looked for. */
  readonly settings?: Pick<Settings, 'deadlineMs'> & Partial<Pick<Settings, 'listeners' | 'terminals'>>;
  /** Who has which numbers towards a network. */
  readonly numbers?: Pick<Numbers, 'whose'>;
};

/** A network that sends more approvals of nothing than that at once is not looked after one by one. */
const MAX_STRAYS = 64;
const STRAY_LOOKS = 60;
/** So often for what is not found: the rows that tell of it may be a moment behind. */
const LOOKS_IN_VAIN = 3;
const LOOK_AGAIN_MS = 5_000;

/**
 * A network's answer that came after the leg was closed as unknown. It is never relayed: the terminal has, or is
 * about to have, its 91. It is journalled as evidence, and the reversal is asked for once more unless the network has
 * acknowledged it.
 */
export async function lateAnswer(answer: LateAnswer, ports: LateAnswerPorts): Promise<void> {
  const { transaction, code, stray, disagrees } = answer;
  if (stray) {
    await strayApproval(answer, stray, ports);
    return;
  }
  if (transaction === undefined) return;
  ports.log.warn({ event: 'network.late-answer', transaction, code, ...(disagrees && { disagrees }) });
  await recordUnawaited(transaction, (now) => told(answer, now), ports);
}

/**
 * What a link is given to tell of late answers. Where one cannot be looked at, the log has an error. Links are there
 * before the core is: so it is here that what such an answer opens a case for is put into the outbox.
 */
export function onLateAnswer(given: LateAnswerPorts): (answer: LateAnswer) => void {
  const isAnybodyListening = () => (given.notifications?.webhooks.size ?? 0) > 0;
  const ports = { ...given, journal: withOutbox(given.journal, isAnybodyListening) };
  let strays = 0;
  return (answer) => {
    const { transaction, stray, code } = answer;
    if (stray && strays >= MAX_STRAYS) {
      ports.log.error({ event: 'network.strays-overflow', network: stray.network, code });
      return;
    }

    if (stray) strays += 1;
    lateAnswer(answer, ports)
      .catch((error: unknown) => {
        ports.log.error({ event: 'network.late-answer-lost', transaction, code, err: error });
      })
      .finally(() => {
        if (stray) strays -= 1;
      });
  };
}

/**
 * Whoever hears it may not have asked, so the table of its network was not read by service, and nobody knows what it
 * approves of a purchase with cash: the switch looks again.
 */
function told(answer: LateAnswer, now: Transaction): LateAnswerTold {
  const { transaction: _, stray: __, increment: stan, isWithoutCash, approvedMinorUnits, ...said } = answer;
  const added = now.increments.find(({ facts }) => asNetworkKnows(facts).stan === stan);
  const facts = added?.facts ?? now.opening?.facts;
  const part = isWithoutCash && facts ? withoutCash(facts, approvedMinorUnits) : approvedMinorUnits;
  return {
    ...said,
    approved: said.approved || mayHoldMoney(said.code, facts?.kind),
    ...(part !== undefined && { approvedMinorUnits: part }),
    ...(added && { increment: added.key }),
  };
}

/** Found by its numbers, and compared with what was asked under them: they may be of another payment. */
async function strayApproval(answer: LateAnswer, stray: StrayAnswer, ports: LateAnswerPorts): Promise<void> {
  const found = await whoseAnswer(stray, ports);
  if (!found) {
    await approvalOfNothing(answer, stray, ports);
    return;
  }

  const { transaction, facts } = found;
  ports.log.warn({ event: 'network.late-answer', transaction, code: answer.code, isStray: true });
  const disagrees = contradictions(stray.numbers, facts);
  const increment = facts.kind === 'increment' ? { increment: asNetworkKnows(facts).stan } : {};
  const about = { ...answer, ...increment, ...(disagrees.length > 0 && { disagrees }) };
  await recordUnawaited(transaction, (now) => told(about, now), ports);
}

/** Money that a network may hold and nobody here asked for: people are told, once an hour at most of each network. */
async function approvalOfNothing(
  { code }: LateAnswer,
  { network, numbers: { stan, rrn, terminal, merchant } }: StrayAnswer,
  { alerts, clock, log }: LateAnswerPorts,
): Promise<void> {
  const numbers = { stan, rrn, terminal, merchant };
  log.error({ event: 'network.approval-of-nothing', network, code, ...numbers });
  const hour = Math.floor(clock.wall() / HOUR_MS);
  await alerts?.raise({
    key: `approval-of-nothing:${network}:${hour}`,
    kind: 'case',
    scenario: 'inconsistency',
    subject: `approval of nothing by ${network}`,
    summary: `terminal ${terminal}, merchant ${merchant}, STAN ${stan}, RRN ${rrn}: approved with ${code}, asked by nobody here`,
  });
}

interface Found {
  readonly transaction: string;
  readonly facts: KeptFacts;
}

async function whoseAnswer(stray: StrayAnswer, ports: LateAnswerPorts): Promise<Found | undefined> {
  const keys = strayKeys(stray.numbers, ports.settings ?? {});
  for (let look = 0; look < STRAY_LOOKS; look += 1) {
    try {
      const found = await firstFound(keys, stray, ports);
      if (found || !ports.numbers?.whose || look + 1 >= LOOKS_IN_VAIN) return found;
      await delay(ports.clock, LOOK_AGAIN_MS);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      await delay(ports.clock, LOOK_AGAIN_MS);
    }
  }
  return undefined;
}

async function firstFound(
  keys: readonly string[],
  { network, numbers }: StrayAnswer,
  { journal, numbers: own }: LateAnswerPorts,
): Promise<Found | undefined> {
  const ours = numbers.rrn === undefined ? [] : ((await own?.whose?.(network, numbers.rrn)) ?? []);
  const claimed = await Promise.all(keys.map((key) => journal.transactionOf(key)));
  const candidates = new Set([...ours, ...claimed.flatMap((claim) => claim?.transaction ?? [])]);
  for (const transaction of candidates) {
    const { opening, increments } = await readTransaction(journal, transaction);
    if (opening?.network !== network) continue;
    const asked = [opening.facts, ...increments.map(({ facts }) => facts)];
    const facts = asked.find(
      (each) => isOfParty(each, numbers) && (isSame(asNetworkKnows(each), numbers) || isSame(each, numbers)),
    );
    if (facts) return { transaction, facts };
  }
  return undefined;
}

/** A network that puts the reference of one payment on the answer to another leaves it with the terminal that asked. */
function isOfParty(facts: Pick<TransactionFacts, 'terminal' | 'merchant'>, numbers: AnswerNumbers): boolean {
  return (['terminal', 'merchant'] as const).every((name) => {
    const said = numbers[name]?.trimEnd();
    return !said || said === facts[name].trimEnd();
  });
}

/** By the numbers of the message, as far as the answer repeats them. */
function isSame(
  { stan, transmittedAt }: Pick<TransactionFacts, 'stan' | 'transmittedAt'>,
  numbers: AnswerNumbers,
): boolean {
  return stan === numbers.stan && (numbers.transmittedAt ?? transmittedAt) === transmittedAt;
}

/** An approval of less is one of part. */
function contradictions(
  { minorUnits = 0, currency }: AnswerNumbers,
  { amount }: Pick<TransactionFacts, 'amount'>,
): string[] {
  const isOtherCurrency = currency !== undefined && currency !== amount.currency;
  return [...(minorUnits > amount.minorUnits ? ['DE4'] : []), ...(isOtherCurrency ? ['DE49'] : [])];
}
