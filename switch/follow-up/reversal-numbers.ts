import type { SchemeRules } from '../../connectors/index.ts';
import type { Ports } from '../ports.ts';
import { transmissionTime } from '../requests/understand.ts';
import { appendNext } from '../transaction/append-next.ts';
import type { Transaction } from '../transaction/fold.ts';
import type { Holding } from '../transaction/increments.ts';
import { traceOf } from '../transaction/leg-traces.ts';
import { asNetworkKnows, type KeptFacts } from '../transaction/network-facts.ts';
import type { FollowUpJob } from './queue.ts';
import { mayRepeat } from './queue-task.ts';

/** Under which numbers a reversal goes out. */
export interface ReversalNumbers {
  readonly stan: string;
  /** DE7. */
  readonly transmittedAt: string;
  /** The network may have heard of this very reversal before. */
  readonly repeat: boolean;
}

type NumberPorts = Pick<Ports, 'journal' | 'numbers' | 'clock'>;

/**
 * The numbers of the reversal that comes next. The first of a message has that message's own, and so has every repeat
 * of it. Another reversal of the same payment gets numbers of its own, or the network would take it for the first; they
 * are written down before they are used, so that whoever sends it again, on whatever machine, repeats them. So is a
 * partial one, which another may follow; one in full is the last, and costs no entry. Some networks want the payment's
 * own numbers throughout.
 *
 * @returns nothing where no numbers are to be had now
 */
export async function reversalNumbers(
  job: FollowUpJob,
  transaction: Transaction,
  { increment, standingMinorUnits }: Holding,
  { reversalNumbers: whose = 'own' }: Pick<SchemeRules, 'reversalNumbers'>,
  ports: NumberPorts,
): Promise<ReversalNumbers | undefined> {
  const { opening } = transaction;
  if (!opening) return undefined;
  const original = numbersOf(increment?.facts ?? opening.facts);
  const isFirst = isFirstReversal(transaction, increment?.key);
  if (whose === 'original' || (isFirst && standingMinorUnits === 0)) {
    // Another follow-up may have sent it before this one, and come to no end.
    const isAskedAgain = traceOf(transaction, increment?.key).isAskedAgain === true;
    return { ...original, repeat: mayRepeat(job) || isAskedAgain };
  }

  const known = sent(transaction, increment?.key, standingMinorUnits);
  if (known) return { ...known, repeat: true };
  const of = { network: opening.network, original, increment: increment?.key };
  return writtenDown(job, { ...of, remainingMinorUnits: standingMinorUnits }, ports);
}

interface Unnumbered {
  readonly network: string;
  /** Of the message that is reversed. */
  readonly original: Pick<ReversalNumbers, 'stan' | 'transmittedAt'>;
  readonly increment: string | undefined;
  readonly remainingMinorUnits: number;
}

/**
 * Decides by what the journal has now: a worker that stood still has looked before another's reversal was sent, or
 * ended, and the numbers of that one are no news to the network.
 */
async function writtenDown(
  { transaction }: FollowUpJob,
  { network, original, increment, remainingMinorUnits }: Unnumbered,
  ports: NumberPorts,
): Promise<ReversalNumbers | undefined> {
  const given: { numbers?: ReversalNumbers | undefined } = {};
  await appendNext(ports.journal, transaction, (now) => {
    const found = sent(now, increment, remainingMinorUnits);
    const isFirst = isFirstReversal(now, increment);
    const numbers = found ?? (isFirst ? original : nextNumbers(network, ports));
    given.numbers = numbers && { ...numbers, repeat: found !== undefined };
    if (found || !numbers) return undefined;
    const body = { ...numbers, remainingMinorUnits, ...(increment !== undefined && { increment }) };
    return { kind: 'reversal-numbered', body };
  });
  return given.numbers;
}

function isFirstReversal(
  { openReversals, endedReversals }: Transaction,
  increment: string | undefined,
): boolean {
  return !endedReversals.has(increment ?? '') && !openReversals.some((each) => each.increment === increment);
}

function nextNumbers(network: string, { numbers, clock }: NumberPorts) {
  const own = numbers.next(network);
  return own && { stan: own.stan, transmittedAt: transmissionTime(clock) };
}

/** The reversal down to this amount that was numbered and has not ended. */
function sent({ openReversals }: Transaction, increment: string | undefined, remainingMinorUnits: number) {
  const found = openReversals.find(
    (each) => each.increment === increment && each.remainingMinorUnits === remainingMinorUnits,
  );
  return found && { stan: found.stan, transmittedAt: found.transmittedAt };
}

function numbersOf(facts: KeptFacts): Pick<ReversalNumbers, 'stan' | 'transmittedAt'> {
  const { stan, transmittedAt } = asNetworkKnows(facts);
  return { stan, transmittedAt };
}
