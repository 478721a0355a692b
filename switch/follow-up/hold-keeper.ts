import type { Timer } from '../../runtime/index.ts';
import type { Ports } from '../ports.ts';
import { appendNext, type NextEntry } from '../transaction/append-next.ts';
import { followUpsOf } from '../transaction/decision-entry.ts';
import type { Transaction } from '../transaction/fold.ts';
import { isHeld } from '../transaction/hold.ts';
import type { FollowUpTask } from '../transaction/outcome-table.ts';
import type { DueHolds } from './due-holds.ts';

/**
 * Watches over all holds: tells the merchant before the end, and at the end writes that a hold is over, together with
 * the follow-up that gives back at the network what is left of it. It claims what is due in sets, and looks at each in
 * the journal before it writes: what was completed or taken back meanwhile is left alone.
 *
 * Nothing is lost with it: what is held is a row of the projection, and what was claimed by one that died is due again
 * after its lease. Two that take the same hold do no harm: of two entries of one version one is superseded. A hold that
 * is only forgotten here was the form before: its customer waited for the issuer to forget it too.
 */
export interface HoldKeeperPorts extends Pick<Ports, 'journal' | 'clock' | 'log'> {
  readonly holds: DueHolds;
}

const LEASE_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
const BACKOFF_MS = [5_000, 15_000, 60_000];
const AT_ONCE = 100;

export class HoldKeeper {
  readonly #ports: HoldKeeperPorts;
  #timer: Timer | undefined;
  #working: Promise<void> = Promise.resolve();
  #isStopped = false;
  #failures = 0;

  constructor(ports: HoldKeeperPorts) {
    this.#ports = ports;
    this.#schedule(0);
  }

  /** Claims nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#working;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#ports.clock.after(delayMs, () => {
      this.#working = this.#work().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** @returns when to look again, in milliseconds */
  async #work(): Promise<number> {
    const { holds, clock, log } = this.#ports;
    try {
      const due = await holds.claim(AT_ONCE, clock.wall(), LEASE_MS);
      const kept = await Promise.allSettled(due.map((transaction) => keepHold(transaction, this.#ports)));
      const over = due.filter((_, index) => isOver(kept[index]));
      if (over.length > 0) await holds.forget(over);

      const failed = kept.filter((each) => each.status === 'rejected');
      const [first] = failed;
      if (first && failed.length === due.length) throw first.reason;
      // One that cannot be read or written comes again once its claim is over, and holds up no other.
      if (first) log.error({ event: 'holds.hold-not-kept', count: failed.length, err: first.reason });
      this.#failures = 0;
      return due.length === AT_ONCE ? 0 : LOOK_EVERY_MS;
    } catch (error) {
      this.#failures += 1;
      log.warn({ event: 'holds.not-kept', failures: this.#failures, err: error });
      return BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length) - 1] ?? LOOK_EVERY_MS;
    }
  }
}

function isOver(kept: PromiseSettledResult<'watched' | 'over'> | undefined): boolean {
  return kept?.status === 'fulfilled' && kept.value === 'over';
}

/**
 * Does what is to be done about one hold now.
 * @returns whether it is to be looked at again
 * @throws JournalError
 */
export async function keepHold(
  transaction: string,
  { journal, clock, log }: Pick<HoldKeeperPorts, 'journal' | 'clock' | 'log'>,
): Promise<'watched' | 'over'> {
  let done: string | undefined;
  let held = false;
  await appendNext(journal, transaction, (now) => {
    const entry = dueEntry(now, clock.wall());
    done = entry?.kind;
    held = isHeld(now) && done !== 'hold-expired';
    return entry;
  });
  if (done) log.info({ event: `holds.${done}`, transaction });
  return held ? 'watched' : 'over';
}

function dueEntry(hold: Transaction, now: number): NextEntry | undefined {
  const { id, opening, holdUntil: until, isHoldWarned } = hold;
  if (!opening || until === undefined || !isHeld(hold)) return undefined;
  if (now >= until) {
    const isTaken = hold.state === 'captured' && hold.popParties !== null;
    const tasks: FollowUpTask[] = isTaken ? ['reverse-network', 'complete-pop'] : ['reverse-network'];
    const followUps = followUpsOf(id, tasks, opening.network);
    return { kind: 'hold-expired', body: { until }, followUps };
  }
  return isHoldWarned ? undefined : { kind: 'hold-ending', body: { until } };
}
