import { type Clock, explain, type Log, type Timer } from '../../runtime/index.ts';
import type { AlertBook } from '../fallback/alerts.ts';
import type { FraudStatus } from '../fraud/fraud-watch.ts';

export interface FraudAlarmParts {
  readonly status: () => Pick<FraudStatus, 'judged' | 'did' | 'fired'>;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly alerts: AlertBook;
}

const LOOK_EVERY_MS = 10_000;
/** Looks that are judged together: a minute. */
const WINDOW = 6;
/** So many are blocked, and they are more than one of twenty. */
const MANY = 10;
const SHARE = 0.05;

type Counts = ReturnType<FraudAlarmParts['status']>;

/**
 * Tells people that rules of fraud block more than a few payments: somebody attacks, or a rule is wrong and good
 * customers are sent away, and only people can say which. It names the rule that fired most. An alert of this process's
 * life before is closed as well. To stop a rule that blocks much was rejected: it is what an attack would ask for.
 */
export class FraudAlarm {
  readonly #parts: FraudAlarmParts;
  /** What was counted at each look, oldest first. */
  readonly #seen: Counts[] = [];
  /** What people were told last; nothing before they were told anything. */
  #told: boolean | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: FraudAlarmParts) {
    this.#parts = parts;
    this.#seen.push(parts.status());
    this.#lookLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #lookLater(): void {
    if (!this.#isClosed) this.#timer = this.#parts.clock.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { status, log } = this.#parts;
    this.#seen.push(status());
    if (this.#seen.length > WINDOW + 1) this.#seen.shift();
    try {
      await this.#judge();
    } catch (error) {
      // The database is away: it is told with the next look.
      log.warn({ event: 'fraud.alert-failed', reason: explain(error) });
    }
    this.#lookLater();
  }

  async #judge(): Promise<void> {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last) return;
    const blocked = last.did.block - first.did.block;
    const judged = last.judged - first.judged;
    const isMany = blocked >= MANY && blocked > judged * SHARE;
    if (isMany === this.#told) return;

    const { alerts, node, clock } = this.#parts;
    const about = { kind: 'fraud-blocks', subject: node } as const;
    if (isMany) {
      const many = `${blocked} of ${judged} payments of ${node} in a minute`;
      const summary = `rules of fraud blocked ${many}, ${loudest(first, last)} most of all`;
      await alerts.raise({ key: `fraud-blocks|${node}|${clock.wall()}`, ...about, summary });
    } else {
      await alerts.closeAlert?.(about, 'it is over');
    }
    this.#told = isMany;
  }
}

/** The rule that fired most often between two looks. */
function loudest(first: Counts, last: Counts): string {
  let [name, most] = ['none', 0];
  for (const [id, count] of Object.entries(last.fired)) {
    const more = count - (first.fired[id] ?? 0);
    if (more > most) [name, most] = [id, more];
  }
  return name;
}
