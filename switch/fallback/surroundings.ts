import type { NetworkConnector } from '../../connectors/index.ts';
import type { Clock, Monotonic } from '../../runtime/index.ts';
import { networkLane, POP_LANE } from '../transaction/decision-entry.ts';
import type { DegradedMode, OverdueFollowUps } from './mode-records.ts';
import type { Surroundings } from './trend.ts';

/** What is known of counterparts beyond their attempts: their links, and the queues of work towards them. */
export class CounterpartSurroundings {
  readonly #clock: Clock;
  readonly #overdueFollowUps: OverdueFollowUps | undefined;
  readonly #links: ReadonlyMap<DegradedMode, NetworkConnector>;
  readonly #lanes: ReadonlyMap<DegradedMode, string>;
  readonly #lastSignedOn = new Map<DegradedMode, Monotonic>();
  #overdue: ReadonlyMap<string, number> = new Map();

  constructor(
    networks: ReadonlyMap<string, NetworkConnector>,
    clock: Clock,
    overdueFollowUps: OverdueFollowUps | undefined,
  ) {
    this.#clock = clock;
    this.#overdueFollowUps = overdueFollowUps;
    const links: [DegradedMode, NetworkConnector][] = [...networks].map(([name, link]) => [
      `network-degraded:${name}`,
      link,
    ]);
    this.#links = new Map(links);
    this.#lanes = new Map([
      ...links.map(([mode, { name }]) => [mode, networkLane(name)] as const),
      ['pop-degraded', POP_LANE] as const,
    ]);
    for (const [mode] of links) this.#lastSignedOn.set(mode, clock.monotonic());
  }

  /** @throws where the queue cannot be asked now */
  async refresh(): Promise<void> {
    if (this.#overdueFollowUps) this.#overdue = await this.#overdueFollowUps();
  }

  of(mode: DegradedMode): Surroundings {
    return {
      queueDepth: this.#overdue.get(this.#lanes.get(mode) ?? '') ?? 0,
      linkDownMs: this.#linkDownMs(mode),
      signOns: this.#links.get(mode)?.signOns?.() ?? 0,
    };
  }

  #linkDownMs(mode: DegradedMode): number {
    const link = this.#links.get(mode);
    if (!link) return 0;
    const now = this.#clock.monotonic();
    if (link.state() === 'signed-on') {
      this.#lastSignedOn.set(mode, now);
      return 0;
    }
    return Math.max(1, now - (this.#lastSignedOn.get(mode) ?? now));
  }
}
