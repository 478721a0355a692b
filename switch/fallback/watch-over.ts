import type { NetworkConnector, PopConnector } from '../../connectors/index.ts';
import type { HsmClient } from '../../hsm/index.ts';
import type { Clock, Log } from '../../runtime/index.ts';
import { DEFAULT_FALLBACK, type FallbackSettings } from '../config/fallback.ts';
import type { Journal } from '../journal/journal.ts';
import { DegradedModes } from './degraded-modes.ts';
import { guardNetwork, guardPop, watchHsm, watchJournal } from './guards.ts';
import type { ModeRecords, OverdueFollowUps } from './mode-records.ts';
import { withOutbox } from './notices/outbox.ts';
import type { Notifications } from './notices/webhook.ts';
import { ScenarioTally } from './scenarios.ts';
import { CounterpartSurroundings } from './surroundings.ts';

/** What the switch reaches for, as it is. */
export interface Counterparts<H extends HsmClient> {
  readonly networks: ReadonlyMap<string, NetworkConnector>;
  readonly pop: PopConnector;
  readonly journal: Journal;
  readonly hsm: H;
}

export interface FallbackParts {
  readonly settings: { readonly node: string; readonly fallback?: FallbackSettings };
  readonly clock: Clock;
  readonly log: Log;
  readonly modeRecords?: ModeRecords;
  readonly overdueFollowUps?: OverdueFollowUps;
  readonly notifications?: Notifications;
}

/**
 * Watches every counterpart, and stands before those whose legs need not be waited for.
 * @returns the counterparts to use instead; the modes, which the caller closes; what falls back, counted
 */
export function watchOver<H extends HsmClient>(
  counterparts: Counterparts<H>,
  { settings, clock, log, modeRecords, overdueFollowUps, notifications }: FallbackParts,
): Counterparts<H> & { readonly modes: DegradedModes; readonly scenarios: ScenarioTally } {
  const scenarios = new ScenarioTally(log);
  const { networks, pop, hsm } = counterparts;
  const journal = withOutbox(counterparts.journal, () => (notifications?.webhooks.size ?? 0) > 0);
  const modes = new DegradedModes(networks.keys(), settings.fallback ?? DEFAULT_FALLBACK, {
    node: settings.node,
    clock,
    log,
    records: modeRecords,
    surroundings: new CounterpartSurroundings(networks, clock, overdueFollowUps),
  });
  return {
    modes,
    scenarios,
    networks: new Map([...networks].map(([name, each]) => [name, guardNetwork(each, modes, clock)])),
    pop: guardPop(pop, modes, clock),
    journal: watchJournal(journal, modes, clock, (entry) => scenarios.note(entry)),
    hsm: watchHsm(hsm, modes, clock),
  };
}
